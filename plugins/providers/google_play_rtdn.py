"""Google Play: real-time developer notifications, pushed by Cloud Pub/Sub.

Setup: in Google Cloud let google-play-developer-notifications@system.gserviceaccount.com publish to a Pub/Sub topic,
and give it a push subscription to the hub's URL, authenticated: `email` is its service account, `audience` what it says
(the URL, if nothing). In Play Console, under Monetization setup, enter the topic.
"""

from base64 import b64decode
from typing import Any

import orjson

from hub import Limits, Provider, Request, body, first_of, header, hookimpl, inside, query
from hub.signatures import OneOf, Token

from ._google_token import google_token

SUBSCRIPTION = (
    *("RECOVERED", "RENEWED", "CANCELED", "PURCHASED", "ON_HOLD", "IN_GRACE_PERIOD", "RESTARTED"),
    *("PRICE_CHANGE_CONFIRMED", "DEFERRED", "PAUSED", "PAUSE_SCHEDULE_CHANGED", "REVOKED", "EXPIRED"),
)
KINDS = {
    "subscriptionNotification": {
        **{number: f"SUBSCRIPTION_{name}" for number, name in enumerate(SUBSCRIPTION, 1)},
        17: "SUBSCRIPTION_ITEMS_CHANGED",
        18: "SUBSCRIPTION_CANCELLATION_SCHEDULED",
        19: "SUBSCRIPTION_PRICE_CHANGE_UPDATED",
        20: "SUBSCRIPTION_PENDING_PURCHASE_CANCELED",
        22: "SUBSCRIPTION_PRICE_STEP_UP_CONSENT_UPDATED",
    },
    "oneTimeProductNotification": {1: "ONE_TIME_PRODUCT_PURCHASED", 2: "ONE_TIME_PRODUCT_CANCELED"},
}
"""Names of the numbers, https://developer.android.com/google/play/billing/rtdn-reference."""


def content(request: Request) -> Any:
    """The notification: base64 in the message, or the body itself where Pub/Sub unwraps it."""
    data = body("message.data")(request)
    return request.json if data is None else orjson.loads(b64decode(data, validate=True))


def kind(request: Request) -> str | None:
    """The number in words; the name of the notification where it has none, or one without a name."""
    found = content(request)
    name = next((key for key in found if key.endswith("Notification")), None) if isinstance(found, dict) else None
    number = inside(content, f"{name}.notificationType")(request)
    return KINDS.get(name or "", {}).get(number, f"{name}.{number}" if name in KINDS else name)


google_play_rtdn = Provider(
    name="google-play-rtdn",
    title="Google Play RTDN",
    docs="https://developer.android.com/google/play/billing/rtdn-reference",
    verify=OneOf(
        jwt=google_token(),
        url=Token(query("token"), doc="The secret in the URL of a push without authentication: `?token=...`"),
    ),
    type=kind,
    id=first_of(body("message.messageId"), header("x-goog-pubsub-message-id")),
    time=first_of(inside(content, "eventTimeMillis"), body("message.publishTime")),
    subject=inside(
        content,
        "subscriptionNotification.purchaseToken",
        "oneTimeProductNotification.purchaseToken",
        "voidedPurchaseNotification.purchaseToken",
        "packageName",
    ),
    data=content,
    refuse=401,
    limits=Limits(retries="with growing pauses, until the message is as old as the subscription keeps it"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [google_play_rtdn]
