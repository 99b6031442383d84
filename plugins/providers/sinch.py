"""Sinch: Conversation, SMS and Numbers.

Setup: in the dashboard open the Conversation app, add a webhook with the hub's URL and set its secret; that is
`secret`. For Numbers it is the callback's HMAC secret; for SMS ask Sinch to sign the callbacks of the service plan.
"""

from hub import Limits, Provider, body, first_of, header, hookimpl, join, key_of
from hub.signatures import HMAC, OneOf

AROUND = (
    "app_id",
    "project_id",
    "accepted_time",
    "event_time",
    "message_metadata",
    "correlation_id",
    "callback_metadata",
)
"""What surrounds the one key that says what a Conversation callback is about."""
REPORT = "message_delivery_report"

sinch = Provider(
    name="sinch",
    title="Sinch",
    docs="https://developers.sinch.com/docs/conversation/callbacks",
    verify=OneOf(
        conversation=HMAC(
            "x-sinch-webhook-signature",
            "{base64}",
            "{body}.{nonce}.{timestamp}",
            nonce=header("x-sinch-webhook-signature-nonce"),
            timestamp=header("x-sinch-webhook-signature-timestamp"),
            require={"x-sinch-webhook-signature-algorithm": "HmacSHA256"},
        ),
        numbers=HMAC("X-Sinch-Signature", "{hex}", hash="sha1"),
    ),
    type=first_of(body("type"), body("eventType"), key_of(but=AROUND)),
    id=first_of(
        body("eventId"),
        body("message.id"),
        body("event.id"),
        # a message has a status once on each channel that it is tried on
        join(
            body(f"{REPORT}.message_id"),
            body(f"{REPORT}.status"),
            body(f"{REPORT}.channel_identity.channel"),
            body("event_time"),
        ),
        body("id"),
        join(body("batch_id"), body("recipient"), body("status"), body("at")),
    ),
    time=first_of(body("event_time"), body("accepted_time"), body("received_at"), body("at"), body("timestamp")),
    subject=first_of(
        body(f"{REPORT}.conversation_id"),
        body("message.conversation_id"),
        body("event.conversation_id"),
        body("batch_id"),
        body("resourceId"),
        body("from"),
        body("app_id"),
    ),
    limits=Limits(confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [sinch]
