"""Google Cloud Pub/Sub: push subscriptions, wrapped or not; so also Gmail, Cloud Storage, Workspace events.

Setup: make a push subscription with the hub's URL and authentication: `email` is its service account, `audience` what
is entered there, or else the URL. Without authentication the URL ends with `?token=...`, the `secret`.
"""

from base64 import b64decode
from typing import Any

import orjson

from hub import Limits, Provider, Request, body, first_of, header, hookimpl, query
from hub.signatures import OneOf, Token

from ._google_token import google_token


def readable(raw: bytes, otherwise: Any) -> Any:
    """JSON, or text, or what it is otherwise."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        pass
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return otherwise


def content(request: Request) -> Any:
    """The push with its message decoded; without a wrapper, the payload."""
    data = body("message.data")(request)
    if not isinstance(data, str):
        return request.json if body("message")(request) else readable(request.body, request.text)
    return {**request.json, "message": {**request.json["message"], "data": readable(b64decode(data), data)}}


google_pubsub = Provider(
    name="google-pubsub",
    title="Google Cloud Pub/Sub",
    docs="https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions",
    verify=OneOf(
        jwt=google_token(),
        url=Token(query("token"), doc="The secret in the URL of a push without authentication: `?token=...`"),
    ),
    # Pub/Sub has no types: some publishers put theirs into an attribute
    type=first_of(
        body("message.attributes.ce-type"),
        body("message.attributes.eventType"),
        body("message.attributes.type"),
        header("ce-type"),
        "message",
    ),
    id=first_of(body("message.messageId"), header("x-goog-pubsub-message-id")),
    time=first_of(body("message.publishTime"), header("x-goog-pubsub-publish-time")),
    subject=first_of(body("subscription"), header("x-goog-pubsub-subscription-name")),
    data=content,
    refuse=401,
    limits=Limits(timeout=600, retries="ever slower, as long as the subscription keeps messages", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [google_pubsub]
