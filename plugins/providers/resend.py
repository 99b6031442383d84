"""Resend: e-mails, contacts and domains.

Setup: Webhooks > Add Webhook: paste the hub's URL and choose events. `secret` is the Signing Secret on the webhook's
page.
"""

from hub import Limits, Provider, body, first_of, header, hookimpl
from hub.signatures import StandardWebhooks

resend = Provider(
    name="resend",
    title="Resend",
    docs="https://resend.com/docs/webhooks/verify-webhooks-requests",
    verify=StandardWebhooks("svix"),
    type=body("type"),
    id=header("svix-id"),
    time=body("created_at"),
    subject=first_of(body("data.email_id"), body("data.id")),
    limits=Limits(retries="after 5 seconds, 5 and 30 minutes, 2, 5 and 10 hours", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [resend]
