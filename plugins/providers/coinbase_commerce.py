"""Coinbase Commerce: charges paid in cryptocurrencies.

Setup: under Settings > Notifications add the hub's URL as an endpoint; `secret` is the shared secret shown there.

The product was to end on 2026-03-31 (unverified).
"""

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import HMAC

coinbase_commerce = Provider(
    name="coinbase-commerce",
    title="Coinbase Commerce",
    docs="https://docs.cdp.coinbase.com/commerce/docs/webhooks-security",
    verify=HMAC("X-CC-Webhook-Signature"),
    type=body("event.type"),
    # the outer id changes with every attempt
    id=body("event.id"),
    time=body("event.created_at"),
    subject=first_of(body("event.data.code"), body("event.data.id")),
    limits=Limits(retries="for up to 3 days, at most an hour apart", confidence="medium"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [coinbase_commerce]
