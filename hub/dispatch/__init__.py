"""The dispatcher: every subscription gets its events out of the log, and none of them is in another's way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from hub.dispatch.breaker import BreakerPolicy, BreakerState
from hub.dispatch.policy import DispatchState, Subscription, SubscriptionPolicy
from hub.dispatch.worker import OnAttempt, Worker
from hub.log.base import Lag, Log, SubscriptionSpec
from hub.retry import reason_of

EXTEND = 5.0
"""Seconds between two signs of life for deliveries that are being tried."""


class Dispatcher:
    """Delivers events to subscriptions.

    on_attempt: called in the loop after each attempt with the event, its delivery and the attempt; what it raises is
    logged and changes nothing.
    """

    def __init__(self, log: Log, subscriptions: Sequence[Subscription], on_attempt: OnAttempt | None = None) -> None:
        self._log = log
        self._subscriptions = tuple(subscriptions)
        self._on_attempt = on_attempt
        self._workers: list[Worker] = []
        self._extending: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Make every subscription known to the open log, then begin to deliver.

        On return no event that is appended can be missed, also by a subscription whose subscriber does not open yet.

        Raises:
            LogError: the log has no feed for a subscription; nothing is delivered then.
        """
        workers: list[Worker] = []
        try:
            for subscription in self._subscriptions:
                feed = await self._log.feed(_spec(subscription))
                workers.append(Worker(subscription, feed, self._on_attempt))
        except BaseException:
            for worker in workers:
                await worker.feed.close()
            raise
        self._workers = workers
        for worker in workers:
            worker.start()
        self._extending = asyncio.get_running_loop().create_task(self._extend())

    async def stop(self, grace: float = 10.0) -> None:
        """Take nothing more, let attempts end for `grace` seconds, give back the rest, close the subscribers.

        A subscriber that does not end is left behind; an attempt that was cut off is not counted.
        """
        if self._extending is not None:
            self._extending.cancel()
        done = await asyncio.gather(*(worker.stop(grace) for worker in self._workers), return_exceptions=True)
        for worker, error in zip(self._workers, done, strict=True):
            if error is not None:
                structlog.get_logger("hub.dispatch").error(
                    "stopping failed", subscription=worker.subscription.name, exc_info=error
                )
        self._workers = []

    def states(self) -> list[DispatchState]:
        """How each subscription goes, in the order they were given; how far behind it is, `lags()` says."""
        return [worker.state() for worker in self._workers]

    async def lags(self) -> dict[str, Lag]:
        """How far each subscription is behind, by name.

        Raises:
            LogUnavailable
        """
        return {worker.subscription.name: await worker.feed.lag() for worker in self._workers}

    async def _extend(self) -> None:
        while True:
            await asyncio.sleep(EXTEND)
            for worker in self._workers:
                try:
                    await worker.extend()
                except Exception as error:
                    structlog.get_logger("hub.dispatch").warning(
                        f"leases could not be extended: {reason_of(error)}", subscription=worker.subscription.name
                    )


def _spec(subscription: Subscription) -> SubscriptionSpec:
    policy = subscription.policy
    return SubscriptionSpec(
        name=subscription.name,
        filter=subscription.filter.text,
        start=subscription.start,
        ordered=policy.ordered,
        concurrency=1 if policy.ordered else policy.concurrency * subscription.subscriber.batch,
    )


__all__ = [
    "BreakerPolicy",
    "BreakerState",
    "DispatchState",
    "Dispatcher",
    "Subscription",
    "SubscriptionPolicy",
]
