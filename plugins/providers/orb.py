"""Orb: usage-based billing.

Setup: in Orb's developer settings add a webhook endpoint with the hub's URL; `secret` is its signing secret.
"""

from hub import Limits, Provider, body, first_of, header, hookimpl
from hub.signatures import HMAC

orb = Provider(
    name="orb",
    title="Orb",
    docs="https://docs.withorb.com/guides/integrations-and-exports/webhooks",
    verify=HMAC(
        "X-Orb-Signature", "v1={hex}", "v1:{timestamp}:{body}", timestamp=header("X-Orb-Timestamp"), clock="iso"
    ),
    type=body("type"),
    id=body("id"),
    time=body("created_at"),
    subject=first_of(body("invoice.id"), body("subscription.id"), body("customer.id"), body("alert.id")),
    limits=Limits(retries="over days", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [orb]
