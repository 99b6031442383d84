"""Mailgun: what became of e-mails, and e-mails that a route forwards.

Setup: Sending > Webhooks > Add webhook: choose an event and paste the hub's URL; for received e-mails make a route
with the action forward("<the hub's URL>"). `secret` is the HTTP webhook signing key of the account, which is not an
API key.

Only time and token are signed, not the event: who has seen one request can make another with its token, which then
counts as a duplicate.

Subaccounts' events are signed with their own key and with that of their parent: either will do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from hub import Limits, Provider, Refused, Request, body, first_of, form, hookimpl, join
from hub.signatures import HMAC


@dataclass(frozen=True, slots=True)
class field:
    """A field of the signature, under `signature` in JSON; of a form's, the last of its name is Mailgun's own."""

    name: str

    def __call__(self, request: Request) -> Any:
        values = request.form.get(self.name)
        return values[-1] if values else body(f"signature.{self.name}")(request)

    def put(self, request: Request, value: object) -> Request:
        """The request with the field set, in a body of its own kind."""
        place = form(self.name) if request.form else body(f"signature.{self.name}")
        return place.put(request, value)


def signed(request: Request, *, timestamp: str | None, nonce: str | None) -> str | None:
    """Time and token, with nothing between: were the time of any length, digits of the token could be moved to it."""
    if timestamp is not None and not re.fullmatch(r"\d{10}", timestamp, re.ASCII):
        raise Refused("malformed", "the signed time is not in seconds, ten digits")
    return None if timestamp is None or nonce is None else timestamp + nonce


def kind(request: Request) -> Any:
    """The event's word, with the severity of a failure; forwarded e-mails have none."""
    if request.form:
        return first_of(form("event"), "inbound")(request)
    return join(body("event-data.event"), body("event-data.severity"))(request)


mailgun = Provider(
    name="mailgun",
    title="Mailgun",
    docs="https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks",
    verify=HMAC(
        field("signature"),
        "{hex}",
        signed,
        also=(field("parent-signature"),),
        timestamp=field("timestamp"),
        nonce=field("token"),
        tolerance=12 * 3600,  # what is sent again, for eight hours, has the time of the first attempt
        ahead=300,
        covers="none",
        doc="The HTTP webhook signing key.",
    ),
    type=kind,
    # the event's own id is unique within a day only, and not signed
    id=field("token"),
    time=first_of(body("event-data.timestamp"), field("timestamp")),
    subject=first_of(body("event-data.recipient"), form("recipient")),
    limits=Limits(retries="after 5, 10 and 15 minutes, 1, 2 and 4 hours, unless the answer is 406", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [mailgun]
