"""Anthropic: sessions and vaults of managed agents.

Setup: in the Console open Manage > Webhooks > Add endpoint, paste the hub's URL (https on port 443), and choose
events. `secret` is the signing secret, shown once.

Events name an object only: what it has become has to be fetched.

A secret that is made anew ends the old one at once: set the new one in the hub without delay, and let in what was
refused meanwhile with `hub rejected accept`.

An endpoint is disabled after about 20 failures one after another (unverified).
"""

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
