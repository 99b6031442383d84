"""Dwolla: transfers between bank accounts, and the customers who make them.

Setup: create a webhook subscription with the API (`POST /webhook-subscriptions`): the hub's URL, and a secret of your
own, which is the `secret`.
"""

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import HMAC

dwolla = Provider(
    name="dwolla",
    title="Dwolla",
    docs="https://developers.dwolla.com/docs/working-with-webhooks",
    verify=HMAC("X-Request-Signature-SHA-256"),
    type=body("topic"),
    id=body("id"),
    time=first_of(body("timestamp"), body("created")),
    subject=body("resourceId"),
    limits=Limits(
        timeout=10,
        retries="8 within 72 hours",
        disables="after 400 failures in a row",
        confidence="low",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [dwolla]
