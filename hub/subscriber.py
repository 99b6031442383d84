"""The subscriber: a plugin that receives events, and the mark that makes one of a function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from hub.event import Event
from hub.request import Request

if TYPE_CHECKING:
    import httpx2

Handler = Callable[[Event], Awaitable[None]]
H = TypeVar("H", bound=Handler)
MARK = "__hub_on__"


class Context(Protocol):
    """What the hub lends to a subscriber.

    name: the subscription's; folder: that of config.toml, for relative paths; http: a client that raises for every
    status that is not 2xx.
    """

    name: str
    folder: Path

    @property
    def http(self) -> httpx2.AsyncClient: ...

    def render(self, template: str, event: Event) -> str: ...

    async def request(self, event: Event) -> Request | None: ...


class Subscriber:
    """Base of subscriber plugins: a dataclass whose fields are its options.

    name: the plugin's name, as `plugin = ` in the config says it; batch: above 1, the hub calls `deliver_batch` with up
    to that many events. Returning is delivered; raising is tried again by the retry policy; `Retry(after=30)` says
    when, `Reject("gone")` that it is no use.
    """

    name: ClassVar[str]
    batch: ClassVar[int] = 1
    context: Context

    async def open(self) -> None:
        """Called once before the first delivery, and again until it succeeds."""

    async def close(self) -> None:
        """Called once, after the last delivery."""

    async def deliver(self, event: Event) -> None:
        """Deliver one event."""
        raise NotImplementedError(f"{type(self).__name__} has no deliver()")

    async def deliver_batch(self, events: Sequence[Event]) -> None:
        """Deliver several events as one attempt: all or none."""
        for event in events:
            await self.deliver(event)

    @property
    def http(self) -> httpx2.AsyncClient:
        """The hub's HTTP client: raises for a status that is not 2xx, so that a delivery is tried again or given up."""
        return self.context.http

    def render(self, template: str, event: Event) -> str:
        """The Jinja2 template (sandboxed) with `event` in it.

        Raises:
            Reject: the template fails on this event.
        """
        return self.context.render(template, event)

    async def request(self, event: Event) -> Request | None:
        """The request that the event came in, byte for byte; None if it is no longer kept."""
        return await self.context.request(event)


@dataclass(frozen=True, slots=True)
class Rule:
    """One `@on(...)`: event type patterns, with the options of a `[subscribers.<name>]` table."""

    events: tuple[str, ...]
    where: str | None
    sources: tuple[str, ...]
    name: str | None
    options: tuple[tuple[str, Any], ...]


def on(
    *events: str, where: str | None = None, sources: Sequence[str] = (), name: str | None = None, **options: Any
) -> Callable[[H], H]:
    """Deliver matching events to an `async def` function in a file of the local `plugins/` folder.

    events: patterns on the event type (fnmatch); where: JMESPath over the event; sources: names of sources;
    name: the subscription's, else `<path.in.plugins>.<function>`; its place in the log hangs on it;
    options: `retry concurrency rate timeout start`, as in a `[subscribers.<name>]` table.

    Raises:
        TypeError: used without parentheses.
    """
    if len(events) == 1 and callable(events[0]):
        raise TypeError('@on needs its patterns: @on("github.push"), or @on("*") for every event')

    def mark(function: H) -> H:
        rule = Rule(events, where, tuple(sources), name, tuple(options.items()))
        setattr(function, MARK, (*getattr(function, MARK, ()), rule))
        return function

    return mark
