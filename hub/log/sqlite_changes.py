"""Changes of the SQLite log other than appends and outcomes: functions of the connection, run in a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hub.log.base import SubscriptionSpec
from hub.log.sqlite_rows import DEAD, LATER

LEARNED = 20
"""How many untrusted values of one option are kept."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the log has of a subscription. due: of its next retry, seconds since 1970; jobs: rows of running replays."""

    number: int
    position: int
    open: str
    due: float | None
    jobs: list[tuple[Any, ...]]


def subscribe(spec: SubscriptionSpec, start: int | None, connection: sqlite3.Connection) -> Kept:
    """Create or update a subscription. start: the position after which a new one begins; None: from now."""
    row = connection.execute("SELECT id, position, open FROM subscriptions WHERE name = ?", (spec.name,)).fetchone()
    if row is None:
        position = _last(connection) if start is None else start
        cursor = connection.execute(
            "INSERT INTO subscriptions (name, start, position, open, live) VALUES (?, ?, ?, '[]', 1)",
            (spec.name, position, position),
        )
        row = (cursor.lastrowid, position, "[]")
    number, position, opened = row
    connection.execute("UPDATE subscriptions SET live = 1 WHERE id = ?", (number,))
    newest = connection.execute(
        "SELECT text FROM filters WHERE sub = ? ORDER BY from_seq DESC LIMIT 1", (number,)
    ).fetchone()
    if newest is None or newest[0] != spec.filter:
        first = 0 if newest is None else position + 1
        connection.execute("REPLACE INTO filters (sub, from_seq, text) VALUES (?, ?, ?)", (number, first, spec.filter))
    (due,) = connection.execute(
        f"SELECT min(due) FROM deliveries WHERE sub = ? AND state = {LATER}",
        (number,),
    ).fetchone()
    jobs = connection.execute(
        "SELECT id, position, open, until, query FROM jobs WHERE sub = ? AND state = 'running'", (number,)
    ).fetchall()
    return Kept(number, position, opened, None if due is None else due / 1_000_000, jobs)


def sooner(micros: int, connection: sqlite3.Connection) -> None:
    """All retries are due so much earlier."""
    connection.execute(f"UPDATE deliveries SET due = due - ? WHERE state = {LATER}", (micros,))


def unsubscribe(name: str, connection: sqlite3.Connection) -> None:
    """The running hub has no feed of it any more."""
    connection.execute("UPDATE subscriptions SET live = 0 WHERE name = ?", (name,))


def all_idle(connection: sqlite3.Connection) -> int:
    """At start nobody has a feed; the newest position."""
    connection.execute("UPDATE subscriptions SET live = 0 WHERE live")
    return _last(connection)


def _last(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
    return int(row[0]) if row else 0


def retire(number: int, many: int, connection: sqlite3.Connection) -> bool:
    """Forget a subscription, rows first and not all at once; whether there is more to do."""
    for table in ("deliveries", "attempts"):
        keys = "sub, seq, job" if table == "deliveries" else "id"
        gone = connection.execute(
            f"DELETE FROM {table} WHERE ({keys}) IN (SELECT {keys} FROM {table} WHERE sub = ? LIMIT ?)",
            (number, many),
        ).rowcount
        if gone == many:
            return True
    for table, column in (("filters", "sub"), ("jobs", "sub"), ("subscriptions", "id")):
        connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (number,))
    return False


Key = tuple[int, int, int]
"""sub, seq, job"""


def requeue(keys: Sequence[Key], states: Sequence[int], due: int, connection: sqlite3.Connection) -> list[Key]:
    """Make deliveries due, at their first attempt; those that were."""
    changed = [key for key in keys if _state(key, connection) in states]
    connection.executemany(
        f"UPDATE deliveries SET state = {LATER}, due = ?, attempts = 0 WHERE sub = ? AND seq = ? AND job = ?",
        [(due, *key) for key in changed],
    )
    return changed


def drop(keys: Sequence[Key], connection: sqlite3.Connection) -> int:
    """Forget dead letters; how many."""
    dead = [key for key in keys if _state(key, connection) == DEAD]
    connection.executemany("DELETE FROM deliveries WHERE sub = ? AND seq = ? AND job = ?", dead)
    return len(dead)


def _state(key: Key, connection: sqlite3.Connection) -> int | None:
    row = connection.execute("SELECT state FROM deliveries WHERE sub = ? AND seq = ? AND job = ?", key).fetchone()
    return row[0] if row else None


def learn(source: str, option: str, value: str, trusted: bool, connection: sqlite3.Connection) -> None:
    """Keep a secret; one that is known already moves to the end, and stays trusted."""
    known = connection.execute(
        "SELECT trusted FROM learned WHERE source = ? AND option = ? AND value = ?", (source, option, value)
    ).fetchone()
    connection.execute(
        "REPLACE INTO learned (source, option, value, trusted) VALUES (?, ?, ?, ?)",
        (source, option, value, int(trusted or bool(known and known[0]))),
    )
    # whoever can greet the hub could fill it with secrets
    connection.execute(
        "DELETE FROM learned WHERE source = ? AND option = ? AND NOT trusted AND id NOT IN "
        "(SELECT id FROM learned WHERE source = ? AND option = ? AND NOT trusted ORDER BY id DESC LIMIT ?)",
        (source, option, source, option, LEARNED),
    )


def forget(source: str, option: str, value: str, connection: sqlite3.Connection) -> bool:
    """Drop a secret."""
    dropped = connection.execute(
        "DELETE FROM learned WHERE source = ? AND option = ? AND value = ?", (source, option, value)
    )
    return dropped.rowcount > 0
