"""Alloy (alloy.com): identity decisions; not Alloy Automation (runalloy.com).

Setup: in Alloy's webhook settings enter the hub's URL, the events, and how Alloy proves itself: basic authentication,
OAuth 2.0, or HMAC, which Alloy switches on when asked; `secret` is its client secret.
"""

from hub import Limits, Provider, body, digest_of, first_of, hookimpl
from hub.signatures import HMAC, Basic, Bearer, OneOf

alloy = Provider(
    name="alloy",
    title="Alloy",
    docs="https://developer.alloy.com/public/docs/authentication-types",
    verify=OneOf(
        basic=Basic(),
        hmac=HMAC("Authorization", "{base64}", doc="The client secret with which Alloy signs."),
        oauth=Bearer(option="token", doc="The access token that your token endpoint gives Alloy, if always the same."),
    ),
    type=body("type"),
    # not known: whether request_token is that of the delivery alone
    id=digest_of(body("request_token"), body("type"), body("timestamp")),
    time=body("timestamp"),
    subject=first_of(body("data.entity_token"), body("data.journey_application_token")),
    limits=Limits(
        timeout=10,
        retries="after 1 s, 1, 10, 30 and 90 minutes, 3, 6, 12 and 24 hours",
        disables="after 100 failures in a row within 72 hours",
        confidence="high",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [alloy]
