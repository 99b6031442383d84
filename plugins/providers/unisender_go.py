"""Unisender Go: what became of e-mails; the body has its own hash in it, the API key in its place when it is made.

Setup: with the hub running, set a webhook with its URL by `webhook/set` of the API. `secret` is the API key.
"""

import hashlib

from hub import Provider, Reply, Request, body, first_of, hookimpl, items, join
from hub.signatures import HMAC, Key

MARK = b"\0key\0"
"""JSON has no such bytes."""


def marked(request: Request) -> bytes | None:
    """The body with a mark where its hash stands."""
    found = body("auth")(request)
    return request.body.replace(found.encode(), MARK, 1) if isinstance(found, str) and found else None


class HashInBody(HMAC):
    """A plain hash of the body with the key in the place of the hash."""

    def make(self, key: Key, message: bytes) -> str:
        """The digest as the body shows it."""
        return hashlib.md5(message.replace(MARK, key.value, 1), usedforsecurity=False).hexdigest()


def probe(request: Request) -> Reply | None:
    """The address is tried with GET."""
    return Reply(200, event=False, note="GET answered") if request.method == "GET" else None


unisender_go = Provider(
    name="unisender-go",
    title="Unisender Go",
    docs="https://godocs.unisender.ru/web-api-ref#callback-format",
    verify=HashInBody(
        body("auth"), "{hex}", marked, hash="md5", defaults={body("auth"): "0" * 32}, covers="all", doc="The API key."
    ),
    type=join(body("event_name"), body("event_data.status")),
    time=first_of(body("event_data.event_time"), body("event_data.block_time")),
    subject=first_of(body("event_data.email"), body("event_data.domain")),
    split=items("events_by_user[].events[]"),
    handshake=probe,
)


@hookimpl
def register_providers() -> list[Provider]:
    return [unisender_go]
