"""FastSpring: orders, subscriptions and returns, several in one request.

Setup: under Developer Tools > Webhooks add a webhook with the hub's URL and an HMAC SHA256 secret, the `secret`;
without one, FastSpring signs nothing.
"""

from hub import Limits, Provider, body, first_of, hookimpl, items
from hub.signatures import HMAC

fastspring = Provider(
    name="fastspring",
    title="FastSpring",
    docs="https://developer.fastspring.com/reference/webhooks-overview",
    verify=HMAC("X-FS-Signature", "{base64}"),
    split=items("events[]"),
    type=body("type"),
    id=body("id"),
    time=body("created"),
    subject=first_of(
        body("data.id"), body("data.order"), body("data.subscription"), body("data.return"), body("data.account")
    ),
    limits=Limits(retries="what was not confirmed is sent again", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [fastspring]
