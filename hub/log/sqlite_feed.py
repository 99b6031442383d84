"""A subscription's feed out of the SQLite log: what is due, what was returned, what is new."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from hub.log.base import Delivery, Lag, Settled, Stored, SubscriptionSpec
from hub.log.codec import to_micros
from hub.log.sqlite_head import Head
from hub.log.sqlite_lane import Lane
from hub.log.sqlite_outcomes import Outcomes, Places, told, write
from hub.log.sqlite_read import Reader
from hub.log.sqlite_rows import COLUMNS, DEAD, LATER
from hub.log.sqlite_writer import Writer

UNWRITTEN = 10_000
"""No more is handed out while this many outcomes could not be written."""
NEVER = math.inf
CLOSING = 2.0
"""Seconds that closing waits for outcomes to be written."""


@dataclass(frozen=True, slots=True, eq=False)
class Token:
    """Marks one hand-out. retry: it has a row in deliveries."""

    job: int
    seq: int
    retry: bool
    feed: SqliteFeed


@dataclass(frozen=True, slots=True)
class Parts:
    """What a subscription works with."""

    writer: Writer
    reader: Reader
    head: Head
    clock: Callable[[], float]


class Subscription:
    """The state that all feeds of one name share; used by one loop."""

    def __init__(self, parts: Parts, number: int, spec: SubscriptionSpec, lanes: Sequence[Lane], due: float) -> None:
        self.number = number
        self.spec = spec
        self.lanes = {lane.job: lane for lane in lanes}
        self.out: dict[tuple[int, int], Token] = {}
        self.due = due
        self.closed = False
        self._parts = parts
        self._turn = False
        self._taking = asyncio.Lock()
        self._pending = Outcomes()
        self._settling: set[tuple[int, int]] = set()
        self._written: asyncio.Future[None] | None = None
        self._flushing: asyncio.Task[None] | None = None

    def wake(self, due: float | None = None) -> None:
        """Something may be there to be taken; due: a retry, at that time."""
        if due is not None:
            self.due = min(self.due, due)
        self._parts.head.ring()

    async def take(self, feed: SqliteFeed, limit: int, wait: float) -> list[Delivery]:
        """See `Feed.take`."""
        loop, head = asyncio.get_running_loop(), self._parts.head
        end = loop.time() + wait
        while not (self.closed or feed.closed) and limit > 0:
            bell = head.bell()
            try:
                async with self._taking:
                    deliveries = await self._gather(feed, limit)
                left = end - loop.time()
                if deliveries or left <= 0:
                    return deliveries
                # the wall clock may be set while waiting: look at it every second
                until_due = min(max(self.due - self._parts.clock(), 0.001), 1.0) if self.due < NEVER else left
                await asyncio.wait([bell], timeout=min(left, until_due))
            finally:
                head.mute(bell)
        return []

    async def _gather(self, feed: SqliteFeed, limit: int) -> list[Delivery]:
        if len(self._settling) > UNWRITTEN or (self.spec.ordered and (self.out or self._settling)):
            return []
        if self.spec.ordered:
            limit = 1
        live, head = self.lanes[0], self._parts.head
        replays = [lane for lane in self.lanes.values() if lane.job and lane.waiting(head)]
        fresh = bool(replays) or live.waiting(head)
        self._turn = not self._turn
        share = _share(limit, self._turn) if fresh else limit
        taken, blocked = await self._take_due(feed, share)
        for lane in () if blocked else replays:
            room = limit - len(taken)
            taken += await self._take_from(feed, lane, _share(room, not self._turn) if live.waiting(head) else room)
        if not blocked:
            taken += await self._take_from(feed, live, limit - len(taken))
        return taken

    async def _take_from(self, feed: SqliteFeed, lane: Lane, room: int) -> list[Delivery]:
        taken: list[Delivery] = []
        while room > len(taken):
            ready = await lane.peek(room - len(taken), self._parts.head, self._parts.reader)
            if not ready or self.closed or feed.closed or self.lanes.get(lane.job) is not lane:
                break
            lane.take(ready)
            taken += [self._hand_out(feed, stored, lane.job) for stored in ready]
        if lane.done:
            self.flush()
        return taken

    async def _take_due(self, feed: SqliteFeed, room: int) -> tuple[list[Delivery], bool]:
        """Retries that are due; whether an ordered subscription has to wait for one."""
        now = self._parts.clock()
        if self.spec.ordered:
            return await self._take_first(feed, now)
        if room <= 0 or self.due > now:
            return [], False
        # outcomes that are written meanwhile may lower it again
        self.due = NEVER
        try:
            busy = {key for key, token in self.out.items() if token.retry} | self._settling
            moment = int(now * 1_000_000)
            rows = await self._parts.reader.rows(
                f"SELECT {COLUMNS}, d.job, d.attempts FROM deliveries d INDEXED BY deliveries_due "
                f"CROSS JOIN events e ON e.seq = d.seq WHERE d.sub = ? AND d.state = {LATER} AND d.due <= ? "
                "ORDER BY d.due LIMIT ?",
                (self.number, moment, room + len(busy)),
            )
            ready = [row for row in rows if (row[2], row[0].position) not in busy]
            following = now if len(ready) >= room else await self._next_due(moment)
            self.due = min(self.due, following)
        except BaseException:
            self.due = min(self.due, now)
            raise
        if self.closed or feed.closed:
            return [], False
        return [self._hand_out(feed, row[0], row[2], row[3] + 1, retry=True) for row in ready[:room]], False

    async def _next_due(self, after: int) -> float:
        (due,) = await self._parts.reader.row(
            f"SELECT min(due) FROM deliveries INDEXED BY deliveries_due WHERE sub = ? AND state = {LATER} AND due > ?",
            (self.number, after),
        )
        return NEVER if due is None else due / 1_000_000

    async def _take_first(self, feed: SqliteFeed, now: float) -> tuple[list[Delivery], bool]:
        """The retry that holds back all that follow."""
        if self.due == NEVER:
            return [], False
        row = await self._parts.reader.row(
            f"SELECT {COLUMNS}, d.job, d.attempts, d.due FROM deliveries d CROSS JOIN events e ON e.seq = d.seq "
            f"WHERE d.sub = ? AND d.state = {LATER} ORDER BY d.seq LIMIT 1",
            (self.number,),
        )
        self.due = NEVER if row is None else row[4] / 1_000_000
        if row is None or self.due > now or self.closed or feed.closed:
            return [], row is not None
        return [self._hand_out(feed, row[0], row[2], row[3] + 1, retry=True)], True

    def _hand_out(
        self, feed: SqliteFeed, stored: Stored, job: int, attempt: int = 1, *, retry: bool = False
    ) -> Delivery:
        token = Token(job, stored.position, retry, feed)
        self.out[job, stored.position] = token
        return Delivery(self.spec.name, stored.position, stored.event, attempt, str(job) if job else None, token)

    async def settle(self, results: Sequence[Settled]) -> None:
        """See `Feed.settle`."""
        durable = False
        for result in results:
            token = result.delivery.token
            if not isinstance(token, Token) or self.out.get((token.job, token.seq)) is not token:
                continue
            if result.kind == "returned":
                self.give_back(token)
            else:
                self._record(token, result)
                durable = True
        if durable or self._settling:
            # a caller that stops waiting must not stop the writing
            await asyncio.shield(self.flush())

    def give_back(self, token: Token) -> None:
        """Not tried: to be handed out again, uncounted."""
        del self.out[token.job, token.seq]
        lane = self.lanes.get(token.job)
        if token.retry:
            self.wake(self._parts.clock())
        elif lane is not None:
            lane.again.append(token.seq)
            self.wake()

    def _record(self, token: Token, result: Settled) -> None:
        key = (token.job, token.seq)
        del self.out[key]
        lane = self.lanes.get(token.job)
        if lane is None and not token.retry:
            return  # a replay that was cancelled
        if lane is not None and not token.retry:
            lane.open.discard(token.seq)
        self._settling.add(key)
        attempt, reason, pending = result.delivery.attempt, told(result.reason), self._pending
        pending.keys[key] = token
        failed = result.kind in ("later", "dead")
        if failed:
            state, due = (LATER, to_micros(result.due) if result.due else 0) if result.kind == "later" else (DEAD, None)
            pending.rows.append((*key, state, due, attempt, reason))
        elif token.retry:
            pending.gone.append(key)
        if failed or attempt > 1:
            moment, took = int(self._parts.clock() * 1_000_000), result.took if math.isfinite(result.took) else 0.0
            pending.attempts.append((*key, attempt, moment, took, result.kind, reason))
        if token.job and not failed:
            pending.delivered[token.job] += 1

    def flush(self) -> asyncio.Future[None]:
        """Write what is settled; ready when it is durable. One change at a time is on its way, the next gathers."""
        loop = asyncio.get_running_loop()
        if self._written is None:
            self._written = loop.create_future()
        if self._flushing is None or self._flushing.done():
            self._flushing = loop.create_task(self._write_out())
        return self._written

    async def _write_out(self) -> None:
        while self._written is not None:
            written, self._written = self._written, None
            outcomes, self._pending = self._pending, Outcomes()
            places = Places.of(self.lanes)
            over = [lane.job for lane in self.lanes.values() if lane.done]
            try:
                await self._parts.writer.change(partial(write, self.number, outcomes, places), keep=True)
            except Exception as error:
                self._undo(outcomes)
                written.set_exception(error)
                written.exception()  # nobody may be waiting any more
                continue
            self._settling.difference_update(outcomes.keys)
            for job in over:
                self.lanes.pop(job, None)
            written.set_result(None)
            if outcomes.rows or self.spec.ordered:
                self.wake(outcomes.first_due())

    def _undo(self, outcomes: Outcomes) -> None:
        """They are not in the log: hand them out again."""
        self._settling.difference_update(outcomes.keys)
        for key, token in outcomes.keys.items():
            lane = self.lanes.get(key[0])
            if token.retry:
                self.wake(self._parts.clock())
            elif lane is not None:
                lane.open.add(key[1])
                lane.again.append(key[1])

    async def close(self) -> None:
        """Hand out nothing more; what is settled is written first."""
        self.closed = True
        self._parts.head.ring()
        if self._flushing is not None:
            await asyncio.wait([self._flushing], timeout=CLOSING)


class SqliteFeed:
    """One handle on a subscription."""

    def __init__(self, subscription: Subscription, lag: Callable[[], Awaitable[Lag]]) -> None:
        self.subscription = subscription
        self.closed = False
        self._lag = lag

    async def take(self, limit: int, wait: float) -> list[Delivery]:
        """See `Feed.take`."""
        if self.closed or self.subscription.closed:
            await asyncio.sleep(wait)  # whoever asks in a loop must not spin
            return []
        return await self.subscription.take(self, limit, wait)

    async def settle(self, results: Sequence[Settled]) -> None:
        """See `Feed.settle`."""
        await self.subscription.settle(results)

    async def extend(self, deliveries: Sequence[Delivery]) -> None:
        """Nothing to do: one process owns the log, so there are no leases."""

    async def lag(self) -> Lag:
        """See `Feed.lag`."""
        return await self._lag()

    async def close(self) -> None:
        """Give back what is in flight, uncounted."""
        self.closed = True
        for token in [token for token in self.subscription.out.values() if token.feed is self]:
            self.subscription.give_back(token)
        self.subscription.wake()


def _share(room: int, turn: bool) -> int:
    """Half of the room; of an odd one the rest every second time."""
    return room // 2 + (room % 2 if turn else 0)
