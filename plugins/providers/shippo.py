"""Shippo: tracking, labels, batches.

Setup: in the API settings, under Webhooks, add the hub's URL with a secret, `?token=...`, the `token`. Signatures have
to be asked for: `secret` is what Shippo gives you.
"""

from hub import Limits, Provider, body, first_of, hookimpl, query
from hub.signatures import HMAC, OneOf, Token

shippo = Provider(
    name="shippo",
    title="Shippo",
    docs="https://docs.goshippo.com/docs/tracking/webhooksecurity/",
    verify=OneOf(
        # Shippo signs only where it was asked to
        signed=HMAC("Shippo-Auth-Signature", "t={timestamp},v1={hex}", "{timestamp}.{body}"),
        token=Token(query("token"), option="token", doc="The secret in the URL that Shippo is told: `?token=...`"),
    ),
    type=body("event"),
    time=first_of(body("data.tracking_status.status_date"), body("data.object_updated"), body("data.object_created")),
    subject=first_of(body("data.tracking_number"), body("data.object_id")),
    limits=Limits(timeout=3, retries="some", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [shippo]
