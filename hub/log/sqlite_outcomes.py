"""What became of deliveries, on its way from a feed to the log: any number of settles become one change of the log."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hub.log.sqlite_lane import Lane
from hub.log.sqlite_values import in_parts, row_places

LONGEST = 2000
"""Letters of a reason that are kept."""


@dataclass(slots=True)
class Outcomes:
    """keys: settled deliveries as (job, seq), with their tokens; gone, rows: of deliveries; attempts: new
    ones; delivered: by job."""

    keys: dict[tuple[int, int], Any] = field(default_factory=dict)
    gone: list[tuple[int, int]] = field(default_factory=list)
    rows: list[tuple[int, int, int, int | None, int, str]] = field(default_factory=list)
    attempts: list[tuple[int, int, int, int, float, str, str]] = field(default_factory=list)
    delivered: Counter[int] = field(default_factory=Counter)

    def first_due(self) -> float | None:
        """When the first of the retries among them is due, in seconds since 1970."""
        dues = [row[3] for row in self.rows if row[3] is not None]
        return min(dues) / 1_000_000 if dues else None


@dataclass(frozen=True, slots=True)
class Places:
    """Where the lanes of a subscription stand: (job, position, open, state)."""

    lanes: tuple[tuple[int, int, str, str], ...]

    @classmethod
    def of(cls, lanes: dict[int, Lane]) -> Places:
        """A copy, for another thread."""
        return cls(
            tuple(
                (lane.job, lane.position, lane.opened(), "done" if lane.done else "running") for lane in lanes.values()
            )
        )


def write(sub: int, outcomes: Outcomes, places: Places, connection: sqlite3.Connection) -> None:
    """Rows for what is neither waiting nor done, and how far each lane is, inside the caller's transaction."""
    for job, position, opened, state in places.lanes:
        if job:
            connection.execute(
                "UPDATE jobs SET position = ?, open = ?, state = ? WHERE id = ? AND state = 'running'",
                (position, opened, state, job),
            )
        else:
            connection.execute("UPDATE subscriptions SET position = ?, open = ? WHERE id = ?", (position, opened, sub))
    for job, count in outcomes.delivered.items():
        connection.execute("UPDATE jobs SET delivered = delivered + ? WHERE id = ?", (count, job))
    for job, seq in outcomes.gone:
        connection.execute("DELETE FROM deliveries WHERE sub = ? AND seq = ? AND job = ?", (sub, seq, job))
    rows = [(sub, *row) for row in outcomes.rows]
    _many(connection, "REPLACE INTO deliveries (sub, job, seq, state, due, attempts, reason)", rows)
    attempts = [(sub, *row) for row in outcomes.attempts]
    _many(connection, "INSERT INTO attempts (sub, job, seq, number, at, took, outcome, detail)", attempts)


def _many(connection: sqlite3.Connection, into: str, rows: list[Any]) -> None:
    for part in in_parts(rows, 500):
        connection.execute(
            f"{into} VALUES {row_places(len(part[0]), len(part))}", [value for row in part for value in row]
        )


def told(reason: str) -> str:
    """A reason as it is kept: bounded, and nothing in it that the log cannot hold."""
    return reason[:LONGEST].encode("utf-8", "replace").decode()
