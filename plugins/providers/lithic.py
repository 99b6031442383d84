"""Lithic: cards, authorizations and transactions, from its Events API."""

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
