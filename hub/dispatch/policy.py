"""What the dispatcher is told about a subscription, and what it tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from hub.dispatch.breaker import BreakerPolicy, BreakerState
from hub.filters import Filter
from hub.settings import RetryPolicy
from hub.subscriber import Subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionPolicy:
    """How events are delivered. Times are in seconds.

    concurrency: attempts at once, where a batch is one; rate: most deliveries a second, None for no limit; timeout: of
    one attempt; ordered: one delivery at a time, a retry holds back all that follow.
    linger: how long an attempt that was stopped may take to end before it is given up on; opening: the longest time of
    `open()`; reopen: the time between two tries of it, doubled up to a minute; gather: outcomes of this time are
    written to the log together.
    """

    retry: RetryPolicy = field(default_factory=RetryPolicy)
    concurrency: int = 8
    rate: float | None = None
    timeout: float = 10.0
    ordered: bool = False
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    linger: float = 2.0
    opening: float = 60.0
    reopen: float = 1.0
    gather: float = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscriber with its name, what it receives and how. start: where one that the log does not know yet begins."""

    name: str
    subscriber: Subscriber
    filter: Filter = field(default_factory=Filter)
    policy: SubscriptionPolicy = field(default_factory=SubscriptionPolicy)
    start: Literal["now", "beginning"] | datetime = "now"


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchState:
    """How the deliveries of a subscription go.

    opened: its `open()` succeeded; probe: when the target is tried next, None unless the breaker is open; in_flight:
    deliveries being tried; stuck: attempts that were stopped and do not end (each holds one of `concurrency`);
    trouble: the reason of the last failure, "" after a success.
    """

    name: str
    opened: bool
    breaker: BreakerState
    probe: datetime | None
    in_flight: int
    stuck: int
    trouble: str
