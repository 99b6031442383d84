"""Vercel: deployments, projects and integrations.

Setup: in the team's settings under Webhooks create one with the hub's URL. `secret` is shown once then; for webhooks of
an integration it is the client secret.
"""

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import HMAC

vercel = Provider(
    name="vercel",
    title="Vercel",
    docs="https://vercel.com/docs/webhooks",
    verify=HMAC(
        "x-vercel-signature",
        hash="sha1",
        doc="The webhook's secret, or the integration's client secret; a list while it is being changed.",
    ),
    type=body("type"),
    id=body("id"),
    time=body("createdAt"),
    subject=first_of(body("payload.deployment.id"), body("payload.project.id"), body("payload.team.id")),
    limits=Limits(timeout=30, retries="for 24 hours, ever slower", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [vercel]
