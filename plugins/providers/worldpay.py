"""Worldpay: events of the Access APIs.

Setup: have your implementation manager add the hub's URL and switch the header `Event-Signature` on; `secret` is the
shared secret, or a table of them by key id.
"""

from hub import Limits, Provider, body, header, hookimpl

from ._places import NamedHMAC, listed

worldpay = Provider(
    name="worldpay",
    title="Worldpay",
    docs="https://developer.worldpay.com/products/events",
    # several signatures while the key is changed; that they are hex is documented for account payouts
    verify=NamedHMAC(listed(header("Event-Signature")), "{keyid}/SHA256/{hex} ..."),
    type=body("eventDetails.type"),
    id=body("eventId"),
    time=body("eventTimestamp"),
    subject=body("eventDetails.transactionReference"),
    refuse=400,
    limits=Limits(timeout=10, retries="for a week, after 15 minutes at first, 2 hours at last", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [worldpay]
