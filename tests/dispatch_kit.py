"""What the tests of the dispatcher share: a log, events, subscribers whose behaviour a test gives, small times."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from log_contract import event_of, incoming

from hub.dispatch import BreakerPolicy, Dispatcher, Subscription, SubscriptionPolicy
from hub.event import Event
from hub.log import open_log
from hub.log.base import DeliveryQuery, DeliveryState, Lag, Log, Stored
from hub.retry import RetryPolicy
from hub.subscriber import Subscriber

QUICK = SubscriptionPolicy(
    retry=RetryPolicy(attempts=3, first=0.01, max=0.02),
    breaker=BreakerPolicy(first=0.02, longest=0.05),
    timeout=2.0,
    linger=0.05,
    reopen=0.01,
    gather=0.002,
)
LATE = RetryPolicy(attempts=3, first=86400, max=864000)
"""Nobody sees its second attempt."""

Behaviour = Callable[[Event], Awaitable[None]]


async def fine(event: Event) -> None:
    """Deliver."""


async def forever(event: Event) -> None:
    """Hang, until it is cancelled."""
    await asyncio.Event().wait()


def failing(error: BaseException) -> Behaviour:
    """Always raise this."""

    async def deliver(event: Event) -> None:
        raise error

    return deliver


def fail_once(error: BaseException, numbers: Sequence[int] = (0,)) -> Behaviour:
    """Raise at the first attempt at each of these events."""
    left = set(numbers)

    async def deliver(event: Event) -> None:
        if event.data["n"] in left:
            left.discard(event.data["n"])
            raise error

    return deliver


class Target(Subscriber):
    """Does what it is told, and keeps the numbers of the events it was asked to deliver, and those it delivered."""

    name = "target"

    def __init__(self, behaviour: Behaviour = fine) -> None:
        self.behaviour = behaviour
        self.asked: list[int] = []
        self.got: list[int] = []

    async def deliver(self, event: Event) -> None:
        self.asked.append(event.data["n"])
        await self.behaviour(event)
        self.got.append(event.data["n"])


class Bulk(Subscriber):
    """Takes batches, all or none; keeps the sizes it was asked for."""

    name = "bulk"
    batch = 100

    def __init__(self, behaviour: Behaviour = fine) -> None:
        self.behaviour = behaviour
        self.sizes: list[int] = []
        self.got: list[int] = []

    async def deliver_batch(self, events: Sequence[Event]) -> None:
        self.sizes.append(len(events))
        for event in events:
            await self.behaviour(event)
        self.got += [event.data["n"] for event in events]


def policy(**changes: Any) -> SubscriptionPolicy:
    return replace(QUICK, **changes)


def subscription(subscriber: Subscriber, name: str = "store", **parts: Any) -> Subscription:
    return Subscription(name=name, subscriber=subscriber, **{"policy": QUICK, "start": "beginning", **parts})


@asynccontextmanager
async def opened(folder: Path, **settings: Any) -> AsyncIterator[Log]:
    """The log of a folder."""
    log = open_log("sqlite:///hub.db", folder, **settings)
    await log.open()
    try:
        yield log
    finally:
        await log.close()


@asynccontextmanager
async def running(
    log: Log, *subscriptions: Subscription, grace: float = 2.0, on_attempt: Any = None
) -> AsyncIterator[Dispatcher]:
    """A dispatcher that delivers."""
    dispatcher = Dispatcher(log, subscriptions, on_attempt)
    await dispatcher.start()
    try:
        yield dispatcher
    finally:
        await dispatcher.stop(grace)


async def fill(log: Log, count: int, start: int = 0, **attributes: Any) -> list[Stored]:
    """Append events with data {"n": start}, ..."""
    request = incoming()
    events = [event_of(request, data={"n": number}, **attributes) for number in range(start, start + count)]
    return await log.append(request, events)


async def until(true: Callable[[], bool]) -> None:
    """Wait for something that happens in the background."""
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.002)


async def settled(log: Log, *, waiting: int = 0, in_flight: int = 0, later: int = 0, dead: int = 0) -> None:
    """Wait until so many deliveries of the only subscription are in each state, and all others are done."""
    async with asyncio.timeout(10):
        while (lag := (await log.subscriptions())[0].lag) != Lag(waiting, in_flight, later, dead, lag.oldest):
            await asyncio.sleep(0.002)


async def rows(log: Log) -> list[DeliveryState]:
    """Deliveries that are to be tried again or were given up, the oldest event first."""
    page = await log.deliveries(DeliveryQuery(states=("later", "dead")), None, 1000)
    return page.items[::-1]
