"""Paddle Billing: transactions, subscriptions, customers and the catalogue.

Setup: under Developer Tools > Notifications add a destination with the hub's URL and events; `secret` is its secret
key, `pdl_ntfset_...`.

The time may be 5 seconds off, as in Paddle's libraries: keep the hub's clock right, or raise `tolerance`.
"""

from hub import Limits, Provider, body, hookimpl
from hub.signatures import HMAC

paddle = Provider(
    name="paddle",
    title="Paddle",
    docs="https://developer.paddle.com/webhooks/signature-verification",
    # 5 seconds is what Paddle's own libraries allow
    verify=HMAC("Paddle-Signature", "ts={timestamp};h1={hex}", "{timestamp}:{body}", tolerance=5),
    type=body("event_type"),
    id=body("event_id"),
    time=body("occurred_at"),
    subject=body("data.id"),
    limits=Limits(timeout=5, retries="live: 60 within 3 days; sandbox: 3 within 15 minutes", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [paddle]
