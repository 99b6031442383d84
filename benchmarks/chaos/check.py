"""The checker: what the sender was promised, against what is in the log, in the SQLite store and at the target."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path

import orjson

from benchmarks.chaos.numbers import Numbers
from benchmarks.chaos.sender import Ledger
from benchmarks.chaos.target import Target
from hub.log.base import Log, Query
from hub.log.sqlite import SqliteLog

PAGE = 500


@dataclass(frozen=True)
class Count:
    """What one place holds. missing: answered and not there; doubled: there more than once; altered: other bytes than
    were sent; stray: there and never sent."""

    place: str
    events: int
    missing: int
    doubled: int
    altered: int
    stray: int

    @classmethod
    def of(cls, place: str, times: Counter[int], altered: Iterable[int], ledger: Ledger) -> Count:
        """times: how often each number is there."""
        return cls(
            place=place,
            events=len(times),
            missing=len(ledger.answered.keys() - times.keys()),
            doubled=sum(count > 1 for count in times.values()),
            altered=len(set(altered)),
            stray=len(times.keys() - ledger.sent),
        )


async def in_log(path: Path, numbers: Numbers, ledger: Ledger) -> Count:
    """Through the hub's own reading: every event, and the request that it came in."""
    async with reading(path) as log:
        times, altered = await look_through(log, numbers)
    return Count.of("log", times, altered, ledger)


async def look_through(log: Log, numbers: Numbers) -> tuple[Counter[int], set[int]]:
    """How often each number is in a log, and which were altered."""
    times: Counter[int] = Counter()
    altered: set[int] = set()
    before = None
    while True:
        page = await log.browse(Query(), before, PAGE)
        for stored in page.items:
            number = numbers.number(stored.event.deliveryid)
            request = await log.request(stored.event.id)
            number = -1 if number is None else number
            times[number] += 1
            if request is None or hashlib.sha256(request.body).digest() != numbers.digest(number):
                altered.add(number)
        before = page.next
        if before is None:
            return times, altered


def in_store(path: Path, numbers: Numbers, ledger: Ledger) -> Count:
    """The rows of the SQLite store, whose data is the parsed body."""
    times: Counter[int] = Counter()
    altered: set[int] = set()
    with contextlib.closing(sqlite3.connect(path)) as store:
        for delivery, data in store.execute("SELECT deliveryid, data FROM events"):
            number = numbers.number(delivery)
            number = -1 if number is None else number
            times[number] += 1
            if orjson.loads(data) != orjson.loads(numbers.body(number)):
                altered.add(number)
    return Count.of("store", times, altered, ledger)


def at_target(target: Target, ledger: Ledger, place: str = "target") -> Count:
    """What the target answered 200. A delivery that was under way when something broke comes again, so `doubled` may
    not be zero there."""
    return Count.of(place, target.got, target.altered, ledger)


async def left_to_deliver(path: Path, within: float, names: frozenset[str] | None = None) -> str:
    """Wait until subscriptions (all of them if no names are given) have got everything; what is left, "" if nothing."""
    end = time.monotonic() + within
    async with reading(path) as log:
        while True:
            states = [state for state in await log.subscriptions() if names is None or state.name in names]
            left = {one.name: one.lag.waiting + one.lag.in_flight + one.lag.later for one in states}
            dead = {one.name: one.lag.dead for one in states if one.lag.dead}
            if dead:
                return f"given up on: {dead}"
            if not any(left.values()):
                return ""
            if time.monotonic() > end:
                return f"not delivered after {within:g} s: {left}"
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def reading(path: Path) -> AsyncIterator[Log]:
    """A log, beside a running hub or without one."""
    log = SqliteLog(path, read_only=True)
    await log.open()
    try:
        yield log
    finally:
        await log.close()
