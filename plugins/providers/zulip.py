"""Zulip: messages to an outgoing webhook bot, in Zulip's format or in Slack's.

Setup: Personal settings > Bots > Add a new bot: an outgoing webhook with the hub's URL. `secret` is the `token` in the
bot's zuliprc.
"""

from hub import Limits, Provider, Reply, Request, body, first_of, hookimpl, join
from hub.signatures import Token

from ._field import field


def answer(request: Request) -> Reply:
    """Without this the bot would complain that nobody answered it."""
    return Reply(200, '{"response_not_required": true}', {"content-type": "application/json"})


def about(request: Request) -> object:
    """The channel; the sender of a direct message."""
    channel = first_of(body("message.display_recipient"), field("channel_name"))(request)
    return channel if isinstance(channel, str) else body("message.sender_email")(request)


zulip = Provider(
    name="zulip",
    title="Zulip",
    docs="https://zulip.com/api/outgoing-webhooks",
    verify=Token(field("token"), doc="The bot's token, which stands in each body."),
    type=first_of(field("trigger"), field("trigger_word"), "message"),
    # one message may mention several bots
    id=join(body("message.id"), body("bot_email")),
    time=first_of(body("message.timestamp"), field("timestamp")),
    subject=about,
    answer=answer,
    limits=Limits(timeout=10, confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [zulip]
