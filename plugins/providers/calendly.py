"""Calendly: invitees and routing forms.

Setup: `POST https://api.calendly.com/webhook_subscriptions` with the hub's URL and a `signing_key` of your own, the
`secret`. Without a key end the URL with `?token=...`, the `token`.
"""

from hub import Limits, Provider, body, digest_of, first_of, hookimpl, query
from hub.signatures import HMAC, OneOf, Token

calendly = Provider(
    name="calendly",
    title="Calendly",
    docs="https://developer.calendly.com/api-docs/overview/webhooks/webhook-signatures",
    verify=OneOf(
        signed=HMAC("Calendly-Webhook-Signature", "t={timestamp},v1={hex}", "{timestamp}.{body}", tolerance=180),
        # nothing is signed where a personal token made the subscription without a key
        token=Token(query("token"), option="token", doc="The secret in the URL that Calendly is told: `?token=...`"),
    ),
    type=body("event"),
    # an invitee can get the same event again, but not in the same microsecond
    id=digest_of(body("created_at"), body("event"), body("payload.uri")),
    time=body("created_at"),
    subject=first_of(body("payload.scheduled_event.uri"), body("payload.event"), body("payload.uri")),
    limits=Limits(retries="for 24 hours, ever slower", disables="after them", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [calendly]
