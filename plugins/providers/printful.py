"""Printful: orders, shipments, returns, of both versions of its API.

Setup: set webhooks up with the API. Version 2 answers with a `secret_key`, the `secret`. Version 1 signs nothing: put a
secret into the URL, `?token=...`, the `token`.
"""

from hub import Limits, Provider, body, digest_of, first_of, hookimpl, query
from hub.signatures import HMAC, OneOf, Token

WHEN = first_of(body("occurred_at"), body("created"))

printful = Provider(
    name="printful",
    title="Printful",
    docs="https://developers.printful.com/docs/v2-beta/#tag/Webhook-v2",
    verify=OneOf(
        v2=HMAC("x-pf-webhook-signature", key="hex"),
        # the first version signs nothing
        v1=Token(query("token"), option="token", doc="The secret in the URL that Printful is told: `?token=...`"),
    ),
    type=body("type"),
    id=digest_of(WHEN, body("type"), body("data")),  # all but the counter of retries
    time=WHEN,
    subject=first_of(
        body("data.shipment.id"), body("data.order.id"), body("data.sync_product.id"), body("data.product_id")
    ),
    limits=Limits(retries="after 1, 4, 16, 64, 256 and 1,024 minutes", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [printful]
