"""Adyen: payments webhooks, signed item by item, and platform webhooks, signed as a whole.

Setup: in the Customer Area, under Developers > Webhooks, add a webhook with the hub's URL and, if you like, `username`
and `password`; under Security generate the HMAC key, the `secret`. Test and live have keys of their own.

Platform webhooks have no id: a retry of one is a new event, unless `dedupe = "body"` recognizes it.
"""

from hub import Limits, Provider, Reply, Request, body, first_of, hookimpl, items, join
from hub.signatures import HMAC, AllOf, Basic, Each, OneOf

ITEMS = items("notificationItems[].NotificationRequestItem")
SIGNED = ":".join(
    f"[{{body:{path}}}]"
    for path in (
        "pspReference",
        "originalReference",
        "merchantAccountCode",
        "merchantReference",
        "amount.value",
        "amount.currency",
        "eventCode",
        "success",
    )
)
KEY = "The HMAC key, in hex as the Customer Area shows it."


def answer(request: Request) -> Reply:
    """Older endpoints want the word `[accepted]`; the others want no more than a 2xx."""
    return Reply(200, "[accepted]")


adyen = Provider(
    name="adyen",
    title="Adyen",
    docs="https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures",
    # the endpoint's user name and password are sent besides the signature
    verify=AllOf(
        OneOf(
            item=Each(ITEMS, HMAC(body("additionalData.hmacSignature"), "{base64}", SIGNED, key="hex", doc=KEY)),
            platform=HMAC("HmacSignature", "{base64}", key="hex", doc=KEY),
        ),
        Basic(),
    ),
    type=first_of(body("eventCode"), body("type")),
    # Adyen's own advice for duplicates; platform webhooks have no id
    id=join(body("pspReference"), body("eventCode"), body("success"), body("eventDate"), by=":"),
    time=first_of(body("eventDate"), body("timestamp"), body("createdAt")),
    subject=first_of(body("pspReference"), body("data.id"), body("data.merchantId")),
    split=ITEMS,
    answer=answer,
    limits=Limits(
        timeout=10,
        retries="after 9, 18 and 27 seconds, 2, 5, 10, 15, 30 minutes, 1, 2, 4 hours, every 8 hours for 30 days",
        confidence="high",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [adyen]
