"""Paystack: charges, transfers, subscriptions, refunds.

Setup: in the dashboard, under Settings > API Keys & Webhooks, enter the hub's URL as live or as test webhook URL;
`secret` is the secret key of that mode.
"""

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import HMAC

paystack = Provider(
    name="paystack",
    title="Paystack",
    docs="https://paystack.com/docs/payments/webhooks/",
    verify=HMAC("x-paystack-signature", hash="sha512", doc="The API's secret key, `sk_live_...` or `sk_test_...`."),
    type=body("event"),
    time=first_of(body("data.paid_at"), body("data.updated_at"), body("data.created_at"), body("data.createdAt")),
    subject=first_of(
        body("data.reference"), body("data.transfer_code"), body("data.subscription_code"), body("data.customer_code")
    ),
    limits=Limits(
        timeout=30,
        retries="live: 4 every 3 minutes, then hourly for 72 hours; test: hourly for 10 hours",
        confidence="medium",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [paystack]
