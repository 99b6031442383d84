"""Onfido: checks, reports and workflow runs.

Setup: in the dashboard, or with the API of your region, add a webhook with the hub's URL and events; `secret` is its
token.
"""

from hub import Limits, Provider, body, digest_of, first_of, hookimpl
from hub.signatures import HMAC

COMPLETED = first_of(body("payload.object.completed_at_iso8601"), body("payload.object.completed_at"))

onfido = Provider(
    name="onfido",
    title="Onfido",
    docs="https://documentation.onfido.com/api/latest/#webhooks",
    verify=HMAC("X-SHA2-Signature"),
    type=body("payload.action"),
    id=digest_of(COMPLETED, body("payload.action"), body("payload.object.id")),
    time=COMPLETED,
    subject=body("payload.object.id"),
    limits=Limits(timeout=10, retries="after 30 s, 2 and 15 minutes, 2, 10 and 24 hours", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [onfido]
