"""Moov: accounts, transfers and disputes.

Setup: under Developers > Webhooks add a webhook with the hub's URL and events; `secret` is its signing secret.
"""

from hub import Limits, Provider, body, first_of, header, hookimpl
from hub.signatures import HMAC

moov = Provider(
    name="moov",
    title="Moov",
    docs="https://docs.moov.io/guides/developer-tools/webhooks/",
    verify=HMAC(
        "X-Signature",
        "{hex}",
        "{timestamp}|{nonce}|{id}",
        hash="sha512",
        timestamp=header("X-Timestamp"),
        nonce=header("X-Nonce"),
        id=header("X-Webhook-ID"),
        clock="iso",
    ),
    type=body("type"),
    id=body("eventID"),
    time=body("createdOn"),
    subject=first_of(
        body("data.transferID"),
        body("data.disputeID"),
        body("data.paymentMethodID"),
        body("data.accountID"),
        body("data.account.accountID"),
    ),
    limits=Limits(confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [moov]
