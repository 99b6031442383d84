"""What every log has to do: `LogContract` is inherited by the tests of each, which say where its logs stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from hub.event import Event, new_id
from hub.log.base import Delivery, Feed, Log, Query, Settled, Stored, SubscriptionSpec
from hub.request import Request

SOON = timedelta(milliseconds=30)
FAR = timedelta(days=3)


class Place(Protocol):
    """Where a log stands; it outlives the logs that are opened on it, and closes those that a test leaves open."""

    async def open(self, **settings: Any) -> Log: ...


def now() -> datetime:
    return datetime.now(UTC)


def incoming(body: bytes | str = b'{"n": 1}', at: datetime | None = None, **parts: Any) -> Request:
    return Request.make(url="https://hub.test/webhooks/shop", body=body, received=at, **parts)


def event_of(request: Request, delivery: str | None = None, **attributes: Any) -> Event:
    number = new_id()
    given: dict[str, Any] = {
        "id": number,
        "source": "shop",
        "type": "shopify.order",
        "provider": "shopify",
        "deliveryid": delivery or number,
        "receivedat": request.received,
        "data": request.json,
    }
    return Event(**{**given, **attributes})


async def keep(log: Log, delivery: str | None = None, *, at: datetime | None = None, **attributes: Any) -> Stored:
    """Append one request with one event."""
    request = incoming(at=at)
    (stored,) = await log.append(request, [event_of(request, delivery, **attributes)])
    return stored


async def keep_many(log: Log, count: int, **attributes: Any) -> list[Stored]:
    """Append one request with many events."""
    request = incoming()
    return await log.append(request, [event_of(request, **attributes) for _ in range(count)])


async def subscribe(log: Log, name: str = "store", **spec: Any) -> Feed:
    return await log.feed(SubscriptionSpec(name=name, **spec))


async def take(feed: Feed, count: int, limit: int = 100) -> list[Delivery]:
    """Exactly so many deliveries, in as many takes as it needs."""
    taken: list[Delivery] = []
    while len(taken) < count:
        more = await feed.take(min(limit, count - len(taken)), 10)
        assert more, f"only {len(taken)} of {count} came"
        taken += more
    return taken


async def nothing(feed: Feed) -> bool:
    """Is there nothing to take?"""
    return await feed.take(10, 0.05) == []


async def settle(feed: Feed, deliveries: Sequence[Delivery], kind: Any = "delivered", **more: Any) -> None:
    await feed.settle([Settled(delivery, kind, **more) for delivery in deliveries])


def positions(found: Sequence[Stored] | Sequence[Delivery]) -> list[int]:
    return [one.position for one in found]


async def everything(log: Log, query: Query | None = None, step: int = 1000) -> list[Stored]:
    """All events that a query selects, oldest first, page by page."""
    found: list[Stored] = []
    before = None
    while True:
        page = await log.browse(query or Query(), before, step)
        found += page.items
        before = page.next
        if before is None:
            return found[::-1]
