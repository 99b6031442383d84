"""Lemon Squeezy: orders, subscriptions and license keys.

Setup: under Settings > Webhooks add the hub's URL, events, and a signing secret of 6 to 40 characters, the `secret`.
"""

from hub import Limits, Provider, body, digest_of, hookimpl, join
from hub.signatures import HMAC

CHANGED = body("data.attributes.updated_at")

lemonsqueezy = Provider(
    name="lemonsqueezy",
    title="Lemon Squeezy",
    docs="https://docs.lemonsqueezy.com/help/webhooks/signing-requests",
    verify=HMAC("X-Signature"),
    type=body("meta.event_name"),
    id=digest_of(CHANGED, body("meta.event_name"), body("data.type"), body("data.id")),
    time=CHANGED,
    subject=join(body("data.type"), body("data.id"), by="/"),
    limits=Limits(retries="3: after 5, 25 and 125 seconds, unless answered with exactly 200", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [lemonsqueezy]
