"""Vonage SMS API, signed: inbound messages and delivery receipts of the old SMS API.

Setup: in the dashboard under Settings paste the hub's URL as the webhook for inbound SMS and for delivery receipts.
`secret` is the signature secret shown there and `method` the signature method; ask Vonage to sign the account's
webhooks if requests come without `sig`.

The fields are signed, whichever of the three formats (GET, form, JSON) they come in; the method MD5 hash is unverified.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from hub import Limits, Provider, Request, body, first_of, form, hookimpl, join, query
from hub.signatures import HMAC, Configured, Hash

from ._content import content

Method = Literal["sha256", "sha512", "sha1", "md5", "md5hash"]
METHOD_DOC = "The signature method in the dashboard; `md5hash` is MD5 hash, the others are HMACs."


@dataclass(frozen=True, slots=True)
class parameter:
    """A field, wherever the format has it."""

    name: str

    def __call__(self, request: Request) -> Any:
        return self._place(request)(request)

    def put(self, request: Request, value: object) -> Request:
        """The request with the field set."""
        return self._place(request).put(request, value)

    def _place(self, request: Request) -> query | form | body:
        if not request.body:
            return query(self.name)
        return body(self.name) if request.content_type == "application/json" else form(self.name)


def fields(request: Request, *, timestamp: str | None) -> str | None:
    """All fields but the signature by name, `&` and `=` in their values replaced."""
    found = content(request)
    if (
        timestamp is None
        or not isinstance(found, dict)
        or any(isinstance(value, (dict, list)) for value in found.values())
    ):
        return None
    values = {name: str(value).replace("&", "_").replace("=", "_") for name, value in found.items() if name != "sig"}
    return "".join(f"&{name}={value}" for name, value in sorted(values.items()))


def fields_and_secret(request: Request, *, timestamp: str | None, secret: bytes) -> bytes | None:
    """The fields, and the secret after them."""
    found = fields(request, timestamp=timestamp)
    return None if found is None else found.encode("utf-8", "surrogatepass") + secret


def signature(*, method: Annotated[Method, METHOD_DOC] = "sha256") -> HMAC:
    """The signature by the account's method."""
    at, at_time = parameter("sig"), parameter("timestamp")
    if method == "md5hash":
        return Hash(at, "{HEX}", fields_and_secret, hash="md5", timestamp=at_time, covers="part")
    return HMAC(at, "{HEX}", fields, hash=method, timestamp=at_time, covers="part")


vonage_sms_signature = Provider(
    name="vonage-sms-signature",
    title="Vonage SMS API (signed)",
    docs="https://developer.vonage.com/en/getting-started/concepts/signing-messages",
    verify=Configured(signature),
    type=first_of(parameter("status"), parameter("type")),
    # a message has each status once
    id=join(parameter("messageId"), parameter("status")),
    time=parameter("message-timestamp"),
    subject=parameter("msisdn"),
    methods=("POST", "GET"),
    limits=Limits(retries="for 24 hours", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [vonage_sms_signature]
