"""Aircall: calls, contacts, users, numbers and messages."""

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
    limits=Limits(timeout=5, retries="up to 50 within 12 hours", disables="after them"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [aircall]
