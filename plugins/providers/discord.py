"""Discord: events of an app (Webhook Events), and interactions: commands, components, modals.

Setup: set `public_key` to the application's Public Key (General Information) and start the hub; then paste the hub's
URL under Webhooks > Endpoint, enable Events and choose them. For interactions paste it under General Information >
Interactions Endpoint URL.

Discord sends requests with wrong signatures on purpose, now and then, and removes the URL if they are not refused.

Interactions are answered with a deferred response: whoever takes the event has 15 minutes to edit it, with the
event's `data.token`.
"""

import orjson

from hub import Limits, Provider, Reply, Request, body, digest_of, first_of, header, hookimpl, join, words
from hub.signatures import Ed25519

KINDS = {
    2: "APPLICATION_COMMAND",
    3: "MESSAGE_COMPONENT",
    4: "APPLICATION_COMMAND_AUTOCOMPLETE",
    5: "MODAL_SUBMIT",
}
DEFERRED = {2: {"type": 5}, 3: {"type": 6}, 4: {"type": 8, "data": {"choices": []}}, 5: {"type": 5}}
"""Answers to the kinds: a message later, a change later, no choices."""


def answer(request: Request) -> Reply | None:
    """PING is 0 of webhook events and 1 of interactions; 1 is an event too, with `event` in it."""
    number = body("type")(request)
    if number == 0:
        return Reply(204, event=False, note="PING answered")
    if body("event")(request) is not None:
        return Reply(204)
    content = {1: {"type": 1}, **DEFERRED}.get(number) if isinstance(number, int) else None
    if content is None:
        return None
    return Reply(200, orjson.dumps(content), {"content-type": "application/json"}, event=number != 1)


discord = Provider(
    name="discord",
    title="Discord",
    docs="https://docs.discord.com/developers/events/webhook-events",
    verify=Ed25519(
        "X-Signature-Ed25519",
        "{hex}",
        "{timestamp}{body}",
        timestamp=header("X-Signature-Timestamp"),
        tolerance=900,  # none is documented; events are sent again for ten minutes
        doc="The application's public key, in hex as its page shows it.",
    ),
    type=first_of(body("event.type"), join(words(body("type"), KINDS), body("data.name"))),
    # only interactions have an id
    id=first_of(body("id"), digest_of(body("event.timestamp"), body("event.type"), body("event.data"))),
    time=body("event.timestamp"),
    subject=first_of(body("event.data.user.id"), body("guild_id"), body("user.id"), body("application_id")),
    answer=answer,
    refuse=401,
    limits=Limits(timeout=3, retries="for 10 minutes, ever slower", disables="when too many fail", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [discord]
