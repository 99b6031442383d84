"""Squarespace: orders and extensions of a website.

Setup: create a webhook subscription with the API (`POST /1.0/webhook_subscriptions`), the hub's URL as `endpointUrl`;
`secret` is in the answer.
"""

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import HMAC

squarespace = Provider(
    name="squarespace",
    title="Squarespace",
    docs="https://developers.squarespace.com/webhooks/overview",
    verify=HMAC("Squarespace-Signature", "{HEX}", key="hex"),
    type=body("topic"),
    id=body("id"),
    time=body("createdOn"),
    subject=first_of(body("data.orderId"), body("websiteId")),
    limits=Limits(confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [squarespace]
