"""Rocket.Chat: messages that an outgoing integration sends.

Setup: under Administration > Workspace > Integrations add an outgoing one with an event and the hub's URL. `secret` is
the token shown there.
"""

from typing import Any

from hub import Limits, Provider, Request, body, first_of, hookimpl
from hub.signatures import Token


def identity(request: Request) -> Any:
    """The message's id; an edited message keeps it, and is another event."""
    return None if body("isEdited")(request) else body("message_id")(request)


rocketchat = Provider(
    name="rocketchat",
    title="Rocket.Chat",
    docs="https://docs.rocket.chat/docs/outgoing-webhook",
    verify=Token(body("token"), doc="The integration's token."),
    # the body does not say which event of the integration it is
    type=first_of("message"),
    id=identity,
    time=body("timestamp"),
    subject=first_of(body("channel_name"), body("channel_id")),
    limits=Limits(retries="as the integration says", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [rocketchat]
