"""Lithic: cards, authorizations and transactions, from its Events API.

Setup: subscribe the hub's URL to events (`POST /v1/event_subscriptions`); `secret` is what `GET
/v1/event_subscriptions/<token>/secret` answers, `whsec_...`.

Authorization streams want a decision in the answer: they need a service of their own.
"""

from hub import Limits, Provider, body, first_of, header, hookimpl
from hub.signatures import StandardWebhooks

lithic = Provider(
    name="lithic",
    title="Lithic",
    docs="https://docs.lithic.com/docs/events-api",
    verify=StandardWebhooks(),
    type=body("event_type"),
    id=header("webhook-id"),
    time=first_of(body("updated"), body("created")),
    subject=first_of(body("card_token"), body("account_token"), body("financial_account_token"), body("token")),
    limits=Limits(retries="for more than a day, ever slower", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [lithic]
