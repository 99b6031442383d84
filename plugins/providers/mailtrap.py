"""Mailtrap: what became of e-mails."""

from hub import Limits, Provider, body, hookimpl, items
from hub.signatures import HMAC

mailtrap = Provider(
    name="mailtrap",
    title="Mailtrap",
    docs="https://docs.mailtrap.io/email-api-smtp/advanced/webhooks",
    verify=HMAC("Mailtrap-Signature"),
    type=body("event"),
    id=body("event_id"),
    time=body("timestamp"),
    subject=body("email"),
    split=items("events[]"),
    limits=Limits(confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [mailtrap]
