"""Ably: messages, presence and channel lifecycle, in batches or one by one.

Setup: in the dashboard open the app, Integrations > New integration rule > Webhook, with the hub's URL and JSON. For
batches choose a key to sign with: `secret` is its part after the colon. Single requests are not signed: give the rule
the header `X-Hub-Token:...` with the `token`.

A message without an envelope becomes an event of the same shape as one in an envelope. MessagePack is not read.
"""

from typing import Any

from hub import Limits, Provider, Request, body, first_of, hookimpl, items
from hub.signatures import HMAC, OneOf

from ._places import chosen_header


def part(text: str) -> bytes:
    """The secret part of an API key (`app.key:secret`), or what is that part already."""
    return text.rpartition(":")[2].encode("utf-8", "surrogatepass")


def events(request: Request) -> list[Any]:
    """The items of a batch; a bare message gets the envelope that its headers tell of."""
    source = request.header("X-Ably-Envelope-Source")
    # the headers of a signed batch are not signed
    if source is None or request.header("X-Ably-Signature"):
        return items("items[]")(request)
    message = {name: request.header(f"X-Ably-Message-{name}") for name in ("id", "name", "timestamp")}
    message["data"] = request.json if "json" in request.content_type else request.text
    kind = "presence" if source == "channel.presence" else "messages"
    return [{"source": source, "channel": request.header("X-Ably-Envelope-Channel"), kind: [message]}]


def kind(request: Request) -> Any:
    """The source, `channel.message`; what happened to a channel has a name, `channel.opened`."""
    source = body("source")(request)
    return first_of(body("name"), body("source"))(request) if source == "channel.lifecycle" else source


ably = Provider(
    name="ably",
    title="Ably",
    docs="https://ably.com/docs/platform/integrations/webhooks",
    verify=OneOf(
        # only batches are signed
        signed=HMAC("X-Ably-Signature", "{base64}", key=part),
        header=chosen_header(),
    ),
    type=kind,
    id=first_of(body("serial"), body("messages.0.id"), body("presence.0.id")),
    time=first_of(body("timestamp"), body("messages.0.timestamp"), body("presence.0.timestamp")),
    subject=first_of(body("data.channelId"), body("channel")),
    split=events,
    limits=Limits(
        retries="one by one: 5xx and timeouts twice, after 4 and 20 seconds; batches: ever slower for 5 minutes",
        confidence="medium",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [ably]
