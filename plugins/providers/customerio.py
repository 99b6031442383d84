"""Customer.io: deliveries, opens, clicks and subscriptions, by reporting webhooks.

Setup: under Data & Integrations > Integrations > Reporting Webhooks add a webhook with the hub's URL and choose events.
`secret` is the webhook signing key that is shown there.

While one delivery fails, Customer.io holds the later ones back, for up to seven days.
"""

from hub import Limits, Provider, body, first_of, header, hookimpl, join
from hub.signatures import HMAC

customerio = Provider(
    name="customerio",
    title="Customer.io",
    docs="https://docs.customer.io/integrations/api/webhooks/",
    # retries come for days, and nothing says that their time is new; event_id, which is signed, tells repeats
    verify=HMAC(
        "X-CIO-Signature",
        "{hex}",
        "v0:{timestamp}:{body}",
        timestamp=header("X-CIO-Timestamp"),
        tolerance=None,
    ),
    type=first_of(join(body("object_type"), body("metric")), "webhook"),
    id=body("event_id"),
    time=body("timestamp"),
    subject=first_of(body("data.delivery_id"), body("data.customer_id")),
    limits=Limits(timeout=4, retries="for seven days, ever slower; later ones wait", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [customerio]
