"""Etsy: orders of a shop.

Setup: in the developer portal add a webhook endpoint with the hub's URL to your app; `secret` is its signing secret,
`whsec_...`.
"""

from hub import Limits, Provider, body, first_of, header, hookimpl
from hub.signatures import StandardWebhooks

etsy = Provider(
    name="etsy",
    title="Etsy",
    docs="https://developers.etsy.com/documentation/essentials/webhooks/",
    verify=StandardWebhooks(),
    type=body("event_type"),
    id=header("webhook-id"),
    time=first_of(body("created_at"), header("webhook-timestamp")),
    subject=first_of(body("resource_url"), body("shop_id")),
    limits=Limits(
        retries="7 within 28 hours: after 5 seconds, 5 and 30 minutes, 2, 5, 10 and 10 hours",
        disables="after 5 days of failures",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [etsy]
