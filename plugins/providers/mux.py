"""Mux: assets, uploads and live streams.

Setup: in the dashboard choose the environment and add a webhook with the hub's URL under Settings > Webhooks. `secret`
is its signing secret.
"""

from math import inf

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import HMAC

mux = Provider(
    name="mux",
    title="Mux",
    docs="https://www.mux.com/docs/core/verify-webhook-signatures",
    # Mux's libraries check the age alone
    verify=HMAC("Mux-Signature", "t={timestamp},v1={hex}", "{timestamp}.{body}", ahead=inf),
    type=body("type"),
    id=body("id"),
    time=body("created_at"),
    subject=first_of(body("object.id"), body("data.id")),
    limits=Limits(retries="for 24 hours, ever slower", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [mux]
