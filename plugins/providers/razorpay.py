"""Razorpay: payments, orders, refunds, subscriptions, payouts."""

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
    limits=Limits(
        timeout=5,
        retries="ever slower for 24 hours, signed with the secret of then",
        disables="after them, with a mail",
        confidence="high",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [razorpay]
