"""Slack: Events API, interactivity and slash commands.

Setup: at https://api.slack.com/apps open the app; with the hub running, paste its URL under Event Subscriptions,
Interactivity and Slash Commands. `secret` is the Signing Secret of Basic Information.
"""

from typing import Any

import orjson

from hub import Limits, Provider, Reply, Request, body, form, header, hookimpl, inside, query
from hub.signatures import HMAC


def content(request: Request) -> Any:
    """JSON for events; for interactivity JSON in the form field `payload`; for slash commands the form's fields."""
    payload = form("payload")(request)
    fields = {name: values[0] for name, values in request.form.items()} or request.json
    data = fields if payload is None else orjson.loads(payload)
    # the old verification token, which others may still trust
    return {name: data[name] for name in data if name != "token"} if isinstance(data, dict) else data


def kind(request: Request) -> str | None:
    """The inner event's type, the interaction's, or `command./name`."""
    data = content(request)
    if isinstance(data, dict) and "command" in data:
        return f"command.{data['command']}"
    inner = data.get("event") if isinstance(data, dict) else None
    return inner.get("type") if isinstance(inner, dict) else data.get("type") if isinstance(data, dict) else None


def probe(request: Request) -> Reply | None:
    """Slack looks at a command's certificate with `ssl_check=1`, without a signature."""
    small = len(request.body) < 1000  # a stranger's form is parsed here
    asked = query("ssl_check")(request) or (form("ssl_check")(request) if small else None)
    return Reply(200, event=False, note="ssl_check answered") if asked == "1" else None


def answer(request: Request) -> Reply | None:
    """url_verification is signed like any event: answered after it was verified.

    Slack shows the answers to commands and interactions to the user, so theirs is empty.
    """
    if request.form:
        return Reply(200)
    if body("type")(request) != "url_verification":
        return None
    return Reply(200, str(body("challenge")(request) or ""), event=False, note="url_verification answered")


slack = Provider(
    name="slack",
    title="Slack",
    docs="https://docs.slack.dev/authentication/verifying-requests-from-slack",
    verify=HMAC(
        "X-Slack-Signature",
        "v0={hex}",
        "v0:{timestamp}:{body}",
        timestamp=header("X-Slack-Request-Timestamp"),
    ),
    type=kind,
    id=inside(content, "event_id", "trigger_id"),
    time=inside(content, "event_time", "action_ts", "actions.0.action_ts"),
    subject=inside(content, "event.channel", "channel.id", "channel_id", "team_id"),
    data=content,
    handshake=probe,
    answer=answer,
    limits=Limits(
        timeout=3,
        retries="3: at once, after 1 and 5 minutes",
        disables="when fewer than 5 % succeed in an hour with more than 1,000 events",
        confidence="high",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [slack]
