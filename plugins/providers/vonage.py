"""Vonage: messages and their statuses, calls, verifications.

Setup: in the dashboard open the application and paste the hub's URL as the inbound and status URL of Messages, and as
the event URL of Voice; leave signed webhooks on. `secret` is the signature secret of the account (Settings); a list if
several accounts send to the same source.

The hub answers no calls: leave the answer URL of Voice to something that returns an NCCO.

A token without `payload_hash` says nothing about the body and is refused; `payload_hash = "optional"` takes it for five
minutes. Now and then Vonage sends a webhook without a token by mistake and wants a 5xx, after which it sends it again:
refusals are answered 503.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

import orjson

from hub import Limits, Provider, Request, digest_of, first_of, hookimpl, inside, join
from hub.signatures import JWT, Configured

from ._content import content

HEADER = "Authorization"
HASH_DOC = "Whether a token has to have the hash of the body."
ABOUT = inside(content, "message_uuid", "request_id", "uuid", "recording_uuid", "conversation_uuid")


def with_fields(request: Request) -> Request:
    """A GET is signed as if it had its fields as a JSON body."""
    if request.method != "GET" or request.body:
        return request
    return replace(request, body=orjson.dumps(content(request)))


class Signature(JWT):
    """A token with the hash of the body, or of a query's fields."""

    def bind(self, options: Mapping[str, Any]) -> Callable[[Request], None]:
        """`verify` for either method."""
        check = super().bind(options)
        return lambda request: check(with_fields(request))

    def sign(self, request: Request, options: Mapping[str, Any]) -> Request:
        """The request with a fresh token."""
        signed = super().sign(with_fields(request), options)
        return request.with_header(HEADER, signed.header(HEADER))


def signature(*, payload_hash: Annotated[Literal["required", "optional"], HASH_DOC] = "required") -> Signature:
    """A token that may lack the hash is good for a short time: it would be good for any body."""
    lax = payload_hash == "optional"
    return Signature(
        HEADER,
        "Bearer {token}",
        algorithms=("HS256",),
        claims={"payload_hash": "{body|sha256|hex}"},
        optional=("payload_hash",) if lax else (),
        tolerance=300 if lax else None,
        doc="The signature secret of the account; a list if several accounts send to this source.",
    )


vonage = Provider(
    name="vonage",
    title="Vonage",
    docs="https://developer.vonage.com/en/getting-started/concepts/webhooks#decoding-signed-webhooks",
    verify=Configured(signature),
    # a message's channel stands before its status, as in `sms.delivered`; calls have a status alone
    type=join(
        inside(content, "channel"), first_of(inside(content, "status", "message_type", "type", "event"), "event")
    ),
    # a call has the same id in all its events, and no event has one of its own
    id=digest_of(
        inside(content, "timestamp", "finalized_at", "triggered_at"),
        ABOUT,
        inside(content, "status", "message_type", "type"),
        inside(content, "dtmf", "speech", "recording_url"),
    ),
    time=inside(content, "timestamp", "finalized_at", "triggered_at", "start_time"),
    subject=ABOUT,
    refuse=503,
    methods=("POST", "GET"),
    limits=Limits(retries="for 24 hours, ever slower", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [vonage]
