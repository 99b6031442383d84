"""Square: payments, orders, catalog and everything else of a seller.

Setup: in the Developer Console open the app, Webhooks > Subscriptions, and add the hub's URL and events; `secret` is
the subscription's signature key.
"""

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import HMAC

square = Provider(
    name="square",
    title="Square",
    docs="https://developer.squareup.com/docs/webhooks/step3validate",
    verify=HMAC("x-square-hmacsha256-signature", "{base64}", "{url}{body}"),
    type=body("type"),
    id=body("event_id"),
    time=body("created_at"),
    subject=first_of(body("data.id"), body("merchant_id")),
    limits=Limits(timeout=10, retries="for 24 hours", confidence="medium"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [square]
