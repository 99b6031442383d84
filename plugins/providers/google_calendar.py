"""Google Calendar: changes of events, calendars, settings and access rules."""

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
