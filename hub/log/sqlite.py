"""The log in one SQLite file: put together from its parts."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Literal

from hub.errors import LogError, LogUnavailable
from hub.event import Event
from hub.log import sqlite_browse, sqlite_changes, sqlite_follow, sqlite_inspect, sqlite_replay, sqlite_upkeep
from hub.log.base import (
    Attempt,
    DeliveryQuery,
    DeliveryState,
    DeliveryStatus,
    Group,
    Health,
    Intake,
    Job,
    Lag,
    Page,
    Position,
    Query,
    Rejection,
    RejectionQuery,
    Stored,
    SubscriptionSpec,
    SubscriptionState,
)
from hub.log.codec import to_micros
from hub.log.sqlite_append import Append, Handover, Prepared, prepared
from hub.log.sqlite_feed import NEVER, Parts, SqliteFeed, Subscription
from hub.log.sqlite_files import Lock, Room, prepare, space
from hub.log.sqlite_head import Head
from hub.log.sqlite_keys import find_one
from hub.log.sqlite_lane import Lane, load
from hub.log.sqlite_read import Reader
from hub.log.sqlite_rows import DEAD, LATER
from hub.log.sqlite_upkeep import Bounds, Rejections
from hub.log.sqlite_values import in_parts
from hub.log.sqlite_work import Make, Work, settle_only
from hub.log.sqlite_writer import Hooks, Writer
from hub.request import Request

CLOCK_EVERY, STEP = 1.0, 2.0
"""Seconds between looks at the clock, and of a change between two of them that is no drift."""


class SqliteLog:
    """`hub.log.base.Log` on one file; used by one loop.

    read_only: beside a running hub: no lock, and every method that changes something raises LogError.
    room: reserve and floor of the disk; bounds: of the rejections; clock: seconds since 1970; notice: is told what the
    operator should know.
    """

    def __init__(
        self,
        path: Path,
        *,
        read_only: bool = False,
        room: Room | None = None,
        bounds: Bounds | None = None,
        clock: Callable[[], float] = time.time,
        notice: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.path = path
        self._read_only = read_only
        self._clock = clock
        self._notice = notice
        self._rejections = Rejections(bounds or Bounds())
        self._handover = Handover()
        self._pruned = 0
        self._room = room or Room(path)
        self._lock = Lock(path)
        self._feeds = Reader(path)
        self._pages = Reader(path)
        self._head = Head(0)
        self._writer_: Writer | None = None
        self._subscriptions: dict[str, Subscription] = {}
        self._watching: asyncio.Task[None] | None = None
        self._open = False

    # opening and closing

    async def open(self) -> None:
        """See `Log.open`."""
        if not self._read_only:
            self._lock.take()
        self._head = Head(0)
        try:
            if self._read_only:
                await asyncio.to_thread(sqlite_inspect.check_readable, self.path)
            else:
                await asyncio.to_thread(prepare, self.path, self._notice)
            await self._feeds.open()
            await self._pages.open()
            if not self._read_only:
                self._writer_ = Writer(self.path, self._room, Hooks(self._committed, self._clock))
                self._head.last = await self._writer.change(sqlite_changes.all_idle)
                self._watching = asyncio.create_task(self._watch_clock(), name="clock of the log")
            self._open = True
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """See `Log.close`."""
        self._open = False
        if self._watching is not None:
            self._watching.cancel()
        self._head.ring()
        for subscription in self._subscriptions.values():
            subscription.closed = True
        for subscription in self._subscriptions.values():
            await subscription.close()
        # whoever closes last moves the write-ahead log into the file, and only the writer can
        await self._feeds.close()
        await self._pages.close()
        if self._writer_ is not None:
            await self._writer_.close()
            self._writer_ = None
        self._subscriptions.clear()
        self._lock.free()

    @property
    def _writer(self) -> Writer:
        if self._read_only:
            raise LogError(f"{self.path} is open for reading only; ask the running hub's API")
        if self._writer_ is None:
            raise LogUnavailable("the log is closed")
        return self._writer_

    def _committed(self, fresh: list[Stored], size: int, requeued: set[int]) -> None:
        for subscription in self._subscriptions.values():
            if subscription.number in requeued:
                subscription.wake(self._clock())
        # what everybody took already is let go: parsed events are many objects, and each costs the garbage collector
        self._head.forget(min((one.lanes[0].position for one in self._subscriptions.values()), default=self._head.last))
        self._head.add(fresh, size)

    async def _watch_clock(self) -> None:
        """A clock that is set back must not put off retries: they become due as much earlier."""
        ahead = self._clock() - time.monotonic()
        while True:
            await asyncio.sleep(CLOCK_EVERY)
            before, ahead = ahead, self._clock() - time.monotonic()
            if before - ahead > STEP:
                back = int((before - ahead) * 1_000_000)
                with suppress(LogUnavailable):  # it is being closed
                    await self._writer.change(partial(sqlite_changes.sooner, back), keep=True)
                for subscription in self._subscriptions.values():
                    subscription.wake(self._clock())

    # events

    def append(self, request: Request, events: Sequence[Event]) -> asyncio.Future[list[Stored]]:
        """See `Log.append`. Raises: LogUnavailable; LogError: an event that can never be kept."""
        done: asyncio.Future[list[Stored]] = asyncio.get_running_loop().create_future()
        origin = partial(replace, request)  # a copy for each who asks
        for event in events:
            event.attach(origin)
        self._keep(Group([request], partial(settle_only, done)), lambda one: Append(*prepared(one, events), events))
        return done

    def prepare(self, appends: Sequence[tuple[Request, Sequence[Event]]]) -> list[Prepared]:
        """See `Log.prepare`."""
        return self._handover.give(appends)

    def keep(self, group: Group) -> None:
        """See `Log.keep`."""
        self._keep(group, self._handover.take)

    def attend(self, intake: Intake) -> None:
        """See `Log.attend`."""
        self._writer.attend(intake, self._handover.take)

    def _keep(self, group: Group, make: Make) -> None:
        try:
            self._writer.append(Work.of(group, make))
        except LogError as error:
            group.done(error)

    async def find(self, source: str, deliveryid: str, index: int = 0) -> Stored | None:
        """See `Log.find`."""
        if self._read_only:
            return await sqlite_browse.find(source, deliveryid, index, self._pages)
        # the writer has all keys in an index, a reader has to look through the newest
        seqs = await self._writer.change(partial(find_one, source, deliveryid, index), soon=True)
        found = await load(seqs, self._pages) if seqs else []
        return found[0] if found else None

    async def get(self, event_id: str) -> Stored | None:
        """See `Log.get`."""
        return await sqlite_browse.get(event_id, self._pages)

    async def request(self, event_id: str) -> Request | None:
        """See `Log.request`."""
        return await sqlite_browse.request(event_id, self._pages)

    async def browse(self, query: Query, before: Position | None, limit: int) -> Page[Stored]:
        """See `Log.browse`."""
        return await sqlite_browse.browse(query, before, limit, self._pages)

    async def count(self, query: Query) -> int:
        """See `Log.count`."""
        return await sqlite_browse.count(query, self._pages)

    def follow(self, after: Position | None) -> AsyncIterator[Stored]:
        """See `Log.follow`."""
        if self._read_only:
            return sqlite_follow.poll(after, self._pages)
        start = self._head.last if after is None else after
        return sqlite_follow.follow(start, self._head, self._feeds, lambda: self._open)

    # subscriptions

    async def feed(self, spec: SubscriptionSpec) -> SqliteFeed:
        """See `Log.feed`."""
        writer = self._writer
        start = await sqlite_browse.start_of(spec.start, self._pages)
        kept = await writer.change(partial(sqlite_changes.subscribe, spec, start))
        subscription = self._subscriptions.get(spec.name)
        if subscription is None:
            lanes = [Lane.kept(0, kept.position, kept.open)]
            lanes += [await sqlite_replay.lane_of(job, self._pages) for job in kept.jobs]
            parts = Parts(writer, self._feeds, self._head, self._clock)
            subscription = Subscription(parts, kept.number, spec, lanes, NEVER if kept.due is None else kept.due)
            subscription = self._subscriptions.setdefault(spec.name, subscription)
        subscription.spec = spec
        return SqliteFeed(subscription, partial(self._lag, subscription))

    async def _lag(self, subscription: Subscription) -> Lag:
        live, out = subscription.lanes[0], subscription.out
        retrying = sum(token.retry for token in out.values())
        oldest = min(live.open, default=None)
        return await sqlite_inspect.lag(
            subscription.number, live.position, len(live.again), len(out), retrying, oldest, self._pages
        )

    async def retire(self, subscription: str) -> None:
        """See `Log.retire`."""
        writer = self._writer
        running = self._subscriptions.pop(subscription, None)
        if running is not None:
            await running.close()
        row = await self._pages.row("SELECT id FROM subscriptions WHERE name = ?", (subscription,))
        while row and await writer.change(partial(sqlite_changes.retire, row[0], 2000)):
            pass

    async def subscriptions(self) -> list[SubscriptionState]:
        """See `Log.subscriptions`."""
        states = []
        for number, name, position, opened, live in await self._pages.rows(
            "SELECT id, name, position, open, live FROM subscriptions ORDER BY name"
        ):
            running = self._subscriptions.get(name)
            if running is not None:
                lag = await self._lag(running)
            else:
                seqs = json.loads(opened)
                lag = await sqlite_inspect.lag(number, position, 0, len(seqs), 0, min(seqs, default=None), self._pages)
            states.append(SubscriptionState(name=name, live=bool(live), retired=False, lag=lag))
        return states

    async def status(self, event_id: str) -> dict[str, DeliveryStatus]:
        """See `Log.status`."""
        flying = {(name, seq) for name, subscription in self._subscriptions.items() for _, seq in subscription.out}
        return await sqlite_inspect.status(event_id, flying, self._pages)

    async def filter_at(self, subscription: str, position: Position) -> str:
        """See `Log.filter_at`."""
        return await sqlite_inspect.filter_at(subscription, position, self._pages)

    async def attempts(self, event_id: str) -> list[Attempt]:
        """See `Log.attempts`."""
        return await sqlite_inspect.attempts(event_id, self._pages)

    async def deliveries(self, query: DeliveryQuery, before: Position | None, limit: int) -> Page[DeliveryState]:
        """See `Log.deliveries`."""
        return await sqlite_inspect.deliveries(query, before, limit, self._pages)

    async def requeue(self, query: DeliveryQuery) -> int:
        """See `Log.requeue`."""
        writer, count, now = self._writer, 0, self._clock()
        states = [LATER if state == "later" else DEAD for state in query.states] or [LATER, DEAD]
        keys = await sqlite_inspect.keys(query, self._pages)
        for part in in_parts(keys, 1000):
            change = partial(sqlite_changes.requeue, part, states, int(now * 1_000_000))
            count += len(await writer.change(change))
        for subscription in self._subscriptions.values():
            if any(key[0] == subscription.number for key in keys):
                subscription.wake(now)
        return count

    async def drop(self, query: DeliveryQuery) -> int:
        """See `Log.drop`."""
        writer, count = self._writer, 0
        keys = await sqlite_inspect.keys(query, self._pages)
        for part in in_parts(keys, 1000):
            count += await writer.change(partial(sqlite_changes.drop, part))
        return count

    # replays

    async def replay(self, subscription: str, query: Query) -> str:
        """See `Log.replay`. Raises: LogError: no such subscription."""
        writer, until = self._writer, self._head.last
        total = await sqlite_browse.count(query, self._pages, until)
        kept = sqlite_replay.to_json(query)
        number, job = await writer.change(partial(sqlite_replay.start, subscription, kept, total, until))
        lane = await sqlite_replay.lane_of(job, self._pages)
        running = self._subscriptions.get(subscription)
        if running is not None and running.number == number and until:
            running.lanes.setdefault(lane.job, lane)
            running.wake()
        return str(lane.job)

    async def cancel(self, job: str) -> bool:
        """See `Log.cancel`."""
        writer = self._writer
        if not job.isascii() or not job.isdigit():
            return False
        stopped = await writer.change(partial(sqlite_replay.cancel, int(job[:18])))
        if stopped:
            for subscription in self._subscriptions.values():
                subscription.lanes.pop(int(job[:18]), None)
        return stopped

    async def jobs(self) -> list[Job]:
        """See `Log.jobs`."""
        return await sqlite_replay.jobs(self._pages)

    # rejections, secrets, upkeep

    async def reject(self, rejection: Rejection) -> None:
        """See `Log.reject`."""
        await self._writer.change(partial(self._rejections.add, rejection), soon=True)

    async def rejections(self, query: RejectionQuery, before: Position | None, limit: int) -> Page[Rejection]:
        """See `Log.rejections`."""
        return await sqlite_upkeep.rejections(query, before, limit, self._pages)

    async def decide(self, rejection_id: str, state: Literal["accepted", "dropped"]) -> bool:
        """See `Log.decide`."""
        return await self._writer.change(partial(sqlite_upkeep.decide, rejection_id, state))

    async def learn(self, source: str, option: str, value: str, trusted: bool) -> None:
        """See `Log.learn`."""
        await self._writer.change(partial(sqlite_changes.learn, source, option, value, trusted), soon=True)

    async def learned(self, source: str) -> list[tuple[str, str, bool]]:
        """See `Log.learned`."""
        rows = await self._pages.rows(
            "SELECT option, value, trusted FROM learned WHERE source = ? ORDER BY id", (source,)
        )
        return [(option, value, bool(trusted)) for option, value, trusted in rows]

    async def forget(self, source: str, option: str, value: str) -> bool:
        """See `Log.forget`."""
        return await self._writer.change(partial(sqlite_changes.forget, source, option, value))

    async def prune(self, before: datetime, limit: int = 500) -> int:
        """See `Log.prune`."""
        change = partial(sqlite_upkeep.prune, to_micros(before), self._pruned, limit)
        pruned = await self._writer.change(change, forgets=True)
        # what is kept at the front is not looked at again in every step
        self._pruned = pruned.upto if pruned.count == limit else 0
        self._head.forget(pruned.upto)
        return pruned.count

    async def health(self) -> Health:
        """See `Log.health`."""
        trouble = self._writer_.trouble if self._writer_ is not None else ""
        events = 0
        try:
            (events,) = await self._pages.row("SELECT count(*) FROM events")
        except LogError as error:
            trouble = trouble or str(error)
        size, free = await asyncio.to_thread(space, self.path)
        return Health(writable=not (trouble or self._read_only), detail=trouble, events=events, size=size, free=free)
