"""Courier: messages, notifications, audiences."""

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import HMAC

courier = Provider(
    name="courier",
    title="Courier",
    docs="https://www.courier.com/docs/platform/workspaces/outbound-webhooks",
    verify=HMAC("courier-signature", "t={timestamp},signature={hex}", "{timestamp}.{body}", clock="ms"),
    type=body("type"),
    time=first_of(
        body("data.clicked"),
        body("data.opened"),
        body("data.delivered"),
        body("data.sent"),
        body("data.enqueued"),
        body("data.published"),
    ),
    subject=first_of(body("data.id"), body("data.audience_id")),
    limits=Limits(confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [courier]
