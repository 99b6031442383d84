"""Modern Treasury: payment orders, transactions and ledgers."""

from hub import Limits, Provider, body, header, hookimpl, join
from hub.signatures import HMAC

moderntreasury = Provider(
    name="moderntreasury",
    title="Modern Treasury",
    docs="https://docs.moderntreasury.com/platform/docs/webhooks",
    verify=HMAC("X-Signature"),
    type=join(body("data.object"), body("event")),
    id=header("X-Event-ID"),
    time=body("data.updated_at"),
    subject=body("data.id"),
    limits=Limits(retries="for about a day", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [moderntreasury]
