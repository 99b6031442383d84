"""Courier: messages, notifications, audiences.

Setup: Settings > Outbound Webhooks > New Webhook: the hub's URL and events. `secret` is the webhook's signing secret.
"""

from hub import Provider, body, first_of, hookimpl
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
)


@hookimpl
def register_providers() -> list[Provider]:
    return [courier]
