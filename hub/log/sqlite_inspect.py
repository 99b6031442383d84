"""What became of events in the SQLite log: states, attempts, lag, health."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from pathlib import Path

from hub.errors import LogUnavailable
from hub.log.base import (
    Attempt,
    DeliveryQuery,
    DeliveryState,
    DeliveryStatus,
    Lag,
    Page,
)
from hub.log.codec import from_micros, pack_id
from hub.log.migrations import MIGRATIONS, check_version, version
from hub.log.sqlite_browse import condition
from hub.log.sqlite_files import check_header, code_of, damaged
from hub.log.sqlite_read import Reader
from hub.log.sqlite_rows import COLUMNS, DEAD, LATER

COUNTED = 20_000
"""Up to here what is waiting is counted; beyond it, retention's gaps are not worth the reading."""


def check_readable(path: Path) -> None:
    """Can this hub read the file that is there?

    Raises:
        LogUnavailable, LogDamaged, LogTooNew
    """
    if not path.exists():
        raise LogUnavailable(f"there is no log at {path}; `hub run` creates it")
    check_header(path)
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error as error:
        raise LogUnavailable(f"{path} cannot be read: {error}") from error
    try:
        found = version(connection)
        check_version(found)
        if not found:
            raise LogUnavailable(f"{path} has no log in it yet; `hub run` creates it")
        if found < len(MIGRATIONS):
            raise LogUnavailable(f"{path} was written by an older hub; `hub run` brings it up to date")
    except sqlite3.Error as error:
        if code_of(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise damaged(path, str(error)) from None
        raise LogUnavailable(f"{path} cannot be read: {error}") from error
    finally:
        connection.close()


async def deliveries(query: DeliveryQuery, before: int | None, limit: int, reader: Reader) -> Page[DeliveryState]:
    """A page of retries and dead letters. One event's are not torn apart, so a page may have some more than `limit`."""
    where, values = await chosen(query, reader)
    select = (
        f"SELECT {COLUMNS}, s.name, d.state, d.attempts, d.due, d.reason, d.job FROM deliveries d "
        f"JOIN events e ON e.seq = d.seq JOIN subscriptions s ON s.id = d.sub WHERE {where}"
    )
    rows = await reader.rows(
        f"{select} AND d.seq < ? ORDER BY d.seq DESC, d.sub, d.job LIMIT ?",
        (*values, before if before is not None else 1 << 62, limit),
    )
    full = bool(rows) and len(rows) == limit
    if full:
        last = rows[-1][0].position
        rows = [row for row in rows if row[0].position != last]
        rows += await reader.rows(f"{select} AND d.seq = ? ORDER BY d.sub, d.job", (*values, last))
    items = [
        DeliveryState(
            subscription=name,
            position=stored.position,
            event=stored.event,
            state="dead" if state == DEAD else "later",
            attempts=attempts,
            due=None if due is None else from_micros(due),
            reason=reason,
            job=str(job) if job else None,
        )
        for stored, _, name, state, attempts, due, reason, job in rows
    ]
    return Page(items, items[-1].position if full else None)


async def chosen(query: DeliveryQuery, reader: Reader) -> tuple[str, tuple[object, ...]]:
    """The query as a condition on `deliveries d` and `events e`, and its values."""
    where, values = await condition(query.events, reader)
    states = ",".join(str(LATER if state == "later" else DEAD) for state in query.states) or f"{LATER},{DEAD}"
    where = f"d.state IN ({states}) AND {where}"
    if query.subscription is None:
        return where, values
    return f"{where} AND d.sub = (SELECT id FROM subscriptions WHERE name = ?)", (*values, query.subscription)


async def keys(query: DeliveryQuery, reader: Reader) -> list[tuple[int, int, int]]:
    """The deliveries that a query selects, as (sub, seq, job), oldest first."""
    where, values = await chosen(query, reader)
    return await reader.rows(
        f"SELECT d.sub, d.seq, d.job FROM deliveries d JOIN events e ON e.seq = d.seq WHERE {where} ORDER BY d.seq",
        values,
    )


async def status(event_id: str, flying: Collection[tuple[str, int]], reader: Reader) -> dict[str, DeliveryStatus]:
    """What became of an event, by subscription. flying: (subscription, position) of what is out now."""
    row = await reader.row("SELECT seq FROM events WHERE id = ?", (pack_id(event_id),))
    if row is None:
        return {}
    (seq,) = row
    found: dict[str, DeliveryStatus] = {}
    for name, start, position, opened, state in await reader.rows(
        "SELECT s.name, s.start, s.position, s.open, "
        "(SELECT state FROM deliveries WHERE sub = s.id AND seq = ? ORDER BY job LIMIT 1) "
        "FROM subscriptions s ORDER BY s.name",
        (seq,),
    ):
        if (name, seq) in flying:
            found[name] = "in-flight"
        elif state is not None:
            found[name] = "dead" if state == DEAD else "later"
        elif seq > position or seq in json.loads(opened):
            found[name] = "waiting"
        elif seq > start:
            found[name] = "delivered"
    return found


async def attempts(event_id: str, reader: Reader) -> list[Attempt]:
    """The kept attempts at an event's deliveries, oldest first."""
    rows = await reader.rows(
        "SELECT s.name, a.number, a.at, a.took, a.outcome, a.detail, a.job FROM events e "
        "JOIN attempts a ON a.seq = e.seq JOIN subscriptions s ON s.id = a.sub WHERE e.id = ? ORDER BY a.id",
        (pack_id(event_id),),
    )
    return [
        Attempt(
            subscription=name,
            number=number,
            at=from_micros(at),
            took=took,
            outcome=outcome,
            detail=detail,
            job=str(job) if job else None,
        )
        for name, number, at, took, outcome, detail, job in rows
    ]


async def filter_at(subscription: str, position: int, reader: Reader) -> str:
    """The filter text that was in force for a position."""
    row = await reader.row(
        "SELECT text FROM filters WHERE sub = (SELECT id FROM subscriptions WHERE name = ?) AND from_seq <= ? "
        "ORDER BY from_seq DESC LIMIT 1",
        (subscription, position),
    )
    return row[0] if row else ""


async def lag(
    number: int, position: int, waiting: int, flying: int, retrying: int, oldest: int | None, reader: Reader
) -> Lag:
    """How far a subscription is behind.

    waiting: how many below `position` wait besides; flying, retrying: how many are out, and how many of them have a
    row; oldest: the first position that is out or waits, None if that is the one after `position`.
    """
    rows = await reader.rows(
        f"SELECT state, count(*) FROM deliveries WHERE sub = ? AND state IN ({LATER}, {DEAD}) GROUP BY state", (number,)
    )
    states = dict(rows)
    (last,) = await reader.row("SELECT max(seq) FROM events")
    behind = max(0, (last or 0) - position)
    if 0 < behind <= COUNTED:
        (behind,) = await reader.row("SELECT count(*) FROM events WHERE seq > ?", (position,))
    first = await reader.row(
        "SELECT at FROM events WHERE seq >= ? ORDER BY seq LIMIT 1", (position + 1 if oldest is None else oldest,)
    )
    return Lag(
        waiting=behind + waiting,
        in_flight=flying,
        later=max(0, states.get(LATER, 0) - retrying),
        dead=states.get(DEAD, 0),
        oldest=from_micros(first[0]) if first and (behind or waiting or flying) else None,
    )
