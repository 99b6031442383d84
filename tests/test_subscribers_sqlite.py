"""The sqlite subscriber, on real database files."""

import asyncio
import json
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace

import pytest
from subscriber_kit import EVENT, running

from hub.errors import Retry


def read(path, sql):
    with closing(sqlite3.connect(path)) as db:
        return db.execute(sql).fetchall()


async def test_an_event_is_a_readable_row(tmp_path):
    async with running("sqlite", tmp_path, path="new/folder/events.db") as sqlite:
        await sqlite.deliver_batch([EVENT])
        (row,) = read(tmp_path / "new/folder/events.db", "SELECT * FROM events")
    assert row[:8] == (
        EVENT.id,
        "github",
        "github.push",
        "octo/repo",
        "2026-05-01T11:59:58Z",
        "github",
        "72d3162e",
        "2026-05-01T12:00:00.250000Z",
    )
    assert json.loads(row[8]) == EVENT.data
    assert read(tmp_path / "new/folder/events.db", "PRAGMA journal_mode") == [("wal",)]


async def test_delivered_again_it_is_kept_once(tmp_path):
    other = replace(EVENT, id="other", subject=None, time=None)
    async with running("sqlite", tmp_path, path="e.db") as sqlite:
        await sqlite.deliver_batch([EVENT])
        await sqlite.deliver_batch([EVENT, other])
    assert read(tmp_path / "e.db", "SELECT id, subject, time FROM events ORDER BY id") == [
        (EVENT.id, "octo/repo", "2026-05-01T11:59:58Z"),
        ("other", None, None),
    ]


async def test_each_event_type_has_a_view_whatever_it_is_called(tmp_path):
    nasty = "github.x'); DROP TABLE events; --\""
    events = [EVENT, replace(EVENT, id="2", type=nasty), replace(EVENT, id="3", type="github.a\nb\ud83d\0")]
    async with running("sqlite", tmp_path, path="e.db", table='my "events"') as sqlite:
        await sqlite.deliver_batch(events)
    assert read(tmp_path / "e.db", 'SELECT id FROM "github.push"') == [(EVENT.id,)]
    quoted = nasty.replace('"', '""')
    assert read(tmp_path / "e.db", f'SELECT id FROM "{quoted}"') == [("2",)]
    assert read(tmp_path / "e.db", 'SELECT count(*) FROM "my ""events"""') == [(3,)]
    assert len(read(tmp_path / "e.db", "SELECT 1 FROM sqlite_master WHERE type = 'view'")) == 2


async def test_strangers_cannot_make_views_without_end(tmp_path):
    def batch(start):
        return [replace(EVENT, id=f"{n}", type=f"github.{n}") for n in range(start, start + 600)]

    async with running("sqlite", tmp_path, path="e.db") as sqlite:
        await sqlite.deliver_batch(batch(0))
    async with running("sqlite", tmp_path, path="e.db") as sqlite:
        await sqlite.deliver_batch([*batch(600), replace(EVENT, id="long", type="github." + "x" * 5000)])
    assert read(tmp_path / "e.db", "SELECT count(*) FROM sqlite_master WHERE type = 'view'") == [(1000,)]
    assert read(tmp_path / "e.db", "SELECT count(*) FROM events") == [(1201,)]


async def test_text_that_utf8_cannot_say_does_not_spoil_the_batch(tmp_path):
    odd = replace(EVENT, id="2", subject="half \ud83d", data={"text": "half \ud83d", "big": 2**70, "nan": float("nan")})
    plain = replace(EVENT, data={"text": "日本"})
    async with running("sqlite", tmp_path, path="e.db") as sqlite:
        await sqlite.deliver_batch([plain, odd])
    rows = read(tmp_path / "e.db", "SELECT subject, data FROM events ORDER BY id")
    assert rows[0] == ("octo/repo", '{"text":"日本"}')
    assert rows[1][0] == "half \\ud83d"
    assert json.loads(rows[1][1]) == {"text": "half \ud83d", "big": 2**70, "nan": None}


async def test_a_failed_batch_leaves_nothing_and_the_next_one_goes_through(tmp_path):
    broken = replace(EVENT, id="2", data=object())
    async with running("sqlite", tmp_path, path="e.db") as sqlite:
        with pytest.raises(TypeError):
            await sqlite.deliver_batch([EVENT, broken])
        assert read(tmp_path / "e.db", "SELECT count(*) FROM events") == [(0,)]
        await sqlite.deliver_batch([EVENT])
    assert read(tmp_path / "e.db", 'SELECT count(*) FROM "github.push"') == [(1,)]


async def test_batches_at_once_do_not_mix_their_transactions(tmp_path):
    def batch(name, bad=False):
        rows = [replace(EVENT, id=f"{name}{n}") for n in range(50)]
        return [*rows, replace(EVENT, id="bad", data=object())] if bad else rows

    async with running("sqlite", tmp_path, path="e.db") as sqlite:
        results = await asyncio.gather(
            *(sqlite.deliver_batch(batch(f"{n}-", bad=n % 2 == 1)) for n in range(8)), return_exceptions=True
        )
    assert [result is None for result in results] == [True, False] * 4
    assert read(tmp_path / "e.db", "SELECT count(*) FROM events") == [(200,)]


async def test_a_cancelled_batch_is_taken_back(tmp_path):
    async with running("sqlite", tmp_path, path="e.db") as sqlite:
        task = asyncio.create_task(sqlite.deliver_batch([replace(EVENT, id=f"{n}") for n in range(500)]))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await sqlite.deliver_batch([EVENT])
    assert read(tmp_path / "e.db", "SELECT id FROM events") == [(EVENT.id,)]


async def test_stopped_while_it_opens_it_leaves_no_thread_behind(tmp_path, monkeypatch):
    before, reached = set(threading.enumerate()), asyncio.Event()

    async def never_done():
        reached.set()
        await asyncio.Event().wait()

    async with running("sqlite", tmp_path, opened=False, path="e.db") as sqlite:
        monkeypatch.setattr(sqlite, "prepare", never_done)
        opening = asyncio.create_task(sqlite.open())
        await reached.wait()
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
        assert not thread.is_alive()


async def test_a_file_in_the_way_of_the_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    async with running("sqlite", tmp_path, opened=False, path="file/events.db") as sqlite:
        with pytest.raises(Retry, match=r"cannot open .*file/events\.db.*writable"):
            await sqlite.open()


@pytest.mark.parametrize("sql", ["CREATE TABLE events (a)", "CREATE VIEW events AS SELECT 1 AS id"])
async def test_a_table_of_someone_else_is_left_alone(tmp_path, sql):
    with closing(sqlite3.connect(tmp_path / "e.db")) as db:
        db.execute(sql)
    async with running("sqlite", tmp_path, opened=False, path="e.db") as sqlite:
        with pytest.raises(Retry, match="cannot keep events in table 'events'"):
            await sqlite.open()


async def test_a_file_that_is_no_database_is_left_alone(tmp_path):
    (tmp_path / "e.db").write_text("my diary\n" * 200)
    async with running("sqlite", tmp_path, opened=False, path="e.db") as sqlite:
        with pytest.raises(Retry, match="not a database"):
            await sqlite.open()
    assert (tmp_path / "e.db").read_text().startswith("my diary")
