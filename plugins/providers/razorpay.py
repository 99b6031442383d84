"""Razorpay: payments, orders, refunds, subscriptions, payouts.

Setup: in the dashboard, under Account & Settings > Webhooks, add the hub's URL, events and a secret, the `secret`. When
you change it, keep the old one in the list for a day: retries are still signed with it.
"""

from hub import Limits, Provider, Request, body, header, hookimpl
from hub.signatures import HMAC


def about(request: Request) -> str | None:
    """The id of the first entity that the event contains."""
    found = body(f"payload/{body('contains.0')(request)}/entity/id")(request)
    return found if isinstance(found, str) else None


razorpay = Provider(
    name="razorpay",
    title="Razorpay",
    docs="https://razorpay.com/docs/webhooks/validate-test/",
    verify=HMAC("X-Razorpay-Signature"),
    type=body("event"),
    id=header("X-Razorpay-Event-Id"),
    time=body("created_at"),
    subject=about,
    limits=Limits(timeout=5, retries="ever slower for 24 hours", disables="after them, with a mail", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [razorpay]
