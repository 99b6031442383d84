"""RevenueCat: purchases and subscriptions of apps.

Setup: in the project, under Integrations > Webhooks, add the hub's URL and a value for the Authorization header, the
`secret`. Where signing is switched on, `signing_secret` is the secret shown.
"""

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import HMAC, AllOf, Token

revenuecat = Provider(
    name="revenuecat",
    title="RevenueCat",
    docs="https://www.revenuecat.com/docs/integrations/webhooks",
    # a signed request carries the Authorization header too: whatever is configured must hold
    verify=AllOf(
        HMAC(
            "X-RevenueCat-Webhook-Signature",
            "t={timestamp},v1={hex}",
            "{timestamp}.{body}",
            option="signing_secret",
            doc="The secret of signed webhooks, where they are switched on.",
        ),
        Token("Authorization", doc="The Authorization header's value, exactly as it stands in the dashboard."),
    ),
    type=body("event.type"),
    id=body("event.id"),
    time=body("event.event_timestamp_ms"),
    subject=first_of(body("event.app_user_id"), body("event.transferred_to.0")),
    limits=Limits(timeout=60, retries="5: after 5, 10, 20, 40 and 80 minutes"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [revenuecat]
