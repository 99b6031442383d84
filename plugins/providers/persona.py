"""Persona: inquiries, verifications, reports.

Setup: in the dashboard, under Webhooks, create and enable a webhook with the hub's URL; `secret` is its secret,
`wbhsec_...`.
"""

from hub import Limits, Provider, body, hookimpl
from hub.signatures import HMAC

persona = Provider(
    name="persona",
    title="Persona",
    docs="https://docs.withpersona.com/webhooks-best-practices",
    # while a secret is changed, there are two pairs of t and v1
    verify=HMAC("Persona-Signature", "t={timestamp},v1={hex}", "{timestamp}.{body}"),
    type=body("data.attributes.name"),
    id=body("data.id"),
    time=body("data.attributes.created-at"),
    subject=body("data.attributes.payload.data.id"),
    limits=Limits(timeout=5, retries="7"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [persona]
