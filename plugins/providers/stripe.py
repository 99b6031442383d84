"""Stripe: payments, invoices, subscriptions.

Setup: in Workbench, under Webhooks, add a destination with the hub's URL and events; `secret` is its signing secret,
`whsec_...`. Live mode, each sandbox and `stripe listen` have secrets of their own.
"""

from math import inf

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import HMAC

stripe = Provider(
    name="stripe",
    title="Stripe",
    docs="https://docs.stripe.com/webhooks#verify-manually",
    # Stripe's libraries check the age alone: a time in the future is taken
    verify=HMAC("Stripe-Signature", "t={timestamp},v1={hex}", "{timestamp}.{body}", ahead=inf),
    type=body("type"),
    id=body("id"),
    time=body("created"),
    subject=first_of(body("data.object.id"), body("related_object.id")),
    limits=Limits(
        retries="live mode: for three days, ever slower; sandbox: three times within hours",
        disables="after days of failures, with a mail before",
        confidence="medium",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [stripe]
