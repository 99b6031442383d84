"""Microsoft Teams: messages that mention an outgoing webhook.

Setup: in the team under Manage team > Apps choose Create an outgoing webhook and enter the hub's URL. `secret` is the
security token, shown once.
"""

import orjson

from hub import Limits, Provider, Reply, Request, body, first_of, hookimpl
from hub.signatures import HMAC


def answer(request: Request, *, reply: str = "") -> Reply | None:
    """The message that Teams shows to who mentioned the webhook, where the option `reply` has one."""
    text = orjson.dumps({"type": "message", "text": reply})
    return Reply(200, text, {"content-type": "application/json"}) if reply else None


microsoft_teams = Provider(
    name="microsoft-teams",
    title="Microsoft Teams",
    docs="https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-outgoing-webhook",
    verify=HMAC("Authorization", "HMAC {base64}", key="base64"),
    type=body("type"),
    id=body("id"),
    time=body("timestamp"),
    subject=first_of(body("conversation.id"), body("channelData.teamsChannelId")),
    answer=answer,
    limits=Limits(timeout=5, retries="none", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [microsoft_teams]
