"""Retell AI: calls and chats of voice agents.

Setup: in the dashboard under Webhooks, or for one agent, enter the hub's URL. `secret` is the API key with the webhook
badge.
"""

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import HMAC

retell = Provider(
    name="retell",
    title="Retell AI",
    docs="https://docs.retellai.com/features/secure-webhook",
    verify=HMAC(
        "X-Retell-Signature",
        "v={timestamp},d={hex}",
        "{body}{timestamp}",
        clock="ms",
        doc="The API key that has the webhook badge.",
    ),
    type=body("event"),
    time=first_of(
        body("call.end_timestamp"),
        body("call.start_timestamp"),
        body("chat.end_timestamp"),
        body("chat.start_timestamp"),
    ),
    subject=first_of(body("call.call_id"), body("chat.chat_id")),
    limits=Limits(timeout=10, retries="up to 3 attempts"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [retell]
