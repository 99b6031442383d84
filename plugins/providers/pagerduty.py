"""PagerDuty: incidents and services, by webhook subscriptions (V3).

Setup: under Integrations > Generic Webhooks (v3) add a webhook with the hub's URL, a scope and events. `secret` is
shown once, when it is made.
"""

from hub import Limits, Provider, body, hookimpl
from hub.signatures import HMAC

pagerduty = Provider(
    name="pagerduty",
    title="PagerDuty",
    docs="https://developer.pagerduty.com/docs/verifying-webhook-signatures",
    verify=HMAC("X-PagerDuty-Signature", "v1={hex}"),
    type=body("event.event_type"),
    # X-Webhook-Id is as stable, but not signed
    id=body("event.id"),
    time=body("event.occurred_at"),
    subject=body("event.data.id"),
    limits=Limits(
        timeout=5,
        retries="4 within 20 minutes, on 429, 5xx and timeouts; none on other refusals",
        disables="for 24 hours after 3 lost webhooks in a row",
        confidence="high",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [pagerduty]
