"""Alloy (alloy.com): identity decisions; not Alloy Automation (runalloy.com)."""

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import Basic, Bearer, OneOf

alloy = Provider(
    name="alloy",
    title="Alloy",
    docs="https://developer.alloy.com/public/docs/authentication-types",
    verify=OneOf(
        basic=Basic(),
        oauth=Bearer(doc="The access token that Alloy gets from your token endpoint, if it is always the same."),
    ),
    type=first_of(body("type"), body("event_type")),
    time=first_of(body("timestamp"), body("created_at")),
    subject=first_of(body("data.entity_token"), body("data.journey_application_token")),
    limits=Limits(
        retries="after 1 s, 1, 10, 30 and 90 minutes, 3, 6, 12 and 24 hours",
        disables="after 100 failures in a row within 72 hours",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [alloy]
