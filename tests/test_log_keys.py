"""De-duplication keys in the SQLite log, wherever they are: in memory, in the file, on their way there."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from log_contract import FAR, event_of, incoming, keep, keep_many, now

from hub.errors import LogUnavailable
from hub.log.base import Query, Stored
from hub.log.migrations import MIGRATIONS, migrate, version
from hub.log.sqlite import SqliteLog

ROUND, PIECE = 64, 10
LIKE_VERSION_1 = """
    DROP TABLE keys;
    DROP TABLE gathered;
    CREATE UNIQUE INDEX events_delivery ON events (delivery, source, idx);
    CREATE INDEX events_request ON events (request);
    CREATE INDEX events_source ON events (source);
    PRAGMA user_version = 1;
"""
RECENT = "SELECT count(*) FROM recent"


@pytest.fixture(autouse=True)
def small_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.log.sqlite_keys.MANY", ROUND)
    monkeypatch.setattr("hub.log.sqlite_keys.PIECE", PIECE)


@pytest.fixture(params=["hashes", "all hashes alike"], autouse=True)
def hashing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing may depend on two deliveries having different hashes."""
    if request.param != "hashes":
        for module in ("codec", "migrations", "sqlite_append", "sqlite_keys"):
            monkeypatch.setattr(f"hub.log.{module}.hash_delivery", lambda value, index: min(index, 2))


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SqliteLog]:
    log = SqliteLog(tmp_path / "hub.db")
    await log.open()
    yield log
    await log.close()


async def keep_all(log: SqliteLog, numbers: range) -> list[Stored]:
    """A request each, some at a time; the ids are in no order."""
    kept: list[Stored] = []
    for start in range(numbers.start, numbers.stop, 7):
        some = range(start, min(start + 7, numbers.stop))
        kept += await asyncio.gather(*(keep(log, f"{number * 7919 % 1000:03}") for number in some))
    return kept


def count(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        (number,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(number)


@pytest.mark.parametrize("events", [ROUND - 1, ROUND + 3 * PIECE, 2 * ROUND, 300])
async def test_every_event_is_known_whatever_was_put_into_the_file(log: SqliteLog, events: int) -> None:
    first = await keep_all(log, range(events))
    again = await keep_all(log, range(events))
    assert not any(one.duplicate for one in first)
    assert [one.duplicate for one in again] == [True] * events
    assert [(one.position, one.event.id) for one in again] == [(one.position, one.event.id) for one in first]
    assert count(log.path, "events") == events
    in_file = count(log.path, "keys")
    assert in_file <= events
    assert (in_file > 0) == (events > ROUND)


async def test_every_event_is_known_after_a_new_start(tmp_path: Path) -> None:
    path, starts = tmp_path / "hub.db", 0
    for events in range(20, 400, 33):
        log = SqliteLog(path)
        await log.open()
        try:
            kept = await keep_all(log, range(events))
        finally:
            await log.close()
        assert sum(not one.duplicate for one in kept) == events - starts
        starts = events
    assert count(path, "events") == starts


@pytest.mark.parametrize("ordered", [False, True], ids=["random ids", "ordered ids"])
@pytest.mark.parametrize("together", [1, 7, PIECE + 20])
async def test_what_is_in_memory_has_a_bound(log: SqliteLog, ordered: bool, together: int) -> None:
    for start in range(0, 20 * ROUND, together):
        numbers = range(start, start + together)
        ids = [f"{number:06}" if ordered else os.urandom(8).hex() for number in numbers]
        await asyncio.gather(*(keep(log, one) for one in ids))
        (recent,) = await log._writer.change(lambda connection: connection.execute(RECENT).fetchone())
        assert recent <= 2 * ROUND + together
    assert count(log.path, "events") - recent <= count(log.path, "keys") <= count(log.path, "events")


async def test_a_request_of_many_events_is_no_exception(log: SqliteLog) -> None:
    for _ in range(30):
        await keep_many(log, ROUND)
        (recent,) = await log._writer.change(lambda connection: connection.execute(RECENT).fetchone())
        assert recent <= 3 * ROUND


async def test_the_same_event_twice_in_one_batch(log: SqliteLog) -> None:
    request = incoming()
    twice = await asyncio.gather(*(log.append(request, [event_of(request, "same")]) for _ in range(2)))
    assert sorted(stored.duplicate for (stored,) in twice) == [False, True]
    assert twice[0][0].position == twice[1][0].position


async def test_what_is_dropped_is_forgotten(log: SqliteLog) -> None:
    await keep_all(log, range(150))
    assert 0 < count(log.path, "keys") < 150
    while await log.prune(now() + FAR):
        pass
    assert (count(log.path, "events"), count(log.path, "keys")) == (0, 0)
    assert await log._writer.change(lambda connection: connection.execute(RECENT).fetchone()) == (0,)
    again = await keep_all(log, range(150))
    assert not any(one.duplicate for one in again)


async def test_events_are_found_by_their_delivery_id(log: SqliteLog) -> None:
    kept = await keep_all(log, range(150))
    request = incoming()
    several = await log.append(request, [event_of(request, "several", index=index) for index in range(5)])
    await keep_all(log, range(150, 300))
    last = await log.append(request, [event_of(request, "last", index=index) for index in range(5)])
    beside = SqliteLog(log.path, read_only=True)
    await beside.open()
    try:
        for which in (log, beside):
            found = await which.browse(Query(ids=("last", "none", "several")), None, 20)
            assert found.items == [*reversed(several + last)]
            assert await which.find("shop", "several", 3) == several[3]
        for one in (kept[0], kept[70], kept[149]):
            key = one.event.deliveryid
            for which in (log, beside):
                assert await which.find("shop", key) == one
                assert (await which.browse(Query(ids=(key,)), None, 10)).items == [one]
                assert await which.find("shop", key, 1) is None
                assert await which.find("another", key) is None
                assert await which.find("shop", f"{key}0") is None
    finally:
        await beside.close()


@pytest.mark.parametrize("older", range(1, len(MIGRATIONS)))
async def test_a_log_of_an_older_hub(tmp_path: Path, older: int) -> None:
    path = tmp_path / "hub.db"
    log = SqliteLog(path)
    await log.open()
    kept = await keep_all(log, range(100))
    await log.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(LIKE_VERSION_1)
        migrate(connection, MIGRATIONS[:older])
    beside = SqliteLog(path, read_only=True)
    with pytest.raises(LogUnavailable, match="older hub"):
        await beside.open()
    told: list[str] = []
    log = SqliteLog(path, notice=told.append)
    await log.open()
    try:
        again = await keep_all(log, range(110))
    finally:
        await log.close()
    (line,) = told
    assert f"from version {older} to {len(MIGRATIONS)}" in line
    assert [one.position for one in again[:100]] == [one.position for one in kept]
    assert [one.duplicate for one in again] == [True] * 100 + [False] * 10
    with closing(sqlite3.connect(path)) as connection:
        assert version(connection) == len(MIGRATIONS)


def test_a_new_log_is_made_in_the_same_steps(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "new.db", isolation_level=None)) as connection:
        migrate(connection)
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    assert {"keys", "gathered"} <= names
    assert not names & {"events_delivery", "events_request", "events_source"}
