"""Increase: accounts, cards and transfers.

Setup: in the dashboard or with the API make an event subscription with the hub's URL; `secret` is its shared secret.
"""

from hub import Limits, Provider, body, hookimpl, join
from hub.signatures import HMAC, OneOf, StandardWebhooks

increase = Provider(
    name="increase",
    title="Increase",
    docs="https://increase.com/documentation/webhooks",
    # the secret's text is the key where the customer chose it, base64 where Increase made it
    verify=OneOf(
        **StandardWebhooks(key=("text", "whsec")).modes,
        legacy=HMAC("Increase-Webhook-Signature", "t={timestamp},v1={hex}", "{timestamp}.{body}", clock="iso"),
    ),
    type=body("category"),
    id=body("id"),
    time=body("created_at"),
    subject=join(body("associated_object_type"), body("associated_object_id"), by="/"),
    limits=Limits(retries="7 to 10", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [increase]
