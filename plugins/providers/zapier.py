"""Zapier: requests of the action Webhooks by Zapier."""

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
