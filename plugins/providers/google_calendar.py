"""Google Calendar: changes of events, calendars, settings and access rules.

Setup: open a channel with `events.watch` or another watch method of the API: type `web_hook`, the hub's URL as
`address`, a `token` of your own, which is the `secret`.

A message says that something changed, not what. A channel ends at its `expiration`: open another before.
"""

from hub import Provider, hookimpl

from ._google_channel import ID, LIMITS, SUBJECT, TYPE, VERIFY, content, opened

google_calendar = Provider(
    name="google-calendar",
    title="Google Calendar",
    docs="https://developers.google.com/workspace/calendar/api/guides/push",
    verify=VERIFY,
    type=TYPE,
    id=ID,
    subject=SUBJECT,
    data=content,
    answer=opened,
    limits=LIMITS,
)


@hookimpl
def register_providers() -> list[Provider]:
    return [google_calendar]
