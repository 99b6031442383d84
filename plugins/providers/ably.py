"""Ably: messages, presence and channel lifecycle, in batches or one by one."""

from hub import Limits, Provider, body, first_of, header, hookimpl, items
from hub.signatures import HMAC, OneOf

from ._places import chosen_header


def part(text: str) -> bytes:
    """The secret part of an API key (`app.key:secret`), or what is that part already."""
    return text.rpartition(":")[2].encode("utf-8", "surrogatepass")


ably = Provider(
    name="ably",
    title="Ably",
    docs="https://ably.com/docs/platform/integrations/webhooks",
    verify=OneOf(
        # only batches are signed
        signed=HMAC("X-Ably-Signature", "{base64}", key=part),
        header=chosen_header(),
    ),
    type=first_of(body("source"), body("name"), "channel.message"),
    id=first_of(body("serial"), body("messages.0.id"), body("presence.0.id"), header("X-Ably-Message-Id")),
    time=first_of(body("timestamp"), body("messages.0.timestamp"), body("presence.0.timestamp")),
    subject=first_of(body("data.channelId"), body("channel"), header("X-Ably-Channel")),
    split=items("items[]"),
    limits=Limits(
        retries="one by one: 5xx and timeouts twice, after 4 and 20 seconds; batches: ever slower for 5 minutes",
        confidence="medium",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [ably]
