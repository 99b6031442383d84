"""Loops: contacts, mailing lists, and what became of e-mails.

Setup: Settings > Webhooks: paste the hub's URL and choose events. `secret` is the signing secret shown there.
"""

from hub import Provider, body, first_of, header, hookimpl
from hub.signatures import StandardWebhooks

loops = Provider(
    name="loops",
    title="Loops",
    docs="https://loops.so/docs/webhooks",
    verify=StandardWebhooks(),
    type=body("eventName"),
    id=header("webhook-id"),
    time=body("eventTime"),
    subject=first_of(body("contactIdentity.email"), body("contactIdentity.id")),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [loops]
