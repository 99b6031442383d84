"""The SQLite log when the disk, the file or the process fails."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from disk_kit import hang
from log_contract import (
    FAR,
    event_of,
    everything,
    incoming,
    keep,
    keep_many,
    nothing,
    now,
    positions,
    settle,
    subscribe,
    take,
)
from log_contract_append import rejection

from hub.errors import LogUnavailable
from hub.log import sqlite_checkpoint, sqlite_writer
from hub.log.base import Query, RejectionQuery
from hub.log.sqlite import SqliteLog
from hub.log.sqlite_files import Room

WITHIN = 5.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hub.db"


@pytest.fixture
async def log(path: Path) -> AsyncIterator[SqliteLog]:
    log = SqliteLog(path, room=Room(path, every=0))
    await log.open()
    yield log
    await log.close()


async def reopened(log: SqliteLog) -> SqliteLog:
    await log.close()
    again = SqliteLog(log.path)
    await again.open()
    return again


@contextmanager
def no_writing() -> Iterator[None]:
    """Every write to a file fails with EFBIG."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def refused(log: SqliteLog, delivery: str = "same") -> None:
    """An append is refused in time."""
    began = time.monotonic()
    with pytest.raises(LogUnavailable):
        await keep(log, delivery)
    assert time.monotonic() - began < WITHIN


class TestUnavailable:
    """LogUnavailable in time, then it works again, and the repeated request is one event."""

    async def test_a_write_that_fails(self, log: SqliteLog) -> None:
        first = await keep(log)
        with no_writing():
            await refused(log)
            assert not (await log.health()).writable
        stored = await keep(log, "same")
        assert positions(await everything(log)) == positions([first, stored])
        assert (await log.health()).writable

    async def test_outcomes_are_kept_until_they_can_be_written(self, log: SqliteLog) -> None:
        feed = await subscribe(log)
        stored = await keep_many(log, 3)
        taken = await take(feed, 3)
        with no_writing():
            settling = asyncio.create_task(settle(feed, taken[:2]))
            dying = asyncio.create_task(settle(feed, taken[2:], "dead", reason="gone"))
            await refused(log)
            assert not settling.done()
        await asyncio.wait_for(asyncio.gather(settling, dying), WITHIN)
        again = await reopened(log)
        assert await nothing(await subscribe(again))
        assert (await again.status(stored[2].event.id)) == {"store": "dead"}
        await again.close()

    async def test_a_full_file(self, log: SqliteLog) -> None:
        await keep(log)

        def limit(connection: sqlite3.Connection) -> None:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages}")

        await log._writer.change(limit)
        big = incoming(b'"' + os.urandom(200_000).hex().encode() + b'"')
        with pytest.raises(LogUnavailable):
            await log.append(big, [event_of(big, "big")])
        assert not log._room.file.exists()
        await log._writer.change(lambda connection: connection.execute("PRAGMA max_page_count = 1000000").fetchall())
        assert not (await log.append(big, [event_of(big, "big")]))[0].duplicate
        assert log._room.file.exists()
        assert await log.count(Query()) == 2

    async def test_another_process_writes(self, log: SqliteLog, path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert log._writer._connection is not None
            log._writer._connection.execute("PRAGMA busy_timeout = 20")
            await refused(log)
            other.execute("ROLLBACK")
        assert not (await keep(log, "same")).duplicate

    async def test_a_disk_that_hangs(self, log: SqliteLog, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sqlite_writer, "PATIENCE", 0.05)
        hanging, again = await hang(log)
        asked = [log.find("shop", "same"), log.reject(rejection()), log.learn("shop", "secret", "s", True), keep(log)]
        answers = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), WITHIN)
        assert not hanging.done()
        for answer in answers:
            assert isinstance(answer, LogUnavailable) and "has not answered" in str(answer)
        again.set()
        await hanging
        assert not (await keep(log, "same")).duplicate
        assert (await log.health()).writable
        # nobody was left who waited for those
        assert not (await log.rejections(RejectionQuery(), None, 10)).items
        assert not await log.learned("shop")

    def test_a_disk_that_hangs_beyond_the_end(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sqlite_writer, "PATIENCE", 0.05)

        async def close() -> tuple[threading.Thread, threading.Event]:
            log = SqliteLog(path)
            await log.open()
            hanging, again = await hang(log)
            thread = log._writer._thread
            await log.close()
            with pytest.raises(LogUnavailable):
                await hanging
            return thread, again

        thread, again = asyncio.run(close())
        again.set()
        thread.join(WITHIN)  # pytest would tell what it raised
        assert not thread.is_alive()

    async def test_too_much_waits(self, log: SqliteLog, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sqlite_writer, "WAITING_BYTES", 50_000)
        results = await asyncio.gather(*[keep(log) for _ in range(64)], return_exceptions=True)
        refusals = [result for result in results if isinstance(result, LogUnavailable)]
        assert 0 < len(refusals) < 64
        assert await log.count(Query()) == 64 - len(refusals)

    async def test_closing_while_nothing_can_be_written(
        self, log: SqliteLog, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("hub.log.sqlite_feed.CLOSING", 0.05)
        feed = await subscribe(log)
        await keep(log)
        taken = await take(feed, 1)
        with no_writing():
            settling = asyncio.create_task(settle(feed, taken))
            await asyncio.sleep(0.01)
            await asyncio.wait_for(log.close(), WITHIN)
            with pytest.raises(LogUnavailable):
                await settling
        again = SqliteLog(path)
        await again.open()
        assert positions(await take(await subscribe(again), 1)) == positions(taken)
        await again.close()

    async def test_closing_wakes_those_who_wait(self, log: SqliteLog) -> None:
        feed = await subscribe(log)
        waiting = asyncio.create_task(feed.take(1, 60))
        await asyncio.sleep(0.01)
        await asyncio.wait_for(log.close(), WITHIN)
        assert await waiting == []
        with pytest.raises(LogUnavailable):
            await keep(log)
        with pytest.raises(LogUnavailable):
            await log.count(Query())


class TestRoom:
    """The disk fills up and is emptied again."""

    async def test_requests_are_refused_below_the_floor_and_outcomes_are_not(self, path: Path) -> None:
        free = [1 << 30]
        room = Room(path, reserve=1 << 16, floor=1 << 20, free=lambda folder: free[0], every=0)
        log = SqliteLog(path, room=room)
        await log.open()
        feed = await subscribe(log)
        await keep(log)
        assert room.file.stat().st_size == 1 << 16
        free[0] = (1 << 20) - (1 << 16)  # a page or two of the file hold nothing, and are room
        await refused(log)
        assert "free some space" in (await log.health()).detail
        await settle(feed, await take(feed, 1))
        free[0] = 1 << 20
        await keep(log, "same")
        await log.close()

    async def test_pages_that_retention_freed_are_room(self, path: Path) -> None:
        free = [1 << 30]
        room = Room(path, reserve=0, floor=1 << 20, free=lambda folder: free[0], every=0)
        log = SqliteLog(path, room=room)
        await log.open()
        big = incoming(b'"' + os.urandom(1 << 20).hex().encode() + b'"')
        await log.append(big, [event_of(big)])
        free[0] = 1 << 19
        await refused(log)
        assert await log.prune(now() + FAR) == 1
        await keep(log, "same")
        free[0] = 1 << 17
        await refused(log, "other")
        await log.close()


class TestCrash:
    """kill -9."""

    async def test_nothing_answered_is_lost_and_nothing_is_doubled(self, path: Path) -> None:
        script = Path(__file__).with_name("log_crash.py")
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(script.parent.parent), str(script.parent)])}
        acked: set[str] = set()
        for _ in range(2):
            process = subprocess.Popen([sys.executable, script, path], stdout=subprocess.PIPE, env=environment)
            assert process.stdout is not None
            lines = []
            for line in process.stdout:
                lines.append(line.decode().strip())
                if len(lines) == 150:
                    process.send_signal(signal.SIGKILL)
                    break
            lines += [line.decode().strip() for line in process.stdout if line.endswith(b"\n")]
            process.stdout.close()
            process.wait()
            acked.update(lines)
        log = SqliteLog(path)
        await log.open()
        kept = [stored.event.deliveryid for stored in await everything(log)]
        assert len(kept) == len(set(kept))
        done = {line.removeprefix("done ") for line in acked if line.startswith("done ")}
        kept_and_answered = {line.removeprefix("kept ") for line in acked if line.startswith("kept ")}
        assert kept_and_answered <= set(kept)
        assert len(kept_and_answered) > 50
        feed = await subscribe(log, start="beginning")
        came: list[str] = []
        while more := await feed.take(500, 0.05):
            came += [delivery.event.deliveryid for delivery in more]
        assert len(came) == len(set(came))
        assert done.isdisjoint(came)
        # what was neither settled nor comes again was being settled when the process died: two takes of three, twice
        assert len(set(kept) - set(came) - done) <= 12
        await log.close()


async def test_the_clock_is_the_logs_own_for_what_is_due(path: Path) -> None:
    moment = [datetime(2026, 1, 1, tzinfo=UTC).timestamp()]
    log = SqliteLog(path, clock=lambda: moment[0])
    await log.open()
    feed = await subscribe(log)
    await keep(log)
    due = datetime.fromtimestamp(moment[0], UTC) + timedelta(hours=1)
    await settle(feed, await take(feed, 1), "later", due=due)
    moment[0] -= 3600
    fresh = await keep(log)
    assert positions(await take(feed, 1)) == [fresh.position]
    assert await nothing(feed)
    moment[0] += 2 * 3600
    (delivery,) = await take(feed, 1)
    assert delivery.attempt == 2
    await log.close()


async def test_a_clock_that_is_set_back_puts_no_retry_off(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.log.sqlite.CLOCK_EVERY", 0.02)
    step = [0.0]
    log = SqliteLog(path, clock=lambda: time.time() + step[0])
    await log.open()
    feed = await subscribe(log)
    await keep(log)
    await settle(feed, await take(feed, 1), "later", due=now() + timedelta(seconds=0.5))
    step[0] = -3600
    assert await nothing(feed)
    (delivery,) = await feed.take(1, 10)
    assert delivery.attempt == 2
    await log.close()


async def test_the_write_ahead_log_stays_small_under_steady_writing(
    log: SqliteLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_checkpoint, "NEAR", 64 * 1024)
    monkeypatch.setattr(sqlite_checkpoint, "MUCH", 512 * 1024)
    # on a disk of any speed: after two rounds of so much the writer itself comes to the end of the write-ahead log
    monkeypatch.setattr(sqlite_checkpoint, "TOO_MUCH", 1024 * 1024)
    monkeypatch.setattr(sqlite_checkpoint, "ROUNDS", 2)

    async def write(lane: int) -> None:
        for number in range(60):
            # nothing that could be compressed to less than a half
            await keep(log, f"{lane}-{number}", data=os.urandom(8 * 1024).hex())

    await asyncio.gather(*(write(lane) for lane in range(16)))
    written = 16 * 60 * 8 * 1024
    assert path.with_name("hub.db-wal").stat().st_size < written
    assert await log.count(Query()) == 16 * 60
