"""The deliveries of one subscription: taken from its feed, tried within its limits, settled in groups."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import structlog

from hub.dispatch.breaker import Breaker, Bucket
from hub.dispatch.policy import DispatchState, Subscription
from hub.dispatch.slot import Slot
from hub.errors import Reject, Retry
from hub.event import Event
from hub.log.base import Attempt, Delivery, Feed, Settled
from hub.retry import Verdict, classify, delay, reason_of

OnAttempt = Callable[[Event, Delivery, Attempt], None]

IDLE = 5.0
"""Seconds that one question for deliveries waits."""
UNSETTLED = 2000
"""No more is taken while this many outcomes wait to be written."""
AFTER_TROUBLE = 1.0
"""Seconds before the log is asked again after it failed."""
SETTLING = 5.0
"""Seconds that stopping waits for the last outcomes to be written, then for the feed and the subscriber to close."""
LONGEST_REOPEN = 60.0
TOLD_EVERY = 60.0


class Worker:
    """One subscription at work. `start`, then `stop`; everything in one loop."""

    def __init__(self, subscription: Subscription, feed: Feed, on_attempt: OnAttempt | None) -> None:
        self.subscription = subscription
        self.feed = feed
        self._policy = subscription.policy
        self._subscriber = subscription.subscriber
        self._on_attempt = on_attempt
        self._log = structlog.get_logger("hub.dispatch").bind(subscription=subscription.name)
        self._filter = subscription.filter if subscription.filter.text else None
        self._batching = self._subscriber.batch > 1
        self._most = 1 if self._policy.ordered else self._subscriber.batch
        self._batch = self._most
        self._short = False
        """Was the last batch all there was?"""
        self._places = 1 if self._policy.ordered else self._policy.concurrency
        self._breaker = Breaker(self._policy.breaker)
        self._bucket: Bucket | None = None
        self._slots: set[Slot] = set()
        self._results: list[Settled] = []
        self._changed = asyncio.Event()
        self._finished = asyncio.Event()
        self._opened = False
        self._stopping = False
        self._ending = False
        self._trouble = ""
        self._told = -TOLD_EVERY
        self._taking: asyncio.Task[None]
        self._settling: asyncio.Task[None]

    def start(self) -> None:
        """Open the subscriber and begin to deliver, in the background."""
        loop = asyncio.get_running_loop()
        if self._policy.rate is not None:
            self._bucket = Bucket(self._policy.rate, loop.time())
        self._settling = loop.create_task(self._settle_results())
        self._taking = loop.create_task(self._run())

    def state(self) -> DispatchState:
        """How it goes."""
        probe = None
        if self._breaker.state == "open":
            left = max(0.0, self._breaker.until - asyncio.get_running_loop().time())
            probe = datetime.now(UTC) + timedelta(seconds=left)
        return DispatchState(
            name=self.subscription.name,
            opened=self._opened,
            breaker=self._breaker.state,
            probe=probe,
            in_flight=sum(len(slot.deliveries) for slot in self._slots),
            stuck=sum(slot.given_up for slot in self._slots),
            trouble=self._trouble,
        )

    async def extend(self) -> None:
        """Tell a log that has leases what is still being tried."""
        busy = [delivery for slot in self._slots for delivery in slot.deliveries]
        if busy:
            await self.feed.extend(busy)

    async def stop(self, grace: float) -> None:
        """Take nothing more, let attempts end for `grace` seconds, give the rest back, close the subscriber."""
        self._stopping = True
        self._taking.cancel()
        await _wait(self._under_way(), grace)
        for slot in self._slots:
            slot.halt()
        await _wait(self._under_way(), self._policy.linger)
        for slot in [slot for slot in self._slots if not slot.given_up]:
            self._give_up(slot, "it does not stop")
        self._ending = True
        self._finished.set()
        await _wait([self._settling, self._taking], SETTLING)
        if not self._settling.done():
            self._settling.cancel()
            self._log.warning("the last outcomes could not be written: these events are delivered again")
        await self._end(self.feed.close, "the feed")
        if self._opened:
            await self._end(self._subscriber.close, "close()")

    async def _end(self, close: Callable[[], Awaitable[None]], what: str) -> None:
        """Run something that ends a part of us; whatever it does, the others go on."""
        ending = asyncio.get_running_loop().create_task(self._survive(close, what))
        await _wait([ending], SETTLING)
        if not ending.done():
            ending.cancel()
            self._log.warning(f"{what} does not end: left behind")

    async def _survive(self, close: Callable[[], Awaitable[None]], what: str) -> None:
        try:
            await close()
        except (GeneratorExit, asyncio.CancelledError):
            raise
        except BaseException as error:
            self._log.warning(f"{what} failed: {reason_of(error)}")

    # taking

    async def _run(self) -> None:
        await self._open()
        while not self._stopping:
            try:
                await self._take()
            except Exception as error:
                self._log.warning(f"the log gives no deliveries: {reason_of(error)}")
                await asyncio.sleep(AFTER_TROUBLE)

    async def _open(self) -> None:
        pause = self._policy.reopen
        task = asyncio.current_task()
        assert task is not None
        while True:
            try:
                async with asyncio.timeout(self._policy.opening):
                    await self._subscriber.open()
                self._opened, self._trouble = True, ""
                return
            except GeneratorExit:
                raise
            except BaseException as error:  # of a plugin: SystemExit would end the hub
                if task.cancelling():
                    raise
                self._trouble = f"open() failed: {reason_of(error)}"
            self._log.warning(f"{self._trouble}; its events wait, next try in {pause:g} s")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_REOPEN)

    async def _take(self) -> None:
        """One step: wait until something may be tried, or take it and try it."""
        now = asyncio.get_running_loop().time()
        pause = self._breaker.wait(now) or (self._bucket.wait(now) if self._bucket else 0.0)
        if pause > 0:
            await asyncio.sleep(pause)
            return
        limit = self._room()
        if limit == 0:
            self._changed.clear()
            await self._changed.wait()
            return
        if self._bucket is not None:
            limit = min(limit, self._bucket.whole(now))
        if self._short and self._slots:
            await self._gather()
        taken = await self.feed.take(limit, IDLE)
        self._short = self._batching and len(taken) < limit
        self._try(taken)
        # a take that need not wait, again and again, would let nobody else run
        await asyncio.sleep(0)

    async def _gather(self) -> None:
        """A small batch is under way: what comes meanwhile, for a moment, is the next one, not many of one event."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._policy.gather):
                while self._under_way():
                    self._changed.clear()
                    await self._changed.wait()

    def _room(self) -> int:
        """How many deliveries may be taken now."""
        free = self._places - len(self._slots)
        if free <= 0 or len(self._results) >= UNSETTLED:
            return 0
        if self._breaker.state != "closed":
            return 0 if any(slot.probe and not slot.given_up for slot in self._slots) else 1
        return self._batch if self._batching else free

    def _try(self, deliveries: list[Delivery]) -> None:
        # the breaker may have opened while they were waited for
        if self._stopping or self._breaker.state == "open":
            self._give_back(deliveries)
            return
        wanted = deliveries if self._filter is None else [one for one in deliveries if self._wants(one)]
        if self._bucket is not None:
            self._bucket.spend(len(wanted))
        for part in ([wanted] if wanted else []) if self._batching else [[one] for one in wanted]:
            slot = Slot(part, probe=self._breaker.state == "half-open")
            slot.task = asyncio.get_running_loop().create_task(self._deliver(slot))
            slot.task.add_done_callback(partial(self._free, slot))
            self._slots.add(slot)

    def _wants(self, delivery: Delivery) -> bool:
        assert self._filter is not None
        try:
            if self._filter.matches(delivery.event):
                return True
            self._settle([Settled(delivery, "filtered")])
        except Reject as error:
            self._settle([Settled(delivery, "dead", reason=reason_of(error))])
        return False

    # trying

    async def _deliver(self, slot: Slot) -> None:
        """Try what is in the slot; a batch that fails is halved until what is bad in it is alone."""
        while slot.parts and (slot.probe or self._breaker.state == "closed"):
            part = slot.parts[0]
            error = await slot.call(partial(self._call, part), self._policy.timeout, partial(self._late, slot))
            if slot.given_up or (slot.halted and error is not None):
                return
            slot.parts.popleft()
            if error is None:
                self._succeeded(part, slot)
                continue
            verdict = classify(error)
            if len(part) == 1 or isinstance(error, Retry):
                self._failed(part, verdict, slot)
            elif verdict.unreachable:
                # not the events' fault: no row and no counted attempt for each of them, and smaller steps
                slot.parts.appendleft(part)
                self._batch = 1
                self._count(verdict, slot)
                return
            else:
                half = len(part) // 2
                slot.parts.extendleft((part[half:], part[:half]))

    async def _call(self, part: list[Delivery]) -> None:
        if self._batching:
            await self._subscriber.deliver_batch([delivery.event.apart() for delivery in part])
        else:
            await self._subscriber.deliver(part[0].event.apart())

    def _succeeded(self, part: list[Delivery], slot: Slot) -> None:
        self._trouble = ""
        self._batch = min(self._batch * 2, self._most)
        self._answered(slot)
        took = self._took(slot)
        self._settle([Settled(delivery, "delivered", took=took) for delivery in part])
        self._tell(part, "delivered", "", took)

    def _failed(self, part: list[Delivery], verdict: Verdict, slot: Slot) -> None:
        self._trouble = verdict.reason
        if verdict.dead:
            self._answered(slot)
        else:
            self._count(verdict, slot)
        took = self._took(slot)
        for delivery in part:
            reason, most = verdict.reason, self._policy.retry.attempts
            if verdict.dead or delivery.attempt >= most:
                if not verdict.dead:
                    reason = f"given up after {delivery.attempt} attempts: {reason}"
                self._settle([Settled(delivery, "dead", reason=reason, took=took)])
                self._tell([delivery], "dead", reason, took)
                continue
            after = verdict.after
            if after is None:
                after = delay(self._policy.retry, delivery.attempt, random.random)
            due = datetime.now(UTC) + timedelta(seconds=after)
            self._settle([Settled(delivery, "later", due=due, reason=reason, took=took)])
            self._tell([delivery], "later", reason, took)

    def _answered(self, slot: Slot) -> None:
        if self._breaker.passed(probe=slot.probe):
            self._log.info("the target answers again: its events are delivered")

    def _count(self, verdict: Verdict, slot: Slot) -> None:
        self._trouble = verdict.reason
        now, before = asyncio.get_running_loop().time(), self._breaker.state
        if self._breaker.failed(verdict, now, probe=slot.probe) and before == "closed":
            self._log.warning(f"the target seems dead: its events wait in the log. {verdict.reason}")

    def _took(self, slot: Slot) -> float:
        return asyncio.get_running_loop().time() - slot.began

    def _late(self, slot: Slot) -> None:
        """An attempt was stopped at its timeout: see whether it ends."""
        why = f"it does not end {self._policy.linger:g} s after its timeout"
        asyncio.get_running_loop().call_later(self._policy.linger, self._look, slot, slot.began, why)

    def _look(self, slot: Slot, began: float, why: str) -> None:
        if slot in self._slots and slot.began == began and not slot.given_up:
            self._give_up(slot, why)

    def _give_up(self, slot: Slot, why: str) -> None:
        """Settle what is in a slot whose code ignores its cancellation. It stays taken, so that they cannot pile up."""
        slot.given_up = True
        self._log.error(f"{why}; the subscriber's code must not swallow CancelledError", stuck=self.state().stuck)
        part = slot.parts[0] if slot.parts else []
        if not self._stopping:
            verdict = classify(TimeoutError(why))
            if len(part) == 1:
                self._failed(slot.parts.popleft(), verdict, slot)
            else:
                self._count(verdict, slot)
        self._give_back(slot.deliveries)
        slot.parts.clear()
        self._changed.set()

    def _free(self, slot: Slot, task: asyncio.Task[None]) -> None:
        self._slots.discard(slot)
        if not task.cancelled() and task.exception() is not None:
            self._log.error("a defect of the hub", exc_info=task.exception())
        self._give_back(slot.deliveries)
        self._changed.set()

    # settling

    def _give_back(self, deliveries: Iterable[Delivery]) -> None:
        self._settle([Settled(delivery, "returned") for delivery in deliveries])

    def _settle(self, results: list[Settled]) -> None:
        if results:
            self._results += results
            self._finished.set()

    async def _settle_results(self) -> None:
        """Write outcomes: at once after a pause, and together what comes within `gather` seconds."""
        loop = asyncio.get_running_loop()
        gather = 0.0 if self._policy.ordered else self._policy.gather
        written = -gather
        while self._results or not self._ending:
            if not self._results:
                self._finished.clear()
                await self._finished.wait()
                continue
            pause = written + gather - loop.time()
            if pause > 0:
                await asyncio.sleep(pause)
            results, self._results = self._results, []
            try:
                await self.feed.settle(results)
            except Exception as error:
                self._log.warning(f"outcomes could not be written: {reason_of(error)}", count=len(results))
            written = loop.time()
            self._changed.set()

    def _tell(self, part: list[Delivery], outcome: Any, detail: str, took: float) -> None:
        if self._on_attempt is None:
            return
        at = datetime.now(UTC) - timedelta(seconds=took)
        for delivery in part:
            attempt = Attempt(
                subscription=self.subscription.name,
                number=delivery.attempt,
                at=at,
                took=took,
                outcome=outcome,
                detail=detail,
                job=delivery.job,
            )
            try:
                self._on_attempt(delivery.event, delivery, attempt)
            except BaseException as error:  # of an observer: it may be a plugin
                now = asyncio.get_running_loop().time()
                if now - self._told >= TOLD_EVERY:
                    self._told = now
                    self._log.error(f"what observes attempts failed: {reason_of(error)}")

    def _under_way(self) -> list[asyncio.Task[None]]:
        return [slot.task for slot in self._slots if not slot.given_up]


async def _wait(tasks: list[asyncio.Task[None]], timeout: float) -> None:
    if tasks:
        await asyncio.wait(tasks, timeout=timeout)
