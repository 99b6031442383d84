"""The SQLite log: the contract, and what is its own."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from log_contract import (
    FAR,
    event_of,
    everything,
    incoming,
    keep,
    keep_many,
    now,
    positions,
    settle,
    subscribe,
    take,
)
from log_contract_append import Appending, Listing, Retention, rejection
from log_contract_feed import Feeding, Replaying, Retrying

from hub.errors import ConfigError, LogError, LogUnavailable
from hub.log import open_log
from hub.log.base import Position, Query, RejectionQuery
from hub.log.codec import hash_delivery
from hub.log.sqlite import SqliteLog
from hub.log.sqlite_browse import condition
from hub.log.sqlite_changes import LEARNED
from hub.log.sqlite_keys import find_all
from hub.log.sqlite_upkeep import Bounds


class SqlitePlace:
    """Logs on one file, one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.logs: list[SqliteLog] = []

    async def open(self, **settings: Any) -> SqliteLog:
        log = open_log("sqlite:///hub.db", self.folder, **settings)
        assert isinstance(log, SqliteLog)
        self.logs.append(log)
        await log.open()
        return log


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[SqlitePlace]:
    place = SqlitePlace(tmp_path)
    yield place
    for log in place.logs:
        await log.close()


@pytest.fixture
async def log(place: SqlitePlace) -> SqliteLog:
    return await place.open()


class TestContract(Appending, Listing, Retention, Feeding, Retrying, Replaying):
    """Every test of the contract."""


async def test_a_follower_that_falls_behind_is_dropped(log: SqliteLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.log.sqlite_follow.BEHIND", 50)
    following = log.follow(None)
    first = asyncio.create_task(anext(following))
    await asyncio.sleep(0.01)
    stored = [await keep(log), *await keep_many(log, 100)]
    seen = [await first]
    with pytest.raises(LogUnavailable, match=f"go on from {stored[0].position}"):
        while True:
            seen.append(await anext(following))
    again = log.follow(seen[-1].position)
    seen += [await anext(again) for _ in range(100)]
    assert positions(seen) == positions(stored)


async def test_history_is_no_reason_to_drop_a_follower(log: SqliteLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.log.sqlite_follow.BEHIND", 50)
    stored = await keep_many(log, 300)
    following = log.follow(Position(0))
    assert positions([await anext(following) for _ in stored]) == positions(stored)


async def test_a_search_ends_at_its_budget_and_goes_on(log: SqliteLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.log.sqlite_browse.STEP", 10)
    wanted = await keep(log, type="rare.one")
    await keep_many(log, 200)
    query = Query(types=("rare.*",))
    assert await everything(log, query) == [wanted]
    monkeypatch.setattr("hub.log.sqlite_browse.BUDGET", -1.0)
    page = await log.browse(query, None, 10)
    assert (page.items, page.complete) == ([], False)
    assert page.next is not None
    monkeypatch.setattr("hub.log.sqlite_browse.BUDGET", 10.0)
    assert (await log.browse(query, page.next, 10)).items == [wanted]


async def test_refused_requests_are_bounded_by_number_and_by_size(place: SqlitePlace) -> None:
    log = await place.open(bounds=Bounds(count=5, size=100_000))
    signed = rejection(stage="read")
    await log.reject(signed)
    refused = [rejection() for _ in range(12)]
    for one in refused:
        await log.reject(one)
    kept = (await log.rejections(RejectionQuery(), None, 100)).items
    assert kept[-1].id == signed.id
    assert [one.id for one in kept[:-1]] == [one.id for one in refused[::-1]][: len(kept) - 1]
    assert 5 < len(kept) <= 5 + 5 + 1
    await log.reject(rejection(request=incoming(os.urandom(90_000))))
    await log.reject(large := rejection(request=incoming(os.urandom(90_000))))
    kept = (await log.rejections(RejectionQuery(), None, 100)).items
    assert [one.id for one in kept] == [large.id, signed.id]


async def test_a_repeated_rejection_is_kept_once(log: SqliteLog) -> None:
    one = rejection()
    await log.reject(one)
    await log.reject(one)
    assert len((await log.rejections(RejectionQuery(), None, 100)).items) == 1


async def test_untrusted_secrets_are_bounded(log: SqliteLog) -> None:
    await log.learn("asana", "secret", "mine", True)
    for number in range(LEARNED + 5):
        await log.learn("asana", "secret", f"strange {number}", False)
    await log.learn("asana", "secret", "mine", False)
    learned = await log.learned("asana")
    assert len(learned) == LEARNED + 1
    assert learned[-1] == ("secret", "mine", True)


@pytest.mark.parametrize("kept", [(), (0,), (2,), (4,), (0, 4), (1, 3)], ids=str)
@pytest.mark.parametrize("limit", [2, 100])
async def test_a_request_goes_with_its_last_event(log: SqliteLog, kept: tuple[int, ...], limit: int) -> None:
    feed = await subscribe(log)
    before, some, after = await keep(log), await keep_many(log, 5), await keep_many(log, 2)
    taken = await take(feed, 8)
    later = [delivery for delivery in taken if delivery.position in {some[index].position for index in kept}]
    await settle(feed, later, "later", due=now() + FAR)
    await settle(feed, [delivery for delivery in taken if delivery not in later])
    while await log.prune(now() + FAR, limit):
        pass
    assert len(await log._pages.rows("SELECT seq FROM requests")) == bool(kept)
    for index, stored in enumerate(some):
        assert (await log.request(stored.event.id) is not None) == (index in kept)
    await log.retire("store")
    while await log.prune(now() + FAR, limit):
        pass
    assert await log._pages.rows("SELECT seq FROM requests") == []
    assert [await log.request(stored.event.id) for stored in (before, *after)] == [None] * 3


async def test_names_are_dropped_with_their_events(log: SqliteLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.log.sqlite_upkeep.NAMES", 0)
    await keep(log, type="a.gone")
    assert await log.prune(now() + FAR) == 1
    assert await log._pages.rows("SELECT text FROM names") == []
    stored = await keep(log, type="a.gone")
    assert await log.get(stored.event.id) == stored


async def test_large_events_are_read_ahead_a_few_at_a_time(place: SqlitePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.log.sqlite_lane.CHUNK_BYTES", 100_000)
    log = await place.open()
    await subscribe(log)
    large = incoming(b'"' + os.urandom(30_000).hex().encode() + b'"')
    for number in range(40):
        await log.append(large, [event_of(large, f"d{number}")])
    await log.close()
    log = await place.open()
    feed = await subscribe(log)
    taken = await take(feed, 40)
    assert feed.subscription.lanes[0].read_ahead <= 4
    assert len(taken) == 40


async def test_statements_are_led_by_an_index(log: SqliteLog) -> None:
    await keep(log)
    plans: list[str] = []

    class Explained:
        def __init__(self, connection: sqlite3.Connection) -> None:
            self._connection = connection

        def execute(self, sql: str, values: Sequence[object]) -> sqlite3.Cursor:
            plans.extend(row[3] for row in self._connection.execute(f"EXPLAIN QUERY PLAN {sql}", values))
            return self._connection.execute(sql, values)

    keys = [("acme", one, 0, hash_delivery(one, 0)) for one in "bd"]
    await log._writer.change(lambda connection: list(find_all(keys, Explained(connection))))  # type: ignore[arg-type]
    led = [step for step in plans if "PRIMARY KEY (hash=?)" in step]
    assert len(led) == 2, plans
    assert not any(step.startswith(("SCAN n", "SCAN k", "SCAN e")) for step in plans), plans


async def test_ids_lead_whatever_else_is_asked(log: SqliteLog) -> None:
    stored = await keep(log, type="a.b")
    query = Query(ids=(stored.event.id,), types=("a.b", "a.c"), sources=("shop",))
    where, values = await condition(query, log._pages)
    plan = await log._pages.rows(f"EXPLAIN QUERY PLAN SELECT * FROM events e WHERE {where} AND e.seq < 9", values)
    assert plan[0][3] == "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)"
    assert (await log.browse(query, None, 10)).items == [stored]


@pytest.mark.parametrize("odd", [{"deliveryid": None}, {"index": None}, {"index": "1"}], ids=str)
async def test_an_event_without_a_key_is_refused(log: SqliteLog, odd: dict[str, Any]) -> None:
    with pytest.raises(LogError, match="needs a deliveryid and an index"):
        await keep(log, **odd)


@pytest.mark.parametrize("index", [-1, -(1 << 63), (1 << 20) - 1, 1 << 20, (1 << 63) - 1])
async def test_any_index_is_known_again(log: SqliteLog, index: int) -> None:
    first, again = [await keep(log, "d", index=index) for _ in range(2)]
    assert (first.duplicate, again.duplicate) == (False, True)
    assert not (await keep(log, "d", index=0)).duplicate
    assert await log.find("shop", "d", index) == first
    assert first in (await log.browse(Query(ids=("d",)), None, 10)).items


async def test_only_one_of_many_cannot_be_kept(log: SqliteLog) -> None:
    results = await asyncio.gather(
        *(keep(log, index=1 << 63 if number == 7 else 0) for number in range(20)), return_exceptions=True
    )
    assert [number for number, result in enumerate(results) if isinstance(result, LogError)] == [7]
    assert await log.count(Query()) == 19


async def test_no_such_subscription(log: SqliteLog) -> None:
    with pytest.raises(LogError, match="nobody"):
        await log.replay("nobody", Query())
    assert not await log.cancel("17")
    assert not await log.cancel("x")
    await log.retire("nobody")


async def test_no_replay_is_the_live_stream(log: SqliteLog) -> None:
    feed = await subscribe(log)
    assert not await log.cancel("0")
    await asyncio.wait_for(keep(log), 5)
    assert len(await take(feed, 1)) == 1


def test_a_url_of_no_log_is_a_problem_of_the_config(tmp_path: Path) -> None:
    for url in ("hub.db", "sqlite:///", "mysql://x"):
        with pytest.raises(ConfigError, match=r"log\.url"):
            open_log(url, tmp_path)
    assert open_log("sqlite:////var/hub.db", tmp_path).path == Path("/var/hub.db")


async def busy(log: SqliteLog, seconds: float = 0.1) -> asyncio.Task[None]:
    """Keep the writer from writing anything for a moment."""
    task = asyncio.create_task(log._writer.change(lambda connection: time.sleep(seconds)))
    await asyncio.sleep(0.01)
    return task


async def test_a_retry_whose_outcome_is_not_written_yet_is_not_handed_out_again(log: SqliteLog) -> None:
    feed = await subscribe(log)
    await keep(log)
    await settle(feed, await take(feed, 1), "later", due=now())
    again = await take(feed, 1)
    blocked = await busy(log)
    settling = asyncio.create_task(settle(feed, again, "later", due=now()))
    await asyncio.sleep(0)
    assert await feed.take(1, 0.02) == []
    await asyncio.gather(blocked, settling)
    assert (await take(feed, 1))[0].attempt == 3


async def test_an_ordered_subscription_waits_for_the_outcome_to_be_written(log: SqliteLog) -> None:
    feed = await subscribe(log, ordered=True)
    await keep_many(log, 2)
    first = await take(feed, 1)
    blocked = await busy(log)
    settling = asyncio.create_task(settle(feed, first, "later", due=now()))
    await asyncio.sleep(0)
    assert await feed.take(1, 0.02) == []
    await asyncio.gather(blocked, settling)
    assert positions(await take(feed, 1)) == positions(first)


async def test_outcomes_that_can_never_be_written_are_told_and_come_again(
    log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = await subscribe(log)
    await keep_many(log, 2)
    taken = await take(feed, 2)
    await settle(feed, taken[:1], "later", due=now())
    retry = await take(feed, 1)

    def broken(*arguments: object) -> None:
        raise ValueError("a defect")

    with monkeypatch.context() as patch:
        patch.setattr("hub.log.sqlite_feed.write", broken)
        with pytest.raises(LogError, match="a defect"):
            await settle(feed, [*taken[1:], *retry])
    assert sorted(positions(await take(feed, 2))) == positions(taken)


async def test_a_refused_append_leaves_nothing_behind(log: SqliteLog) -> None:
    results = await asyncio.gather(
        *[keep(log, None, **({"deliveryid": None} if number == 3 else {})) for number in range(9)],
        return_exceptions=True,
    )
    assert [isinstance(result, LogError) for result in results] == [number == 3 for number in range(9)]
    assert await log._pages.rows("SELECT count(*) FROM requests") == [(8,)]
    assert await log._pages.rows("SELECT count(*), max(seq) FROM events") == [(8, 8)]
