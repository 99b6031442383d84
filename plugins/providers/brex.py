"""Brex: transfers, expenses and referrals.

Setup: with Brex's API register the hub's URL (`POST /v1/webhooks`); `secret` is what `GET /v1/webhooks/secrets`
answers, a list of both while it is being changed.
"""

from hub import Limits, Provider, body, first_of, header, hookimpl
from hub.signatures import StandardWebhooks

brex = Provider(
    name="brex",
    title="Brex",
    docs="https://developer.brex.com/docs/webhooks/",
    verify=StandardWebhooks(),
    type=body("event_type"),
    id=header("Webhook-Id"),
    subject=first_of(body("transfer_id"), body("expense_id"), body("referral_id"), body("user_id"), body("company_id")),
    limits=Limits(confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [brex]
