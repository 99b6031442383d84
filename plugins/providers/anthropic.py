"""Anthropic: sessions and vaults of managed agents."""

from hub import Limits, Provider, body, first_of, header, hookimpl
from hub.signatures import StandardWebhooks

anthropic = Provider(
    name="anthropic",
    title="Anthropic",
    docs="https://platform.claude.com/docs/en/managed-agents/webhooks",
    verify=StandardWebhooks(),
    # the outer type is always `event`
    type=first_of(body("data.type"), body("type")),
    id=header("webhook-id"),
    time=body("created_at"),
    subject=body("data.id"),
    limits=Limits(retries="on any answer but 2xx, redirects too", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [anthropic]
