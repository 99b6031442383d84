"""The dispatcher when a target is dead, and when a batch fails: rows are for single bad events only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from dispatch_kit import (
    LATE,
    Behaviour,
    Bulk,
    Target,
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

from hub.dispatch import BreakerPolicy
from hub.errors import Reject, Retry
from hub.event import Event
from hub.log.base import Attempt, Delivery, DeliveryQuery, Log

STAYS_OPEN = BreakerPolicy(first=3600, longest=3600)


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[Log]:
    async with opened(tmp_path) as log:
        yield log


def raising_for(error: BaseException, *numbers: int) -> Behaviour:
    """Raise at every attempt at these events."""

    async def deliver(event: Event) -> None:
        if event.data["n"] in numbers:
            raise error

    return deliver


# the breaker


@pytest.mark.parametrize("error", [ConnectionRefusedError(), OSError("no route"), TimeoutError()])
async def test_a_dead_target_makes_few_rows_and_no_event_is_lost(log: Log, error: Exception) -> None:
    target = Target(failing(error))
    await fill(log, 300)
    calm = policy(concurrency=4, retry=LATE, breaker=STAYS_OPEN)
    async with running(log, subscription(target, policy=calm)) as dispatcher:
        await until(lambda: dispatcher.states()[0].breaker == "open")
        (state,) = dispatcher.states()
        assert state.probe is not None
        assert state.trouble.startswith(type(error).__name__)
        await settled(log, waiting=300 - len(target.asked), later=len(target.asked))
    assert 5 <= len(await rows(log)) <= 5 + 4
    target.behaviour = fine
    async with running(log, subscription(target, policy=calm)):
        await log.requeue(DeliveryQuery(states=("later",)))
        await until(lambda: len(target.got) == 300)
    assert await rows(log) == []


async def test_the_target_is_probed_until_it_answers(log: Log) -> None:
    target = Target(failing(ConnectionRefusedError()))
    await fill(log, 100)
    async with running(log, subscription(target, policy=policy(retry=LATE))) as dispatcher:
        await until(lambda: dispatcher.states()[0].breaker == "open")
        before = len(target.asked)
        await until(lambda: len(target.asked) >= before + 3)
        target.behaviour = fine
        await until(lambda: len(target.asked) == 100)
        assert dispatcher.states()[0].breaker == "closed"
        assert dispatcher.states()[0].probe is None
        assert dispatcher.states()[0].trouble == ""
    assert len(await rows(log)) == 100 - len(target.got) < 20


async def test_a_probe_is_alone(log: Log) -> None:
    now: list[int] = [0, 0]

    async def count(event: Event) -> None:
        now[0] += 1
        now[1] = max(now)
        await asyncio.sleep(0.005)
        now[0] -= 1
        raise ConnectionRefusedError

    target = Target(count)
    await fill(log, 100)
    async with running(log, subscription(target, policy=policy(retry=LATE))) as dispatcher:
        await until(lambda: dispatcher.states()[0].breaker == "open" and not dispatcher.states()[0].in_flight)
        before, now[1] = len(target.asked), 0
        await until(lambda: len(target.asked) >= before + 3)
    assert now[1] == 1


async def test_rejections_say_that_the_target_lives(log: Log) -> None:
    target = Target(failing(Reject("no")))
    await fill(log, 100)
    async with running(log, subscription(target, policy=policy(breaker=STAYS_OPEN))):
        await settled(log, dead=100)


async def test_a_subscriber_that_always_fails_is_left_alone_later(log: Log) -> None:
    target = Target(failing(RuntimeError("broken")))
    await fill(log, 300)
    calm = policy(retry=LATE, breaker=STAYS_OPEN)
    async with running(log, subscription(target, policy=calm)) as dispatcher:
        await until(lambda: dispatcher.states()[0].breaker == "open")
    assert 50 <= len(await rows(log)) <= 50 + calm.concurrency


async def test_what_was_taken_when_the_breaker_opens_is_given_back(log: Log) -> None:
    gate, target = asyncio.Event(), Target()

    async def refuse_later(event: Event) -> None:
        await gate.wait()
        raise ConnectionRefusedError

    target.behaviour = refuse_later
    await fill(log, 5)
    calm = policy(concurrency=6, retry=LATE, breaker=STAYS_OPEN)
    async with running(log, subscription(target, policy=calm)) as dispatcher:
        # one place is free, and a delivery for it is being waited for
        await until(lambda: len(target.asked) == 5)
        gate.set()
        await until(lambda: dispatcher.states()[0].breaker == "open")
        (stored,) = await fill(log, 1, start=5)
        await asyncio.sleep(0.01)
        assert (await log.status(stored.event.id))["store"] in ("waiting", "in-flight")
        assert target.asked == [0, 1, 2, 3, 4]
        assert dispatcher.states()[0].in_flight == 0
    attempts: list[Attempt] = []
    target.behaviour = fine

    def observe(event: Event, delivery: Delivery, attempt: Attempt) -> None:
        attempts.append(attempt)

    async with running(log, subscription(target, policy=calm), on_attempt=observe):
        await until(lambda: target.got == [5])
    assert [attempt.number for attempt in attempts] == [1]


# batches


async def test_batches_are_delivered_whole(log: Log) -> None:
    bulk, seen = Bulk(), []
    await fill(log, 450)
    async with running(log, subscription(bulk), on_attempt=lambda *args: seen.append(args)):
        await settled(log)
    assert sorted(bulk.got) == list(range(450))
    assert max(bulk.sizes) == 100
    assert len(seen) == 450


async def test_one_bad_event_does_not_doom_its_neighbours(log: Log) -> None:
    bulk = Bulk(raising_for(Reject("bad"), 37))
    await fill(log, 100)
    async with running(log, subscription(bulk)):
        await settled(log, dead=1)
        (dead,) = await rows(log)
    assert (dead.event.data["n"], dead.reason, dead.attempts) == (37, "bad", 1)
    assert bulk.got == [number for number in range(100) if number != 37]
    # halving: two tries for each of the seven steps down, not one for each event
    assert len(bulk.sizes) <= 15


async def test_a_batch_in_which_all_is_bad_ends(log: Log) -> None:
    bulk = Bulk(failing(KeyError("n")))
    await fill(log, 30)
    patient = BreakerPolicy(other_failures=1000)
    async with running(log, subscription(bulk, policy=policy(breaker=patient))):
        await settled(log, dead=30)
    assert {row.attempts for row in await rows(log)} == {3}


async def test_a_batch_for_a_dead_target_counts_no_attempt(log: Log) -> None:
    bulk, seen = Bulk(failing(ConnectionRefusedError())), []
    await fill(log, 100)

    def observe(event: Event, delivery: Delivery, attempt: Attempt) -> None:
        seen.append((attempt.outcome, attempt.number))

    async with running(log, subscription(bulk, policy=policy(retry=LATE)), on_attempt=observe) as dispatcher:
        await until(lambda: dispatcher.states()[0].breaker == "open")
        bulk.behaviour = fine
        await until(lambda: len(seen) == 100)
    # only what was tried alone has a row
    assert len(await rows(log)) == seen.count(("later", 1)) <= 10
    assert seen.count(("delivered", 1)) == len(bulk.got) >= 90


async def test_a_batch_that_hangs_because_of_one_event_gets_through(log: Log) -> None:
    async def one_hangs(event: Event) -> None:
        if event.data["n"] == 37:
            await forever(event)

    bulk = Bulk(one_hangs)
    await fill(log, 100)
    async with running(log, subscription(bulk, policy=policy(timeout=0.01, retry=LATE, concurrency=1))):
        await settled(log, later=1)
    (later,) = await rows(log)
    assert later.event.data["n"] == 37
    assert sorted(set(bulk.got)) == [number for number in range(100) if number != 37]


async def test_retry_puts_off_the_whole_batch(log: Log) -> None:
    bulk = Bulk(failing(Retry("busy", after=3600)))
    await fill(log, 20)
    async with running(log, subscription(bulk)):
        await settled(log, later=20)
    assert bulk.sizes == [20]


async def test_an_ordered_batch_is_one_event(log: Log) -> None:
    bulk = Bulk()
    await fill(log, 5)
    async with running(log, subscription(bulk, policy=policy(ordered=True))):
        await settled(log)
    assert (bulk.sizes, bulk.got) == ([1] * 5, [0, 1, 2, 3, 4])


async def test_what_comes_while_a_small_batch_is_under_way_is_the_next_one(log: Log) -> None:
    go = asyncio.Event()

    async def wait(event: Event) -> None:
        await go.wait()

    bulk = Bulk(wait)
    async with running(log, subscription(bulk, policy=policy(gather=5.0))):
        await fill(log, 1)
        await until(lambda: bulk.sizes == [1])
        for number in range(1, 8):
            await fill(log, 1, start=number)
        go.set()
        await settled(log)
    assert bulk.sizes == [1, 7]


async def test_small_batches_do_not_pile_up(log: Log) -> None:
    under_way: set[int] = set()
    most = 0

    async def slowly(event: Event) -> None:
        nonlocal most
        under_way.add(event.data["n"])
        most = max(most, len(under_way))
        await asyncio.sleep(0.004)
        under_way.remove(event.data["n"])

    bulk = Bulk(slowly)
    async with running(log, subscription(bulk, policy=policy(gather=5.0))):
        for number in range(60):
            await fill(log, 1, start=number)
        await settled(log)
    # one event of a batch after the other, so these were batches
    assert most == 1
    assert bulk.got == list(range(60))


async def test_a_batch_that_hangs_holds_nothing_up(log: Log) -> None:
    async def first_hangs(event: Event) -> None:
        await asyncio.sleep(60 if event.data["n"] == 0 else 0)

    bulk = Bulk(first_hangs)
    async with running(log, subscription(bulk, policy=policy(gather=0.01, timeout=30.0)), grace=0.1):
        await fill(log, 1)
        await until(lambda: bulk.sizes == [1])
        await fill(log, 5, start=1)
        await until(lambda: len(bulk.got) == 5)
