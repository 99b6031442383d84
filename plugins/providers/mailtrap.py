"""Mailtrap: what became of e-mails.

Setup: Settings > Webhooks: add one with the hub's URL, either format, a stream, domains and events. `secret` is the
webhook's signature secret.
"""

import orjson

from hub import Provider, Request, Unreadable, body, hookimpl, items
from hub.signatures import HMAC


def events(request: Request) -> list[object]:
    """The events of a batch, or one on each line (JSON Lines)."""
    try:
        return items("events[]")(request)
    except Unreadable:
        return [orjson.loads(line) for line in request.body.splitlines() if line.strip()]


mailtrap = Provider(
    name="mailtrap",
    title="Mailtrap",
    docs="https://docs.mailtrap.io/email-api-smtp/advanced/webhooks",
    verify=HMAC("Mailtrap-Signature"),
    type=body("event"),
    id=body("event_id"),
    time=body("timestamp"),
    subject=body("email"),
    split=events,
)


@hookimpl
def register_providers() -> list[Provider]:
    return [mailtrap]
