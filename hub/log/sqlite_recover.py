"""Saves what can be read of a damaged SQLite log into a new file."""

from __future__ import annotations

import json
import re
import sqlite3
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from hub.errors import LogDamaged, LogUnavailable
from hub.event import new_id
from hub.log.codec import ORJSON, Unpacker, from_micros, pack_id, unflatten
from hub.log.migrations import check_version, gather_all, migrate, version
from hub.log.sqlite_files import Lock, connect, damaged

BY_NUMBER = {
    "names": "id",
    "requests": "seq",
    "events": "seq",
    "subscriptions": "id",
    "attempts": "id",
    "jobs": "id",
    "rejections": "seq",
    "learned": "id",
}
BY_KEY = ("filters", "deliveries")
SOURCE = re.compile(r"/webhooks/([^/?]+)")
STRANGE = "typeof(idx) <> 'integer' OR typeof(request) <> 'integer'"
"""An event with a number that is none: SQLite takes any value that the disk has made of one."""
SECOND = "seq NOT IN (SELECT min(seq) FROM events GROUP BY delivery, source, idx)"
"""An event of whose key there is an earlier one: where the file is damaged nothing has refused it."""
DETAIL = "its event stood in a damaged part of the log; accepted, it is a new one, also for those who had it"
UNREADABLE = (sqlite3.DatabaseError, ValueError)
FARTHEST = 1 << 40
"""How far ahead of a bad place in a table the next good row is looked for."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """kept: rows saved, by table; lost: how many bad places there were; unread: requests whose events are lost, kept as
    rejections; backup: where the damaged file is now."""

    kept: Counter[str]
    lost: int
    unread: int
    backup: Path


def recover(path: Path) -> Recovered:
    """Replace a damaged log by one with all that can still be read; the damaged file is kept beside it.

    Raises:
        LogInUse: a hub runs on it; LogUnavailable: there is none; LogDamaged: nothing of it can be read; LogTooNew.
    """
    if not path.exists():
        raise LogUnavailable(f"there is no log at {path}")
    lock = Lock(path)
    lock.take()
    try:
        fresh = path.with_name(path.name + ".recovered")
        _remove(fresh)
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as old:
            try:
                check_version(version(old))
                old.execute("SELECT name FROM sqlite_schema").fetchall()
            except sqlite3.Error as error:
                raise damaged(path, f"nothing of it can be read ({error}); restore a copy, or move it away") from None
            with closing(connect(fresh)) as new:
                migrate(new)
                kept, lost, unread = _copy(old, new)
        backup = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S}")
        path.rename(backup)
        for suffix in ("-wal", "-shm"):
            beside = path.with_name(path.name + suffix)
            if beside.exists():
                beside.rename(backup.with_name(backup.name + suffix))
        fresh.rename(path)
    finally:
        lock.free()
    return Recovered(kept, lost, unread, backup)


def _copy(old: sqlite3.Connection, new: sqlite3.Connection) -> tuple[Counter[str], int, int]:
    kept: Counter[str] = Counter()
    bad: list[str] = []
    unpacker = Unpacker()
    new.execute("BEGIN IMMEDIATE")
    for table, key in BY_NUMBER.items():
        for row in _rows(old, table, key, bad):
            if not _whole(table, row[-1], unpacker):
                bad.append(table)
                continue
            kept[table] += _insert(new, table, row, bad)
    for table in BY_KEY:
        try:
            for row in old.execute(f"SELECT * FROM {table}"):
                kept[table] += _insert(new, table, row, bad)
        except sqlite3.DatabaseError:
            bad.append(table)
    named = "SELECT source FROM events UNION SELECT provider FROM events UNION SELECT type FROM events"
    new.execute(f"INSERT OR IGNORE INTO names (id, text) SELECT source, 'lost-' || source FROM ({named})")
    without = "data IS NULL AND NOT EXISTS (SELECT 1 FROM requests r WHERE r.seq = events.request)"
    for unfit in (without, STRANGE, SECOND):
        kept["events"] -= new.execute(f"DELETE FROM events WHERE {unfit}").rowcount
    new.execute("DELETE FROM deliveries WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.seq = deliveries.seq)")
    gather_all(new)
    unread = _set_aside(new, unpacker)
    _go_on(old, new)
    new.execute("COMMIT")
    return kept, len(bad), unread


def _set_aside(new: sqlite3.Connection, unpacker: Unpacker) -> int:
    """Requests whose events are lost become rejections: accepted, they are read again."""
    lost = "SELECT seq, at, raw FROM requests WHERE seq NOT IN (SELECT request FROM events)"
    count = 0
    for seq, at, raw in new.execute(lost).fetchall():
        source = SOURCE.search(unflatten(unpacker.unpack(raw), from_micros(at)).url)
        if source is None:
            continue
        new.execute(
            "INSERT INTO rejections (id, source, at, received, stage, reason, detail, state, size, raw) "
            "VALUES (?, ?, ?, ?, 'read', 'recovered', ?, 'open', ?, ?)",
            (pack_id(new_id()), source[1], at, at, DETAIL, len(raw), raw),
        )
        new.execute("DELETE FROM requests WHERE seq = ?", (seq,))
        count += 1
    return count


def _rows(old: sqlite3.Connection, table: str, key: str, bad: list[str]) -> Iterator[tuple[Any, ...]]:
    """The rows of a table in order, around what cannot be read."""
    select = f"SELECT {key}, * FROM {table} WHERE {key} >= ? ORDER BY {key}"
    start: int | None = 0
    while start is not None:
        try:
            for row in old.execute(select, (start,)):
                start = row[0] + 1
                yield row[1:]
            return
        except UNREADABLE:
            bad.append(table)
        # the cursor looks one row ahead: the last good one was not given
        for row in _first(old, select, start) or ():
            start = row[0] + 1
            yield row[1:]
        start = _beyond(old, select, start)


def _first(old: sqlite3.Connection, select: str, start: int) -> list[tuple[Any, ...]] | None:
    """The first row from a number on, in a list; [] if there is none; None if it cannot be read."""
    try:
        return old.execute(f"{select} LIMIT 1", (start,)).fetchall()
    except UNREADABLE:
        return None


def _beyond(old: sqlite3.Connection, select: str, bad: int) -> int | None:
    """The first number from which on rows can be read again; None if there is none."""

    def good(start: int) -> bool:
        return _first(old, select, start) is not None

    step = 1
    while not good(bad + step):
        step *= 2
        if step > FARTHEST:
            return None
    low = bad + step // 2
    return low + bisect_left(range(low, bad + step), True, key=good)


def _whole(table: str, last: Any, unpacker: Unpacker) -> bool:
    """Can the last column be read? Inside a large value, SQLite does not notice what the disk altered."""
    if table not in ("requests", "rejections", "events") or (table == "events" and last is None):
        return True
    if not isinstance(last, bytes):
        return False
    try:
        if table != "events":
            unpacker.unpack(last)
        else:
            (orjson if last[:1] == ORJSON else json).loads(last[1:])
    except (LogDamaged, ValueError):
        return False
    return True


def _insert(new: sqlite3.Connection, table: str, row: tuple[Any, ...], bad: list[str]) -> int:
    try:
        new.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(row))})", row)
    except (sqlite3.Error, ValueError):
        bad.append(table)
        return 0
    return 1


def _go_on(old: sqlite3.Connection, new: sqlite3.Connection) -> None:
    """Positions must not restart below those of the subscriptions, also if the newest events are lost."""
    try:
        numbers = dict(old.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
    except sqlite3.DatabaseError:
        numbers = {}
    (position,) = new.execute("SELECT coalesce(max(position), 0) FROM subscriptions").fetchone()
    numbers["events"] = max(int(numbers.get("events", 0)), position)
    (request,) = new.execute("SELECT coalesce(max(request), 0) FROM events").fetchone()
    numbers["requests"] = max(int(numbers.get("requests", 0)), int(request))
    for table, number in numbers.items():
        changed = new.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", (number, table)).rowcount
        if not changed:
            new.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, number))


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
