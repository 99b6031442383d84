"""Modern Treasury: payment orders, transactions and ledgers.

Setup: in the Developer settings add an endpoint with the hub's URL and topics; `secret` is the webhook key shown there.
"""

from hub import Limits, Provider, body, first_of, header, hookimpl, join
from hub.signatures import HMAC

moderntreasury = Provider(
    name="moderntreasury",
    title="Modern Treasury",
    docs="https://docs.moderntreasury.com/platform/docs/webhooks",
    verify=HMAC("X-Signature"),
    type=join(body("data.object"), body("event")),
    id=first_of(header("X-Webhook-ID"), header("X-Event-ID")),
    time=body("data.updated_at"),
    subject=body("data.id"),
    limits=Limits(timeout=5, retries="ever slower", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [moderntreasury]
