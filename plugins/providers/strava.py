"""Strava: activities and athletes of an application.

Setup: POST to https://www.strava.com/api/v3/push_subscriptions with the application's `client_id` and `client_secret`,
the hub's URL as `callback_url` and a `verify_token` of your own, which may be set here too. `secret` is the `id` in the
answer.

The subscription's id can be guessed: end the URL with `?token=...` and set `token`.
"""

from hmac import compare_digest
from typing import Annotated

import orjson

from hub import Limits, Provider, Reply, Request, body, digest_of, hookimpl, join, query
from hub.signatures import AllOf, Token


def validation(
    request: Request, *, verify_token: Annotated[str | None, "The `verify_token` of the subscription."] = None
) -> Reply | None:
    """The challenge of a new subscription, sent back as JSON if its `verify_token` is the configured one."""
    challenge, given = query("hub.challenge")(request), query("hub.verify_token")(request) or ""
    if request.method != "GET" or query("hub.mode")(request) != "subscribe" or not challenge:
        return None
    if verify_token and not compare_digest(given.encode("utf-8", "replace"), verify_token.encode()):
        return None
    content = orjson.dumps({"hub.challenge": challenge})
    return Reply(200, content, {"content-type": "application/json"}, event=False, note="challenge echoed")


strava = Provider(
    name="strava",
    title="Strava",
    docs="https://developers.strava.com/docs/webhooks/",
    verify=AllOf(
        Token(body("subscription_id"), doc="The subscription's id."),
        Token(query("token"), option="token", doc="The secret in the callback URL: `?token=...`."),
    ),
    type=join(body("object_type"), body("aspect_type")),
    id=digest_of(*(body(name) for name in ("object_id", "object_type", "aspect_type", "event_time", "updates"))),
    time=body("event_time"),
    subject=body("object_id"),
    handshake=validation,
    limits=Limits(timeout=2, retries="3 attempts in all", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [strava]
