"""TikTok Shop: orders, packages, products, returns and messages of shops.

Setup: in the Partner Center open the app's webhooks and paste the hub's URL for each event that you want. `app_key` and
`secret` are the app's key and its secret.

The platform's numbers are read as the names of its documentation; a number that the hub does not know stays one.
"""

from hub import Limits, Option, Provider, body, first_of, hookimpl, words
from hub.signatures import HMAC

NAMES = {
    1: "ORDER_STATUS_CHANGE",
    3: "RECIPIENT_ADDRESS_UPDATE",
    4: "PACKAGE_UPDATE",
    5: "PRODUCT_STATUS_CHANGE",
    6: "SELLER_DEAUTHORIZATION",
    7: "UPCOMING_AUTHORIZATION_EXPIRATION",
    11: "CANCELLATION_STATUS_CHANGE",
    12: "RETURN_STATUS_CHANGE",
    13: "NEW_CONVERSATION",
    14: "NEW_MESSAGE",
}

tiktok_shop = Provider(
    name="tiktok-shop",
    title="TikTok Shop",
    docs="https://partner.tiktokshop.com/docv2/page/tts-webhooks-overview",
    verify=HMAC("Authorization", "{hex}", "{option:app_key}{body}", doc="The app's secret."),
    type=words(body("type"), NAMES),
    id=body("tts_notification_id"),
    time=body("timestamp"),
    subject=first_of(body("data.order_id"), body("data.product_id"), body("data.conversation_id"), body("shop_id")),
    options={"app_key": Option("The app's key, a part of what is signed.")},
    limits=Limits(timeout=3, retries="4: after 2 and 30 minutes, 3 and 12 hours", confidence="medium"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [tiktok_shop]
