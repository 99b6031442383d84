"""Polar: checkouts, orders, subscriptions and benefits.

Setup: in the organization's settings, under Webhooks, add an endpoint with the hub's URL, format Raw; `secret` is its
secret.
"""

from hub import Limits, Provider, body, header, hookimpl
from hub.signatures import StandardWebhooks

polar = Provider(
    name="polar",
    title="Polar",
    docs="https://docs.polar.sh/integrate/webhooks/delivery",
    # Polar signs with the secret's text; its library takes the decoded one too
    verify=StandardWebhooks(key=("text", "whsec")),
    type=body("type"),
    id=header("webhook-id"),
    time=body("timestamp"),
    subject=body("data.id"),
    limits=Limits(
        timeout=10,
        retries="10, ever slower",
        disables="after 10 failed deliveries in a row",
        confidence="medium",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [polar]
