"""Aircall: calls, contacts, users, numbers and messages.

Setup: make a webhook with the hub's URL, by `POST /v1/webhooks` of the API or in the dashboard under Integrations.
`secret` is its `token`, which the API tells: the dashboard does not.
"""

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import Token

aircall = Provider(
    name="aircall",
    title="Aircall",
    docs="https://developer.aircall.io/docs/webhooks-overview",
    verify=Token(body("token"), doc="The webhook's token, which Aircall shows and puts into each body."),
    type=body("event"),
    time=body("timestamp"),
    subject=first_of(body("data.id"), body("data.name")),
    limits=Limits(
        timeout=5,
        retries="up to 50, and for 12 hours after it was disabled",
        disables="after 50 failures; a success within 12 hours enables it again",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [aircall]
