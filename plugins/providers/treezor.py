"""Treezor: users, wallets, payments and cards; the signature stands in the body."""

import json

from hub import Limits, Provider, Request, body, hookimpl
from hub.signatures import HMAC


def signed(request: Request) -> str | None:
    """The object as PHP's json_encode writes it."""
    payload = body("object_payload")(request)
    if payload is None:
        return None
    return json.dumps(payload, separators=(",", ":")).replace("/", "\\/")


treezor = Provider(
    name="treezor",
    title="Treezor",
    docs="https://docs.treezor.com/guide/webhooks/",
    verify=HMAC(body("object_payload_signature"), "{base64}", signed, covers="part"),
    type=body("webhook"),
    id=body("webhook_id"),
    time=body("webhook_created_at"),
    subject=body("object_id"),
    limits=Limits(retries="on 5xx every minute, up to 30 times"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [treezor]
