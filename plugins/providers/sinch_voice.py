"""Sinch Voice and Verification: callbacks of calls and of verifications.

Setup: in the dashboard open the Voice or Verification app and paste the hub's URL as its callback URL. `key` is the
app's key and `secret` its secret, both as shown there.

The answer to every callback is an empty SVAML document: what a call shall do has to be decided elsewhere, so let only
the events that need no decision come here.

The signed time is not checked, as nobody says how old it may be: set `tolerance`, in seconds, to refuse old requests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hub import Limits, Option, Provider, Reply, Request, body, digest_of, first_of, header, hookimpl, join
from hub.signatures import HMAC

AUTHORIZATION = re.compile(r"(?:application|service) (?P<key>[^:\s]*):(?P<signature>\S*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class authorization:
    """The key or the signature in `Authorization: application <key>:<signature>`; newer apps say `Service`."""

    name: str

    def __call__(self, request: Request) -> str | None:
        return self._parts(request).get(self.name) or None

    def put(self, request: Request, value: object) -> Request:
        """The request with that part set."""
        parts = {"key": "", "signature": "", **self._parts(request), self.name: str(value)}
        return request.with_header("Authorization", f"application {parts['key']}:{parts['signature']}")

    def _parts(self, request: Request) -> dict[str, str]:
        match = AUTHORIZATION.fullmatch(request.header("Authorization") or "")
        return match.groupdict() if match else {}


def answer(request: Request) -> Reply:
    """An empty SVAML document."""
    return Reply(200, "{}", {"content-type": "application/json"})


sinch_voice = Provider(
    name="sinch-voice",
    title="Sinch Voice and Verification",
    docs="https://developers.sinch.com/docs/voice/api-reference/authentication/callback-signed-request/",
    verify=HMAC(
        authorization("signature"),
        "{base64}",
        "{method}\n{body|md5|base64}\n{header:content-type}\nx-timestamp:{timestamp}\n{path}",
        timestamp=header("x-timestamp"),
        clock="iso",
        tolerance=None,
        key="base64",
        require={authorization("key"): "{option:key}"},
        defaults={"content-type": "application/json"},
        doc="The app's secret, in base64 as the dashboard shows it.",
    ),
    type=body("event"),
    id=first_of(
        digest_of(body("timestamp"), body("callid"), body("event"), body("menuResult")),
        join(body("id"), body("event")),
    ),
    time=body("timestamp"),
    subject=first_of(body("callid"), body("id")),
    answer=answer,
    options={"key": Option("The app's key.")},
    limits=Limits(confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [sinch_voice]
