"""Zapier: requests of the action Webhooks by Zapier.

Setup: as an action choose Webhooks by Zapier > POST: the hub's URL, JSON, the data, and the header `X-Hub-Token` with
the `secret`; or basic auth, `username|password`.

The fields are your own: `type` or `event` becomes the event's type.
"""

from hub import Provider, body, first_of, form, hookimpl, query

from ._any_sender import any_proof

zapier = Provider(
    name="zapier",
    title="Zapier",
    docs="https://help.zapier.com/hc/en-us/articles/8496326446989-Send-webhooks-in-Zaps",
    verify=any_proof(),
    # the fields are the user's own
    type=first_of(*(body("type"), body("event"), form("type"), form("event"), query("type"), query("event")), "hook"),
    methods=("POST", "PUT", "GET"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [zapier]
