"""Shopify: shop and app webhooks, in both families of headers.

Setup: subscribe to topics in shopify.app.toml or with the API, the hub's URL as `uri`: `secret` is the app's client
secret. Or add webhooks in the shop's admin, under Settings > Notifications: `secret` is shown there.

Topic and shop stand in unsigned headers, and the event does not have the shop: give each shop a source of its own.
"""

from hub import Limits, Provider, body, first_of, header, hookimpl, join
from hub.signatures import HMAC

shopify = Provider(
    name="shopify",
    title="Shopify",
    docs="https://shopify.dev/docs/apps/build/webhooks/subscribe/https",
    verify=HMAC("X-Shopify-Hmac-Sha256", "{base64}", also=("Shopify-Hmac-Sha256",)),
    type=first_of(join(header("Shopify-Topic"), header("Shopify-Action"), by="/"), header("X-Shopify-Topic")),
    id=first_of(header("X-Shopify-Webhook-Id"), header("Shopify-Webhook-Id")),
    time=first_of(header("X-Shopify-Triggered-At"), header("Shopify-Triggered-At"), body("updated_at")),
    subject=first_of(body("admin_graphql_api_id"), header("Shopify-Resource-Id"), body("id"), body("shop_domain")),
    refuse=401,  # apps for the store are tested for it
    limits=Limits(
        timeout=5,
        retries="8 within 4 hours",
        disables="after them a subscription made through the Admin API is deleted",
        confidence="high",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [shopify]
