"""Ko-fi: donations, subscriptions, commissions and shop orders.

Setup: on https://ko-fi.com/manage/webhooks paste the hub's URL. `secret` is the verification token, which that page
shows and Ko-fi puts into each request.

The token proves the sender, not what he says: it is sent as it is, nothing is signed.
"""

from dataclasses import dataclass
from typing import Any

import orjson

from hub import Limits, Provider, Request, Unreadable, dig, form, hookimpl
from hub.signatures import Token

DATA = form("data")


def payload(request: Request) -> Any:
    """The JSON in the form's only field."""
    try:
        return orjson.loads(DATA(request) or "")
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"the form field data is not JSON: {error}") from None


@dataclass(frozen=True, slots=True)
class inside:
    """A value in that JSON."""

    name: str

    def __call__(self, request: Request) -> Any:
        return dig(payload(request), [self.name])

    def put(self, request: Request, value: object) -> Request:
        """The request with the value set."""
        return DATA.put(request, orjson.dumps({**payload(request), self.name: value}).decode())


kofi = Provider(
    name="kofi",
    title="Ko-fi",
    docs="https://ko-fi.com/manage/webhooks",
    verify=Token(inside("verification_token"), doc="The verification token, which stands in each body."),
    type=inside("type"),
    id=inside("message_id"),
    time=inside("timestamp"),
    subject=inside("kofi_transaction_id"),
    data=payload,
    limits=Limits(retries="a reasonable number of times, Ko-fi says"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [kofi]
