"""Authorize.net: payments, customers and subscriptions of a merchant.

Setup: in the Merchant Interface, under Account > Webhooks, add an endpoint with the hub's URL and events. `secret` is
the Signature Key, from Account > API Credentials & Keys.
"""

from hub import Limits, Provider, body, hookimpl
from hub.signatures import HMAC

authorizenet = Provider(
    name="authorizenet",
    title="Authorize.net",
    docs="https://developer.authorize.net/api/reference/features/webhooks.html",
    # the Signature Key looks like hex, but is used as text
    verify=HMAC("X-ANET-Signature", "sha512={HEX}", hash="sha512"),
    type=body("eventType"),
    id=body("notificationId"),
    time=body("eventDate"),
    subject=body("payload.id"),
    limits=Limits(retries="10 within about 2 days", disables="after them", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [authorizenet]
