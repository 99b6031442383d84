"""What keeps the SQLite log small: retention of events, and bounds on what strangers can leave in it."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from hub.log.base import Page, Position, Rejection, RejectionQuery
from hub.log.codec import Packer, Unpacker, flatten, from_micros, pack_id, to_micros, unpack_id
from hub.log.sqlite_keys import UNHASHED, forget, places_of
from hub.log.sqlite_outcomes import told
from hub.log.sqlite_read import Reader
from hub.log.sqlite_rows import request_of
from hub.log.sqlite_values import in_parts, places, row_places

LOOK = 32
"""Rejections between looks at their number."""
NAMES = 20_000
"""Above this, names that no event has any more are dropped."""
EMPTIED = """WITH dropped (request, first, last) AS (VALUES {})
    DELETE FROM requests WHERE seq IN (SELECT request FROM dropped WHERE NOT EXISTS (
        SELECT 1 FROM events e WHERE e.request = dropped.request
            AND e.seq >= coalesce((SELECT max(seq) FROM events WHERE seq < dropped.first), dropped.first)
            AND e.seq <= coalesce((SELECT min(seq) FROM events WHERE seq > dropped.last), dropped.last)))"""
"""Requests of dropped events, each with its first and last of those, that have no event left. The events of a request
follow each other: what is left of them is between these two, or next to one of them."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much room refused requests get; beyond it the oldest are dropped. size: bytes."""

    count: int = 10_000
    size: int = 256 << 20


class Rejections:
    """Keeps refused requests within bounds; for the thread that writes."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._packer = Packer()
        self._seen = LOOK
        self._size = 0

    def add(self, rejection: Rejection, connection: sqlite3.Connection) -> None:
        """Keep one; a repeated one is kept once."""
        request = rejection.request
        raw = self._packer.pack([flatten(request)])[0]
        connection.execute(
            "INSERT INTO rejections (id, source, at, received, stage, reason, detail, state, size, raw) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
            (
                pack_id(rejection.id),
                rejection.source,
                to_micros(rejection.at),
                to_micros(request.received),
                rejection.stage,
                told(rejection.reason),
                told(rejection.detail),
                rejection.state,
                len(raw),
                raw,
            ),
        )
        self._seen += 1
        self._size += len(raw)
        if self._seen >= min(LOOK, self._bounds.count) or self._size > self._bounds.size // 16:
            self._seen = self._size = 0
            _bound(self._bounds, connection)


def _bound(bounds: Bounds, connection: sqlite3.Connection) -> None:
    """Drop the oldest refused ones. What a platform signed is never dropped for room."""
    count, size = connection.execute(
        "SELECT count(*), coalesce(sum(size), 0) FROM rejections WHERE stage = 'verify'"
    ).fetchone()
    if count <= bounds.count and size <= bounds.size:
        return
    last = 0
    for seq, one in connection.execute(
        "SELECT seq, size FROM rejections WHERE stage = 'verify' ORDER BY seq"
    ).fetchall():
        if count <= bounds.count and size <= bounds.size:
            break
        last, count, size = seq, count - 1, size - one
    connection.execute("DELETE FROM rejections WHERE stage = 'verify' AND seq <= ?", (last,))


def decide(rejection_id: str, state: str, connection: sqlite3.Connection) -> bool:
    """Close an open rejection."""
    return bool(
        connection.execute(
            "UPDATE rejections SET state = ? WHERE id = ? AND state = 'open'", (state, pack_id(rejection_id))
        ).rowcount
    )


async def rejections(query: RejectionQuery, before: int | None, limit: int, reader: Reader) -> Page[Rejection]:
    """A page of rejections, newest first."""
    parts, values = ["seq < ?"], [before if before is not None else 1 << 62]
    for column, wanted in (
        ("id", tuple(map(pack_id, query.ids))),
        ("source", query.sources),
        ("stage", query.stages),
        ("state", query.states),
    ):
        if wanted:
            parts.append(f"{column} IN ({places(wanted)})")
            values += wanted  # type: ignore[arg-type]  # values of any kind
    if query.since is not None:
        parts.append("at >= ?")
        values.append(to_micros(query.since))
    if query.until is not None:
        parts.append("at < ?")
        values.append(to_micros(query.until))
    rows = await reader.rows(
        "SELECT seq, id, source, at, received, stage, reason, detail, state, raw FROM rejections "
        f"WHERE {' AND '.join(parts)} ORDER BY seq DESC LIMIT ?",
        (*values, limit),
    )
    unpacker = Unpacker()
    items = [
        Rejection(
            id=unpack_id(packed),
            source=source,
            at=from_micros(at),
            stage=stage,
            reason=reason,
            detail=detail,
            request=request_of(received, raw, unpacker),
            state=state,
            position=Position(seq),
        )
        for seq, packed, source, at, received, stage, reason, detail, state, raw in rows
    ]
    return Page(items, items[-1].position if len(items) == limit else None)


@dataclass(frozen=True, slots=True)
class Pruned:
    """count: events dropped; upto: the newest of them, 0 if none."""

    count: int
    upto: int


def prune(before: int, after: int, limit: int, connection: sqlite3.Connection) -> Pruned:
    """Drop old events that are done for every subscription, and requests that have no event left.

    before: in microseconds; after: the position to begin at.
    """
    low = _done_up_to(connection)
    (unhashed,) = connection.execute(
        f"SELECT {UNHASHED} FROM (SELECT seq, idx, delivery FROM events e WHERE seq > ? AND seq <= ? AND at < ? "
        "AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.seq = e.seq) ORDER BY seq LIMIT ?)",
        (after, low, before, limit),
    ).fetchone()
    keys = places_of(unhashed)
    forget(keys, connection)
    seqs = sorted(seq for _, seq in keys)
    for part in in_parts(seqs, 500):
        some = places(part)
        requests = connection.execute(
            f"SELECT request, min(seq), max(seq) FROM events WHERE seq IN ({some}) GROUP BY request", part
        ).fetchall()
        connection.execute(f"DELETE FROM events WHERE seq IN ({some})", part)
        connection.execute(f"DELETE FROM attempts WHERE seq IN ({some})", part)
        connection.execute(
            EMPTIED.format(row_places(3, len(requests))),
            [value for request in requests for value in request],
        )
    if len(seqs) < limit:
        connection.execute("DELETE FROM rejections WHERE at < ? AND (stage = 'verify' OR state <> 'open')", (before,))
        _drop_names(connection)
    return Pruned(len(seqs), seqs[-1] if seqs else 0)


def _done_up_to(connection: sqlite3.Connection) -> int:
    """Below this no subscription and no replay has anything to do but what has a row in deliveries."""
    low = 1 << 62
    for position, opened in connection.execute(
        "SELECT position, open FROM subscriptions UNION ALL SELECT position, open FROM jobs WHERE state = 'running'"
    ).fetchall():
        low = min([low, position, *(seq - 1 for seq in json.loads(opened))])
    return low


def _drop_names(connection: sqlite3.Connection) -> None:
    (count,) = connection.execute("SELECT count(*) FROM names").fetchone()
    if count > NAMES:
        connection.execute(
            "WITH used AS (SELECT DISTINCT source, provider FROM events) "
            "DELETE FROM names WHERE NOT EXISTS (SELECT 1 FROM events WHERE type = names.id) "
            "AND id NOT IN (SELECT source FROM used UNION SELECT provider FROM used)"
        )
