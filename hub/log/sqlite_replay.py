"""Replays in the SQLite log: one more lane over a range of it, no row per event."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson

from hub.errors import LogError
from hub.log.base import Job, Query
from hub.log.sqlite_browse import condition
from hub.log.sqlite_lane import Lane
from hub.log.sqlite_read import Reader
from hub.log.sqlite_rows import LATER

JOBS = 1000
"""How many replays are remembered."""


def to_json(query: Query) -> str:
    """The query as it is kept with a replay."""
    return orjson.dumps(asdict(query)).decode()


def from_json(text: str) -> Query:
    """What `to_json` was given."""
    form: dict[str, Any] = orjson.loads(text)
    for name, value in form.items():
        if isinstance(value, list):
            form[name] = tuple(value)
        elif name in ("since", "until") and value is not None:
            form[name] = datetime.fromisoformat(value)
    return Query(**form)


async def lane_of(job: tuple[Any, ...], reader: Reader) -> Lane:
    """The lane of a replay; job: id, position, open, until, query."""
    number, position, opened, until, query = job
    where, values = await condition(from_json(query), reader)
    return Lane.kept(number, position, opened, until=until, where=where, values=values)


def start(subscription: str, query: str, total: int, until: int, connection: sqlite3.Connection) -> tuple[int, Any]:
    """Begin a replay: (subscription, job as for `lane_of`).

    Raises:
        LogError: there is no such subscription.
    """
    row = connection.execute("SELECT id FROM subscriptions WHERE name = ?", (subscription,)).fetchone()
    if row is None:
        raise LogError(f"the log knows no subscription {subscription!r}")
    state = "running" if until else "done"
    number = connection.execute(
        "INSERT INTO jobs (sub, query, position, open, until, total, delivered, state) "
        "VALUES (?, ?, 0, '[]', ?, ?, 0, ?)",
        (row[0], query, until, total, state),
    ).lastrowid
    connection.execute("DELETE FROM jobs WHERE id <= ? AND state <> 'running'", ((number or 0) - JOBS,))
    return int(row[0]), (number, 0, "[]", until, query)


def cancel(job: int, connection: sqlite3.Connection) -> bool:
    """Stop a replay and what it would try again."""
    stopped = connection.execute(
        "UPDATE jobs SET state = 'cancelled' WHERE id = ? AND state = 'running'", (job,)
    ).rowcount
    if stopped:
        connection.execute(f"DELETE FROM deliveries WHERE job = ? AND state = {LATER}", (job,))
    return bool(stopped)


async def jobs(reader: Reader) -> list[Job]:
    """Replays, newest first."""
    rows = await reader.rows(
        "SELECT j.id, s.name, j.state, j.total, j.delivered FROM jobs j "
        "JOIN subscriptions s ON s.id = j.sub ORDER BY j.id DESC"
    )
    return [
        Job(id=str(number), subscription=name, state=state, total=total, delivered=delivered)
        for number, name, state, total, delivered in rows
    ]
