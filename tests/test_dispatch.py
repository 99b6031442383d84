"""The dispatcher on a real log: what is delivered, tried again, given up, filtered, and who is in whose way."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from dispatch_kit import (
    LATE,
    Target,
    fail_once,
    failing,
    fill,
    fine,
    forever,
    opened,
    policy,
    rows,
    running,
    settled,
    subscription,
    until,
)

from hub.dispatch import Dispatcher
from hub.errors import LogUnavailable, Reject, Retry
from hub.event import Event
from hub.filters import Filter
from hub.log.base import Attempt, Delivery, DeliveryQuery, Log, Query


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[Log]:
    async with opened(tmp_path) as log:
        yield log


async def test_every_event_is_delivered_once(log: Log) -> None:
    target = Target()
    await fill(log, 50)
    async with running(log, subscription(target)):
        await fill(log, 50, start=50)
        await settled(log)
    again = Target()
    async with running(log, subscription(again)):
        await fill(log, 1, start=100)
        await settled(log)
    assert sorted(target.got) == list(range(100))
    assert again.got == [100]
    assert await rows(log) == []


async def test_a_new_subscription_starts_where_it_was_started(log: Log) -> None:
    """Not where its subscriber was first able to open."""
    target = Target()
    ready = asyncio.Event()
    target.open = ready.wait  # type: ignore[method-assign,assignment]  # a behaviour for this test
    await fill(log, 1)
    async with running(log, subscription(target, start="now")):
        await fill(log, 3, start=1)
        ready.set()
        await settled(log)
    assert sorted(target.got) == [1, 2, 3]


async def test_a_failure_is_tried_again(log: Log) -> None:
    target = Target(fail_once(RuntimeError("broken")))
    (stored,) = await fill(log, 1)
    async with running(log, subscription(target)):
        await until(lambda: target.got == [0])
    attempts = await log.attempts(stored.event.id)
    assert [(attempt.number, attempt.outcome) for attempt in attempts] == [(1, "later"), (2, "delivered")]
    assert re.fullmatch(r"RuntimeError: broken \(dispatch_kit\.py:\d+\)", attempts[0].detail)


async def test_a_delivery_is_given_up_after_its_attempts(log: Log) -> None:
    target = Target(failing(RuntimeError("broken")))
    await fill(log, 1)
    async with running(log, subscription(target)):
        await settled(log, dead=1)
        (dead,) = await rows(log)
    assert target.asked == [0, 0, 0]
    assert (dead.state, dead.attempts) == ("dead", 3)
    assert dead.reason.startswith("given up after 3 attempts: RuntimeError: broken")


async def test_reject_makes_a_dead_letter_at_once(log: Log) -> None:
    target = Target(failing(Reject("nobody wants it")))
    await fill(log, 1)
    async with running(log, subscription(target)):
        await settled(log, dead=1)
        (dead,) = await rows(log)
    assert (dead.state, dead.attempts, dead.reason) == ("dead", 1, "nobody wants it")
    assert target.asked == [0]


async def test_retry_says_when(log: Log) -> None:
    target = Target(failing(Retry("busy", after=3600)))
    (stored,) = await fill(log, 1)
    async with running(log, subscription(target)):
        await settled(log, later=1)
        (later,) = await rows(log)
    assert (later.state, later.reason) == ("later", "busy")
    assert later.due is not None
    assert 3500 < (later.due - stored.event.receivedat).total_seconds() < 3700


async def test_a_requeued_dead_letter_is_delivered(log: Log) -> None:
    target = Target(failing(Reject("no")))
    await fill(log, 1)
    async with running(log, subscription(target)):
        await settled(log, dead=1)
        target.behaviour = fine
        assert await log.requeue(DeliveryQuery(subscription="store")) == 1
        await until(lambda: target.got == [0])
    assert await rows(log) == []


async def test_a_replay_is_delivered(log: Log) -> None:
    target, seen = Target(), []
    await fill(log, 3)

    def observe(event: Event, delivery: Delivery, attempt: Attempt) -> None:
        seen.append(attempt.job)

    async with running(log, subscription(target), on_attempt=observe):
        await settled(log)
        job = await log.replay("store", Query())
        await until(lambda: len(target.got) == 6)
    assert seen == [None] * 3 + [job] * 3


async def test_an_attempt_that_takes_too_long_is_stopped_and_tried_again(log: Log) -> None:
    target = Target(forever)
    (stored,) = await fill(log, 1)
    async with running(log, subscription(target, policy=policy(timeout=0.02))):
        await until(lambda: target.asked == [0])
        target.behaviour = fine
        await until(lambda: target.got == [0])
    attempts = await log.attempts(stored.event.id)
    assert attempts[0].detail == "TimeoutError: not done after 0.02 s"


async def test_an_attempt_that_swallows_its_timeout_has_failed(log: Log) -> None:
    async def swallow(event: Event) -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

    target = Target(swallow)
    await fill(log, 1)
    async with running(log, subscription(target, policy=policy(timeout=0.01, retry=LATE))):
        await settled(log, later=1)


async def test_a_retry_holds_no_place(log: Log) -> None:
    async def first_fails(event: Event) -> None:
        if event.data["n"] == 0:
            raise RuntimeError

    target = Target(first_fails)
    await fill(log, 20)
    async with running(log, subscription(target, policy=policy(concurrency=1, retry=LATE))):
        await settled(log, later=1)
    assert target.got == list(range(1, 20))


async def test_a_hanging_event_does_not_hold_up_the_others(log: Log) -> None:
    async def first_hangs(event: Event) -> None:
        if event.data["n"] == 0:
            await forever(event)

    target = Target(first_hangs)
    await fill(log, 20)
    async with running(log, subscription(target, policy=policy(concurrency=2)), grace=0):
        await until(lambda: len(target.got) == 19)


async def test_no_more_attempts_at_once_than_allowed(log: Log) -> None:
    now: list[int] = [0, 0]

    async def count(event: Event) -> None:
        now[0] += 1
        now[1] = max(now)
        await asyncio.sleep(0.001)
        now[0] -= 1

    target = Target(count)
    await fill(log, 30)
    async with running(log, subscription(target, policy=policy(concurrency=3))):
        await settled(log)
    assert now[1] == 3


async def test_no_more_deliveries_in_a_time_than_allowed(log: Log) -> None:
    target = Target()
    await fill(log, 30)
    began = time.monotonic()
    async with running(log, subscription(target, policy=policy(rate=200.0))):
        await until(lambda: len(target.got) == 30)
    # it starts with a tenth of a second's worth; only a lower bound can be asserted on a busy machine
    assert time.monotonic() - began >= (30 - 20) / 200 - 0.001


async def leave_a_task(event: Event) -> None:
    async def leaked() -> None:
        await asyncio.sleep(0.001)
        raise RuntimeError("nobody awaits me")

    LEAKED.append(asyncio.create_task(leaked()))


LEAKED: list[asyncio.Task[None]] = []


async def block(event: Event) -> None:
    time.sleep(0.005)


async def cancel_myself(event: Event) -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    "bad",
    [
        failing(RuntimeError("broken")),
        failing(ConnectionRefusedError()),
        failing(SystemExit(1)),
        failing(KeyboardInterrupt()),
        failing(BaseExceptionGroup("several", [SystemExit(1)])),
        cancel_myself,
        forever,
        block,
        leave_a_task,
    ],
)
async def test_one_subscription_is_in_nobodys_way(log: Log, bad: Any) -> None:
    healthy, sick = Target(), Target(bad)
    subscriptions = [subscription(sick, "sick", policy=policy(timeout=0.02)), subscription(healthy)]
    async with running(log, *subscriptions, grace=0):
        for start in range(0, 40, 10):
            await fill(log, 10, start=start)
            await until(lambda upto=start + 10: len(healthy.got) == upto)  # type: ignore[misc]  # mypy infers no default
        assert sick.asked
    await asyncio.gather(*LEAKED, return_exceptions=True)
    LEAKED.clear()


async def test_only_what_the_filter_lets_through_is_delivered(log: Log) -> None:
    target, seen = Target(), []
    chosen = Filter.make(["shopify.*"], ["shop"], "data.n > `4`")
    await fill(log, 10)
    await fill(log, 10, type="other.order")
    await fill(log, 10, source="other")
    async with running(log, subscription(target, filter=chosen), on_attempt=lambda *args: seen.append(args)):
        await settled(log)
        assert await log.filter_at("store", (await fill(log, 1))[0].position) == chosen.text
    assert sorted(target.got) == list(range(5, 10))
    assert len(seen) == 5


async def test_an_event_on_which_the_filter_fails_is_a_dead_letter(log: Log) -> None:
    target = Target()
    await fill(log, 1)
    await fill(log, 1, start=1)
    chosen = Filter.make(where="data.n == `1` || contains(data.n, 'x')")
    async with running(log, subscription(target, filter=chosen)):
        await settled(log, dead=1)
        (dead,) = await rows(log)
    assert dead.reason.startswith("filter: where data.n == `1` || contains(data.n, 'x') fails on this event")
    assert target.got == [1]


async def test_ordered_is_one_at_a_time_and_a_retry_holds_back_the_rest(log: Log) -> None:
    failed = fail_once(RuntimeError("broken"), numbers=(3, 7))
    target = Target(failed)
    await fill(log, 10)
    async with running(log, subscription(target, policy=policy(ordered=True))):
        await until(lambda: len(target.got) == 10)
    assert target.got == list(range(10))
    assert target.asked == [0, 1, 2, 3, 3, 4, 5, 6, 7, 7, 8, 9]


async def test_the_observer_sees_every_attempt(log: Log) -> None:
    seen: list[tuple[Event, Delivery, Attempt]] = []
    target = Target(fail_once(RuntimeError("broken")))
    (stored,) = await fill(log, 1)
    async with running(log, subscription(target), on_attempt=lambda *args: seen.append(args)):
        await until(lambda: len(seen) == 2)
    (event, delivery, first), (_, _, second) = seen
    assert (event.id, delivery.position) == (stored.event.id, stored.position)
    assert (first.subscription, first.number, first.outcome, first.took < 5) == ("store", 1, "later", True)
    assert first.detail.startswith("RuntimeError: broken")
    assert (second.number, second.outcome, second.detail) == (2, "delivered", "")


@pytest.mark.parametrize("error", [RuntimeError("broken"), SystemExit(1)])
async def test_an_observer_that_fails_changes_nothing(log: Log, error: BaseException) -> None:
    target = Target()

    def observe(*args: object) -> None:
        raise error

    await fill(log, 5)
    async with running(log, subscription(target), on_attempt=observe):
        await settled(log)
    assert sorted(target.got) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("error", [OSError("no route"), SystemExit(1), asyncio.CancelledError()])
async def test_a_subscriber_that_does_not_open_is_tried_again(log: Log, error: BaseException) -> None:
    tries = 0

    async def open_third_time() -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise error

    target, other = Target(), Target()
    target.open = open_third_time  # type: ignore[method-assign]  # a behaviour for this test
    await fill(log, 1)
    async with running(log, subscription(target), subscription(other, "other")) as dispatcher:
        await until(lambda: bool(target.got and other.got))
        assert [state.opened for state in dispatcher.states()] == [True, True]
    assert tries == 3


async def test_an_open_that_hangs_is_tried_again(log: Log) -> None:
    tries = 0

    async def open_second_time() -> None:
        nonlocal tries
        tries += 1
        if tries < 2:
            await asyncio.Event().wait()

    target = Target()
    target.open = open_second_time  # type: ignore[method-assign]  # a behaviour for this test
    await fill(log, 1)
    async with running(log, subscription(target, policy=policy(opening=0.01))) as dispatcher:
        assert dispatcher.states()[0].opened is False
        await until(lambda: target.got == [0])


async def test_how_far_behind_each_is(log: Log) -> None:
    await fill(log, 5)
    target, hanging = Target(), subscription(Target(forever), "slow", policy=policy(concurrency=2))
    async with running(log, subscription(target), hanging, grace=0) as dispatcher:
        await until(lambda: len(target.got) == 5 and dispatcher.states()[1].in_flight == 2)
        lags = await dispatcher.lags()
        assert (lags["store"].waiting, lags["slow"].waiting, lags["slow"].in_flight) == (0, 3, 2)


async def test_a_start_without_a_log_is_an_error(tmp_path: Path) -> None:
    async with opened(tmp_path) as log:
        pass
    dispatcher = Dispatcher(log, [subscription(Target())])
    with pytest.raises(LogUnavailable):
        await dispatcher.start()
    assert dispatcher.states() == []
    await dispatcher.stop()
