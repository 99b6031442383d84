"""Slack: post a message to a channel for each event, through an incoming webhook."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from jinja2 import TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment

from hub import Event, Option, Subscriber, hookimpl

MAX_TEXT = 40_000
"""https://docs.slack.dev/reference/methods/chat.postMessage: longer messages are truncated."""
MAX_BLOCK_TEXT = 3_000
"""https://docs.slack.dev/reference/block-kit/blocks/section-block: longer texts are refused."""
SHORTER = {"header": 150, "button": 75}
HALF_ENTITY = re.compile(r"&\w{0,3}$")


@dataclass
class Slack(Subscriber):
    """Slack knows no idempotency: a message whose answer was lost is posted again.

    https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
    """

    name = "slack"
    url: Annotated[str, Option("The incoming webhook's URL.", secret=True)] = field(repr=False)
    text: Annotated[str, "A template, in Slack's mrkdwn; values are escaped."] = "{{ event.source }}: {{ event.type }}"
    blocks: Annotated[
        list[dict[str, Any]] | str,
        "Block Kit blocks, as tables or as Block Kit Builder's JSON; every text in them is a template.",
    ] = field(default_factory=list)

    def __post_init__(self) -> None:
        try:
            self.layout = json.loads(self.blocks) if isinstance(self.blocks, str) else self.blocks
        except ValueError as error:
            raise ValueError(f"blocks is not JSON: {error}") from None
        if isinstance(self.layout, dict):  # Block Kit Builder wraps the list
            self.layout = self.layout.get("blocks")
        if not isinstance(self.layout, list):
            raise ValueError("blocks is a list of blocks")
        for template in (self.text, *texts(self.layout)):
            try:
                SandboxedEnvironment().parse(template)
            except TemplateSyntaxError as error:
                raise ValueError(f"the template {template!r} has an error: {error.message}") from None

    async def deliver(self, event: Event) -> None:
        escaped = escape_event(event)
        message: dict[str, Any] = {"text": cut(self.render(self.text, escaped), MAX_TEXT)}
        if self.layout:
            message["blocks"] = self.fill(self.layout, event, escaped)
        await self.http.post(self.url, json=message)

    def fill(self, part: Any, event: Event, escaped: Event, key: str = "", limit: int = MAX_BLOCK_TEXT) -> Any:
        """A part of the blocks with its templates rendered: a value cannot break out of the text it stands in."""
        if isinstance(part, dict):
            limit = SHORTER.get(str(part.get("type")), limit)
            return {name: self.fill(value, event, escaped, name, limit) for name, value in part.items()}
        if isinstance(part, list):
            return [self.fill(value, event, escaped, key, limit) for value in part]
        if not isinstance(part, str):
            return part
        if key.endswith("url"):  # Slack takes these as they are
            return self.render(part, event)
        return cut(self.render(part, escaped), limit)


def texts(part: Any) -> Iterator[str]:
    """Every text in the blocks."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, (dict, list)):
        for item in part.values() if isinstance(part, dict) else part:
            yield from texts(item)


def escape_event(event: Event) -> Event:
    """The event with every text in it escaped, so that a sender cannot mention @channel or disguise a link."""
    subject = None if event.subject is None else escape(event.subject)
    return replace(event, type=escape(event.type), subject=subject, data=escape(event.data))


def escape(value: Any) -> Any:
    """Slack's three: https://docs.slack.dev/messaging/formatting-message-text#escaping"""
    if isinstance(value, str):
        return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if isinstance(value, list):
        return [escape(item) for item in value]
    if isinstance(value, dict):
        return {escape(key): escape(item) for key, item in value.items()}
    return value


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, with no half of an `&amp;` at the end."""
    if len(text) <= limit:
        return text
    return HALF_ENTITY.sub("", text[: limit - 1]) + "…"


@hookimpl
def register_subscribers() -> list[type[Subscriber]]:
    return [Slack]
