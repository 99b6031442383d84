"""From a configured subscription to one that runs: the plugin made with its options, its filter, its context."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hub.config import SubscriptionConfig
from hub.context import SubscriberContext
from hub.dispatch import Subscription, SubscriptionPolicy
from hub.event import Event
from hub.filters import Filter
from hub.log.base import Log
from hub.request import Request
from hub.subscriber import Handler, Subscriber


@dataclass(eq=False)
class FunctionSubscriber(Subscriber):
    """A function marked with `@on`."""

    name = "on"
    handler: Handler

    async def deliver(self, event: Event) -> None:
        """Call it."""
        await self.handler(event)


def make_subscription(settings: SubscriptionConfig, log: Log, folder: Path) -> Subscription:
    """The subscription that a table, or an `@on`, describes."""

    async def request_of(event: Event) -> Request | None:
        return await log.request(event.id) if event.origin is None else event.origin()

    if settings.handler is not None:
        subscriber: Subscriber = FunctionSubscriber(settings.handler)
    else:
        assert settings.subscriber is not None
        subscriber = settings.subscriber(**settings.options)
    subscriber.context = SubscriberContext(settings.name, folder, request_of, timeout=settings.timeout)
    return Subscription(
        name=settings.name,
        subscriber=subscriber,
        filter=Filter.make(settings.events, settings.sources, settings.where),
        start=settings.start,
        policy=SubscriptionPolicy(
            retry=settings.retry,
            concurrency=settings.concurrency,
            rate=settings.rate,
            timeout=settings.timeout,
            ordered=settings.ordered,
        ),
    )
