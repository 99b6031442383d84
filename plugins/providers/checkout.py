"""Checkout.com: payments, disputes and everything else that workflows send.

Setup: add to a workflow a webhook action with the hub's URL. `secret` is its signature key, `authorization` its
authorization header key; what is set here must hold.
"""

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import HMAC, AllOf, Token

checkout = Provider(
    name="checkout",
    title="Checkout.com",
    docs="https://www.checkout.com/docs/developer-resources/event-notifications/receive-webhooks",
    verify=AllOf(
        HMAC("Cko-Signature", doc="The signature key of the workflow's webhook action."),
        Token("Authorization", option="authorization", doc="The authorization header key of the webhook action."),
    ),
    type=body("type"),
    id=body("id"),
    time=first_of(body("created_on"), body("timestamp")),
    subject=first_of(body("data.id"), body("data.payment_id")),
    limits=Limits(retries="8: after 5, 10, 15 and 30 minutes, 1, 4, 12 and 12 hours", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [checkout]
