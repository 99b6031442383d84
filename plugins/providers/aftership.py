"""AfterShip: tracking, returns, shipping.

Setup: in the admin of the product add a webhook with the hub's URL and its events; `secret` is the webhook secret shown
there.
"""

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import HMAC

aftership = Provider(
    name="aftership",
    title="AfterShip",
    docs="https://www.aftership.com/docs/tracking/webhook/webhook-signature",
    # in this order: Tracking, Returns, Shipping
    verify=HMAC("aftership-hmac-sha256", "{base64}", also=("as-signature-hmac-sha256", "am-webhook-signature")),
    type=body("event"),
    id=first_of(body("event_id"), body("id")),
    time=first_of(body("ts"), body("created_at")),
    subject=first_of(body("msg.id"), body("data.id")),
    limits=Limits(retries="14, each after twice the time", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [aftership]
