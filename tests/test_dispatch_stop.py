"""The dispatcher at its end: an orderly one, one that a subscriber resists, and none at all."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from dispatch_kit import (
    LATE,
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

from hub.dispatch import Dispatcher
from hub.errors import Retry
from hub.event import Event
from hub.log.base import Attempt, Delivery, Log


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[Log]:
    async with opened(tmp_path) as log:
        yield log


class Stubborn(Target):
    """Swallows every cancellation until it is released."""

    def __init__(self) -> None:
        super().__init__(self.resist)
        self.released = asyncio.Event()
        self.ended = 0

    async def resist(self, event: Event) -> None:
        while not self.released.is_set():
            with suppress(asyncio.CancelledError):
                await self.released.wait()
        self.ended += 1

    async def release(self) -> None:
        """Nothing of it may outlive a test."""
        self.released.set()
        await until(lambda: self.ended == len(self.asked))


class Closing(Target):
    """Counts what is called at its ends."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    async def open(self) -> None:
        self.calls.append("open")

    async def close(self) -> None:
        self.calls.append("close")


async def test_what_is_under_way_may_end(log: Log) -> None:
    gate = asyncio.Event()

    async def wait(event: Event) -> None:
        await gate.wait()

    target = Target(wait)
    await fill(log, 20)
    dispatcher = Dispatcher(log, [subscription(target, policy=policy(concurrency=4))])
    await dispatcher.start()
    await until(lambda: len(target.asked) == 4)
    stopping = asyncio.create_task(dispatcher.stop(10))
    await asyncio.sleep(0.01)
    assert not stopping.done()
    gate.set()
    await stopping
    assert len(target.got) == len(target.asked) == 4
    again = Target()
    async with running(log, subscription(again)):
        await settled(log)
    assert sorted(target.got + again.got) == list(range(20))


async def test_what_does_not_end_in_time_is_given_back_uncounted(log: Log) -> None:
    target, numbers = Target(forever), []
    await fill(log, 3)
    async with running(log, subscription(target), grace=0.01):
        await until(lambda: len(target.asked) == 3)
    assert await rows(log) == []

    def observe(event: Event, delivery: Delivery, attempt: Attempt) -> None:
        numbers.append(attempt.number)

    again = Target()
    async with running(log, subscription(again), on_attempt=observe):
        await settled(log)
    assert sorted(again.got) == [0, 1, 2]
    assert numbers == [1, 1, 1]


async def test_a_stop_at_once_gives_back_what_has_not_begun(log: Log) -> None:
    target = Target()
    await fill(log, 50)
    for _ in range(20):
        dispatcher = Dispatcher(log, [subscription(target)])
        await dispatcher.start()
        for _ in range(len(target.got) % 7):
            await asyncio.sleep(0)
        await dispatcher.stop(0)
    async with running(log, subscription(target)):
        await settled(log)
    assert sorted(set(target.got)) == list(range(50))


async def test_who_ignores_the_end_is_left_behind(log: Log) -> None:
    target = Stubborn()
    await fill(log, 1)
    async with running(log, subscription(target), grace=0):
        await until(lambda: target.asked == [0])
    again = Target()
    async with running(log, subscription(again)):
        await until(lambda: again.got == [0])
    await target.release()
    assert await rows(log) == []


async def test_who_ignores_its_timeout_keeps_its_place_but_not_its_delivery(log: Log) -> None:
    target = Stubborn()
    await fill(log, 2)
    tight = policy(concurrency=2, timeout=0.01, linger=0.01, retry=LATE)
    async with running(log, subscription(target, policy=tight), grace=0) as dispatcher:
        await settled(log, later=2)
        (state,) = dispatcher.states()
        assert (state.stuck, state.in_flight) == (2, 0)
        await fill(log, 1, start=2)
        await asyncio.sleep(0.02)
        assert sorted(target.asked) == [0, 1]
        await target.release()
        await until(lambda: 2 in target.got)
        assert dispatcher.states()[0].stuck == 0
    assert [row.reason for row in await rows(log)] == ["TimeoutError: it does not end 0.01 s after its timeout"] * 2


async def test_what_ends_after_it_was_given_up_changes_nothing(log: Log) -> None:
    target, seen = Stubborn(), []
    await fill(log, 1)
    tight = policy(timeout=0.01, linger=0.01, retry=LATE)
    async with running(log, subscription(target, policy=tight), on_attempt=lambda *args: seen.append(args[2].outcome)):
        await settled(log, later=1)
        await target.release()
    assert seen == ["later"]
    assert len(await rows(log)) == 1


async def test_a_subscriber_is_closed_once(log: Log) -> None:
    target = Closing()
    await fill(log, 1)
    async with running(log, subscription(target)):
        await settled(log)
    assert target.calls == ["open", "close"]


async def test_a_subscriber_that_never_opened_is_not_closed(log: Log) -> None:
    target = Closing()
    target.open = forever_open  # type: ignore[method-assign]  # a behaviour for this test
    async with running(log, subscription(target)):
        await asyncio.sleep(0)
    assert target.calls == []


async def forever_open() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("error", [RuntimeError("broken"), SystemExit(1), None])
async def test_a_close_that_fails_or_hangs_ends_nothing_else(
    log: Log, error: BaseException | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.dispatch.worker.SETTLING", 0.02)

    async def close() -> None:
        if error is not None:
            raise error
        await asyncio.Event().wait()

    target, other = Closing(), Closing()
    target.close = close  # type: ignore[method-assign]  # a behaviour for this test
    async with running(log, subscription(target), subscription(other, "other")):
        await until(lambda: bool(target.calls and other.calls))
    assert other.calls == ["open", "close"]


@pytest.mark.parametrize("when", ["idle", "open breaker", "opening"])
async def test_a_stop_does_not_wait_for_what_waits_itself(log: Log, when: str) -> None:
    target = Target(failing(ConnectionRefusedError()) if when == "open breaker" else fine)
    if when == "opening":
        target.open = forever_open  # type: ignore[method-assign]  # a behaviour for this test
    await fill(log, 0 if when == "idle" else 20)
    async with running(log, subscription(target, policy=policy(retry=LATE)), grace=3600) as dispatcher:
        await until(lambda: when != "open breaker" or dispatcher.states()[0].breaker == "open")


async def test_after_a_crash_only_what_was_not_settled_is_delivered_again(tmp_path: Path) -> None:
    """The file as it stands while the hub runs is what a crash leaves."""
    (tmp_path / "before").mkdir()

    async def some_hang(event: Event) -> None:
        if event.data["n"] % 10 == 5:
            await forever(event)
        if event.data["n"] == 7:
            raise RuntimeError

    target = Target(some_hang)
    async with opened(tmp_path / "before") as log:
        await fill(log, 40)
        async with running(log, subscription(target, policy=policy(retry=LATE)), grace=0):
            async with opened(tmp_path / "before", read_only=True) as file:
                await settled(file, in_flight=4, later=1)
            shutil.copytree(tmp_path / "before", tmp_path / "after")
    again = Target()
    async with opened(tmp_path / "after") as log, running(log, subscription(again)):
        await settled(log, later=1)
    assert sorted(again.got) == [5, 15, 25, 35]
    assert sorted([*target.got, *again.got, 7]) == list(range(40))


async def test_after_a_crash_a_retry_goes_on_counting(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    target, again, numbers = Target(failing(Retry(after=0.2))), Target(), []

    def observe(event: Event, delivery: Delivery, attempt: Attempt) -> None:
        numbers.append(attempt.number)

    async with opened(tmp_path / "before") as log:
        await fill(log, 1)
        async with running(log, subscription(target)):
            await settled(log, later=1)
            shutil.copytree(tmp_path / "before", tmp_path / "after")
    async with opened(tmp_path / "after") as log, running(log, subscription(again), on_attempt=observe):
        await until(lambda: again.got == [0])
    assert numbers == [2]
