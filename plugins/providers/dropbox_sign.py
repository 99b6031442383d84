"""Dropbox Sign: signature requests, templates, faxes and accounts, by account and app callbacks.

Setup: enter the hub's URL as the account callback in the API settings, or as the event callback of an API app. `secret`
is the API key.
"""

from dataclasses import dataclass, replace
from typing import Any

import orjson

from hub import Limits, Provider, Reply, Request, dig, digest_of, first_of, form, hookimpl
from hub.signatures import HMAC

RECEIVED = Reply(200, "Hello API Event Received")
"""Without these words the event is sent again."""


def content(request: Request) -> Any:
    """The JSON in the form field `json`."""
    field = form("json")(request)
    return request.json if field is None else orjson.loads(field)


@dataclass(frozen=True, slots=True)
class inside:
    """A place in the content, which is written where it stands in the form."""

    path: str

    def __call__(self, request: Request) -> Any:
        try:
            return dig(content(request), self.path.split("."))
        except orjson.JSONDecodeError:
            return None

    def put(self, request: Request, value: object) -> Request:
        """The request with the text of the place replaced."""
        return replace(request, body=request.body.replace(str(self(request)).encode(), str(value).encode()))


SUBJECT = first_of(
    inside("signature_request.signature_request_id"),
    inside("template.template_id"),
    inside("fax.fax_id"),
    inside("event.event_metadata.reported_for_account_id"),
)


def test(request: Request) -> Reply | None:
    """The test of a callback URL, which is answered unproven."""
    small = len(request.body) < 5000  # a stranger's form is parsed here
    asked = small and inside("event.event_type")(request) == "callback_test"
    return Reply(200, RECEIVED.body, event=False, note="callback_test answered") if asked else None


def signed(request: Request) -> str | None:
    """The event's time and type."""
    time, kind = inside("event.event_time")(request), inside("event.event_type")(request)
    return f"{time}{kind}" if time and kind else None


dropbox_sign = Provider(
    name="dropbox-sign",
    title="Dropbox Sign",
    docs="https://developers.hellosign.com/docs/events/walkthrough/",
    verify=HMAC(inside("event.event_hash"), "{hex}", signed, covers="part", doc="The API key of the account."),
    type=inside("event.event_type"),
    # the hash alone is that of all events of a type in a second
    id=digest_of(inside("event.event_hash"), inside("event.event_metadata"), SUBJECT),
    time=inside("event.event_time"),
    subject=SUBJECT,
    data=content,
    handshake=test,
    answer=lambda request: RECEIVED,
    limits=Limits(retries="for about three days, ever slower", confidence="medium"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [dropbox_sign]
