"""Treezor: users, wallets, payments and cards; the signature stands in the body.

Setup: register the hub's URL with the API (`POST /settings/hooks` at webhook.api.treezor.co); `secret` is the webhook
secret that you share with Treezor.

A subscription waits until you confirm it with what Treezor posts then. If that has no signature, it is refused: look
for it with `hub rejected` (unverified).
"""

import json
from typing import Any

from hub import Limits, Provider, Request, body, hookimpl
from hub.signatures import HMAC


def signed(request: Request) -> str | None:
    """The object as PHP's json_encode writes it."""
    payload = body("object_payload")(request)
    if payload is None:
        return None
    return json.dumps(payload, separators=(",", ":")).replace("/", "\\/")


def when(request: Request) -> Any:
    """`webhook_created_at`, in ten-thousandths of a second."""
    ticks = body("webhook_created_at")(request)
    return ticks / 10_000 if isinstance(ticks, int) else ticks


treezor = Provider(
    name="treezor",
    title="Treezor",
    docs="https://docs.treezor.com/guide/webhooks/",
    verify=HMAC(body("object_payload_signature"), "{base64}", signed, covers="part"),
    type=body("webhook"),
    id=body("webhook_id"),
    time=when,
    subject=body("object_id"),
    limits=Limits(retries="on 5xx every minute, up to 30 times"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [treezor]
