"""Xero: changes of contacts, invoices and more, in batches.

Setup: in the developer portal open the app's webhooks, choose events and enter the hub's URL; `secret` is the webhooks
key shown there. With it in the config, save again: then the "intent to receive" passes.
"""

from hub import Limits, Provider, Reply, body, digest_of, hookimpl, items, join
from hub.signatures import HMAC

xero = Provider(
    name="xero",
    title="Xero",
    docs="https://developer.xero.com/documentation/guides/webhooks/overview/",
    verify=HMAC("x-xero-signature", "{base64}"),
    type=join(body("eventCategory"), body("eventType")),
    id=digest_of(body("eventDateUtc"), body("tenantId"), body("resourceId"), body("eventType")),
    time=body("eventDateUtc"),
    subject=body("resourceId"),
    # an "intent to receive" is a batch without events, once with a bad signature, which wants 401
    split=items("events[]"),
    answer=lambda request: Reply(200),
    refuse=401,
    limits=Limits(timeout=5, retries="for a day, ever slower", disables="after that day", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [xero]
