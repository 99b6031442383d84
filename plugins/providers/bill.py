"""BILL: bills, vendors, payments and bank accounts.

Setup: with BILL's API make a subscription with the hub's URL; `secret` is the `securityKey` of the answer.
"""

from typing import Any

from hub import Limits, Provider, Request, body, hookimpl, key_of
from hub.signatures import HMAC


def subject(request: Request) -> Any:
    """The id of the object beside `metadata`."""
    return body(f"{key_of(but=('metadata',))(request)}/id")(request)


bill = Provider(
    name="bill",
    title="BILL",
    docs="https://developer.bill.com/docs/webhooks",
    # the minified body is signed, which is what is sent
    verify=HMAC("x-bill-sha-signature", "{base64}", ("{body|minified}", "{body}")),
    type=body("metadata.eventType"),
    id=body("metadata.eventId"),
    subject=subject,
    limits=Limits(disables="after repeated failures", confidence="medium"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [bill]
