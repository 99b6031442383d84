"""Twilio: messages, calls, recordings, conversations, Event Streams.

Setup: paste the hub's URL where the product takes a webhook: for a number under Phone Numbers > Manage > Active
numbers, for a status as `StatusCallback` of the call that sends. `secret` is the account's Auth Token, or the secret
of the SharedKey with which webhooks are signed.

The URL is signed as it was typed: `public_url` has to be the same text. Instead of the signature, a user name and a
password in the URL can be checked (`username`, `password`); the body is not covered then.

No time is signed: a request that somebody has seen can be sent again. Names and values of a form are signed without
anything between them.

Messages and calls are answered with an empty TwiML response, which ends a call; set `twiml` to answer otherwise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from hub import Limits, Provider, Reply, Request, body, first_of, header, hookimpl, join, query
from hub.signatures import HMAC, Basic, OneOf

from ._content import parts

SETTINGS = "X-Twilio-Webhooks-Signature-Settings"
AUTH_TOKEN = "HMAC_SHA1"  # noqa: S105  # an algorithm
TWIML = "What messages and calls are answered with."


@dataclass(frozen=True, slots=True)
class algorithm:
    """What the settings of a SharedKey's signature name; without any it is made with the Auth Token."""

    name: str = SETTINGS

    def __call__(self, request: Request) -> str:
        pairs = [pair.partition("=") for pair in (request.header(SETTINGS) or "").split(",")]
        named = (value.strip() for name, _, value in pairs if name.strip() == "algorithm")
        return next(named, "") or AUTH_TOKEN

    def put(self, request: Request, value: object) -> Request:
        """The request with the settings, where there have to be any."""
        return request if value == AUTH_TOKEN else request.with_header(SETTINGS, f"algorithm={value}")


def bare(host: SplitResult) -> str:
    """The host without its port."""
    return host.netloc.removesuffix(f":{host.port}")


def default(host: SplitResult) -> str:
    """The host with a port, though it be that of its scheme."""
    return host.netloc if host.port else f"{host.netloc}:{443 if host.scheme == 'https' else 80}"


def signed(shown: Callable[[SplitResult], str]) -> Callable[[Request], str | None]:
    """What is signed, with the host as `shown` writes it."""

    def text(request: Request) -> str | None:
        """The URL, then a form's fields by name; of any other body its URL has the hash."""
        if request.body and not request.form and query("bodySHA256")(request) != digest(request):
            return None
        url = urlsplit(request.url)
        fields = [f"{name}{value}" for name, values in sorted(request.form.items()) for value in sorted(set(values))]
        return url._replace(netloc=shown(url)).geturl() + "".join(fields)

    return text


def digest(request: Request) -> str:
    """The body's hash."""
    return hashlib.sha256(request.body).hexdigest()


class Signature(HMAC):
    """Twilio's signature; of a body that is no form, signing puts the hash into the URL."""

    def __init__(self, name: str, hash: str, doc: str) -> None:
        # Twilio's own libraries try the port too: it is not always signed as it was typed
        texts = (signed(lambda url: url.netloc), signed(bare), signed(default))
        super().__init__(
            "X-Twilio-Signature", "{base64}", texts, hash=hash, require={algorithm(): name}, covers="part", doc=doc
        )

    def sign(self, request: Request, options: Mapping[str, Any]) -> Request:
        """The request as Twilio would send it."""
        if request.body and not request.form:
            request = query("bodySHA256").put(request, digest(request))
        return super().sign(request, options)


def answer(request: Request, *, twiml: Annotated[str, TWIML] = "<Response/>") -> Reply | None:
    """What is neither a message nor a call wants no content."""
    place = first_of(body("MessageSid"), body("SmsSid"), body("CallSid"))
    speaks = any(place(request.part(part)) for part in parts(request))
    return Reply(200, twiml, {"content-type": "text/xml"}) if speaks else Reply(200)


STATUS = first_of(body("MessageStatus"), body("SmsStatus"))


def told(request: Request) -> str | None:
    """A message has each status once."""
    sid, status = body("MessageSid")(request), STATUS(request)
    return f"{sid}.{status}" if sid and status else None


twilio = Provider(
    name="twilio",
    title="Twilio",
    docs="https://www.twilio.com/docs/usage/webhooks/webhooks-security",
    verify=OneOf(
        auth_token=Signature(AUTH_TOKEN, "sha1", "The Auth Token; a list while it is being changed."),
        shared_key=Signature("HMAC_SHA256", "sha256", "The SharedKey's secret."),
        basic=Basic(),
    ),
    type=first_of(
        body("EventType"),
        body("type"),
        join("recording", body("RecordingStatus")),
        join("message", STATUS),
        join("call", body("CallStatus")),
        "callback",
    ),
    # the header is not signed, but a call has no other
    id=first_of(told, body("id"), header("I-Twilio-Idempotency-Token")),
    time=first_of(body("time"), body("Timestamp")),
    subject=first_of(*(body(name) for name in ("MessageSid", "CallSid", "ConversationSid", "subject", "AccountSid"))),
    split=parts,
    answer=answer,
    refuse=401,  # the user name and the password of a URL are sent only after they were asked for
    methods=("POST", "GET"),
    limits=Limits(timeout=15, retries="as the URL's fragment asks for, `#rc=2&rp=all`", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [twilio]
