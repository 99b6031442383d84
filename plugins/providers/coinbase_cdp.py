"""Coinbase Developer Platform: wallet and onchain activity; its Hook0 signature covers headers that it names.

Setup: create a webhook subscription in the portal, by CLI or API, with the hub's URL as target. `secret` is in the
answer, under `metadata`.

Onchain activity has its id and type in the headers X-Event-Id and X-Event-Type, which are signed only where the
signature names them (`h=`).
"""

import re

from hub import Limits, Provider, Request, body, first_of, header, hookimpl
from hub.signatures import HMAC

SIGNATURE = "X-Hook0-Signature"
ACTIVITY = "onchain.activity.detected"


def signed(request: Request, *, timestamp: str) -> bytes | None:
    """The time, the names of headers, their values, and the body, joined by dots."""
    names = re.search(r"(?:^|,)\s*h=([^,]*)", request.header(SIGNATURE) or "")
    if names is None:
        return None
    values = [request.header(name) for name in names[1].split()]
    if any(value is None for value in values):
        return None
    text = f"{timestamp}.{names[1]}.{'.'.join(value or '' for value in values)}."
    return text.encode("latin-1", "replace") + request.body


coinbase_cdp = Provider(
    name="coinbase-cdp",
    title="Coinbase Developer Platform",
    docs="https://docs.cdp.coinbase.com/webhooks/overview",
    verify=HMAC(
        SIGNATURE,
        "t={timestamp},h=x-event-id x-event-type,v1={hex}",
        signed,
        covers="all",
        defaults={
            "X-Event-Id": "00000000-0000-4000-8000-000000000000",
            "X-Event-Type": ACTIVITY,
            SIGNATURE: "h=x-event-id x-event-type",
        },
    ),
    type=first_of(body("eventType"), body("type"), header("X-Event-Type"), ACTIVITY),
    id=first_of(body("eventId"), header("X-Event-Id"), header("X-Hook0-Id")),
    time=body("timestamp"),
    subject=first_of(body("data.transactionHash"), body("transaction_hash"), body("transactionHash")),
    limits=Limits(confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [coinbase_cdp]
