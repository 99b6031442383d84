"""X (Twitter): activity of accounts, posts of filtered streams, events of the X Activity API.

Setup: with the app's bearer token `POST /2/webhooks` with the hub's URL (https, no port), which X tries at once; then
subscribe accounts, a filtered stream or activities to that webhook. `secret` is the app's API key secret (Developer
Console > Keys and tokens, also called consumer secret), not the bearer token.

X asks the hub to sign a token with the same secret, again and again. The hub signs none that could be a body, so that
nobody can have an event signed.
"""

import re
from typing import Any

import orjson

from hub import Limits, Provider, Reply, Request, body, dig, first_of, hookimpl, mac, query
from hub.signatures import HMAC

from ._one_by_one import one_by_one

TOKEN = re.compile(r"[\w.~+/=-]{1,256}", re.ASCII)
KEYS = ("_events", "_event", "_status")
"""Ends of the keys that say what happened: `tweet_create_events`, `user_event`, `replay_job_status`."""


def signed(request: Request) -> bytes | None:
    """The body, which is an object: never a token that the hub was asked to sign."""
    return request.body if request.body.startswith(b"{") else None


def challenge(request: Request, *, secret: str | None) -> Reply | None:
    """X asks whether the hub knows the secret (CRC): the MAC of its token."""
    token = query("crc_token")(request)
    if request.method != "GET" or not secret or TOKEN.fullmatch(token or "") is None:
        return None
    answer = orjson.dumps({"response_token": mac(secret, token or "", "sha256={base64}")})
    return Reply(200, answer, {"content-type": "application/json"}, event=False, note="CRC token answered")


def parts(request: Request) -> list[Any]:
    """The items of the lists whose keys say what happened."""
    content = request.json
    return one_by_one(content, *(key for key in content if key.endswith("_events")))


def key(request: Request) -> str | None:
    """The key that says what happened to the account."""
    content = request.json if isinstance(request.json, dict) else {}
    return next((name for name in content if name.endswith(KEYS)), None)


def kind(request: Request) -> str | None:
    """`tweet_create_events`, `profile.update.bio`, or `filtered_stream` for its posts."""
    posts = "filtered_stream" if body("matching_rules")(request) else None
    return first_of(body("data.event_type"), key)(request) or posts


def inside(name: str) -> Any:
    """A value of what happened to the account."""
    return lambda request: dig(request.json, [key(request) or "", "0", *name.split(".")])


def delivery(request: Request) -> str | None:
    """The id of a post, message or like, for one account and one kind: two accounts may take part in it."""
    own = first_of(inside("id_str"), inside("id"), inside("status.id"))(request)
    account = body("for_user_id")(request)
    return f"{account}:{key(request)}:{own}" if own is not None else body("data.event_uuid")(request)


x_twitter = Provider(
    name="x-twitter",
    title="X (Twitter)",
    docs="https://docs.x.com/x-api/webhooks/quickstart",
    verify=HMAC(
        "x-twitter-webhooks-signature",
        "sha256={base64}",
        signed,
        covers="all",
        doc="The app's API key secret (consumer secret); the first of a list answers X's challenges.",
    ),
    type=kind,
    id=delivery,
    time=first_of(
        inside("timestamp_ms"), inside("created_timestamp"), body("data.created_at"), body("data.payload.created_at")
    ),
    subject=first_of(body("for_user_id"), body("data.filter.user_id"), body("data.author_id"), body("data.id")),
    split=parts,
    handshake=challenge,
    limits=Limits(
        timeout=10,
        disables="at once when its challenge is answered wrongly, after 28 hours when it is not answered",
        confidence="high",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [x_twitter]
