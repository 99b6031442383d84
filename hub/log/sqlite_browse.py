"""Listings of the SQLite log, newest first: by index where there is one, else in steps within a time budget."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Literal

from hub.log.base import Page, Position, Query, Stored
from hub.log.codec import Unpacker, hashes_of, pack_id, pack_text, to_micros, unpack_text
from hub.log.sqlite_read import Reader
from hub.log.sqlite_rows import STORED, request_of
from hub.log.sqlite_values import places, row_places
from hub.request import Request

STEP = 10_000
"""Positions that the first statement looks at, where no index leads to the wanted ones. Each next one: four times."""
DELIVERED = """WITH asked (delivery, least, greatest) AS (VALUES {})
    SELECT d.seq FROM asked CROSS JOIN keys k CROSS JOIN events d
        WHERE k.hash BETWEEN asked.least AND asked.greatest AND d.seq = k.seq AND d.delivery = asked.delivery
    UNION SELECT seq FROM events WHERE seq > (SELECT upto FROM gathered) AND delivery IN (SELECT delivery FROM asked)"""
"""Events by their delivery ids: those with a key in the file, and those whose key only the writer has in an index (see
`hub.log.sqlite_keys`)."""
BUDGET = 1.0
"""Seconds that a search may take; then the page says from where to go on."""


async def condition(query: Query, reader: Reader) -> tuple[str, tuple[Any, ...]]:
    """The query as a condition on `events e`, and its values."""
    parts: list[str] = []
    values: list[Any] = []
    if query.sources:
        parts.append(f"e.source IN (SELECT id FROM names WHERE text IN ({places(query.sources)}))")
        values += query.sources
    if query.types:
        # with + SQLite does not walk through all of a type to find the few events with these ids
        column = "+e.type" if query.ids else "e.type"
        parts.append(f"{column} IN ({','.join(map(str, await _types(query.types, reader)))})")
    if query.ids:
        delivered, asked = _delivered(query.ids)
        parts.append(
            f"e.seq IN (SELECT seq FROM events WHERE id IN ({places(query.ids)}) UNION SELECT * FROM ({delivered}))"
        )
        values += [*map(pack_id, query.ids), *asked]
    if query.subject is not None:
        parts.append("e.subject = ?")
        values.append(pack_text(query.subject))
    if query.since is not None:
        parts.append("e.at >= ?")
        values.append(to_micros(query.since))
    if query.until is not None:
        parts.append("e.at < ?")
        values.append(to_micros(query.until))
    return " AND ".join(parts) or "1", tuple(values)


async def browse(query: Query, before: int | None, limit: int, reader: Reader) -> Page[Stored]:
    """A page of events."""
    where, values = await condition(query, reader)
    (last,) = await reader.row("SELECT max(seq) FROM events")
    (first,) = await reader.row("SELECT min(seq) FROM events")
    top = last + 1 if last and before is None else min(before or 0, (last or 0) + 1)
    if _indexed(query):
        rows = await reader.rows(
            f"{STORED} WHERE e.seq < ? AND {where} ORDER BY e.seq DESC LIMIT ?", (top, *values, limit)
        )
        items = [stored for stored, *_ in rows]
        return Page(items, items[-1].position if len(items) == limit else None)
    items, step, end = [], STEP, time.monotonic() + BUDGET
    while first and top > first and len(items) < limit:
        if time.monotonic() > end:
            return Page(items, Position(top), complete=False)
        bottom = max(first, top - step)
        rows = await reader.rows(
            f"{STORED} WHERE e.seq >= ? AND e.seq < ? AND {where} ORDER BY e.seq DESC LIMIT ?",
            (bottom, top, *values, limit - len(items)),
        )
        items += [stored for stored, *_ in rows]
        top, step = bottom, step * 4
    return Page(items, items[-1].position if len(items) == limit else None)


async def count(query: Query, reader: Reader, until: int = 1 << 62) -> int:
    """How many events a query selects, up to a position."""
    where, values = await condition(query, reader)
    sql = f"SELECT count(*) FROM events e WHERE {where} AND e.seq <= ?"
    (number,) = await reader.row(sql, (*values, until))
    return int(number)


def _indexed(query: Query) -> bool:
    """Does one index give the matches in order, or all of the few of them?"""
    return bool(query.ids) or not (query.types or query.sources or query.subject or query.since or query.until)


def _delivered(ids: Sequence[str]) -> tuple[str, list[Any]]:
    """A statement that selects the events with these delivery ids, and its values."""
    deliveries = [pack_text(one) for one in ids]
    return DELIVERED.format(row_places(3, len(ids))), [
        value for delivery in deliveries for value in (delivery, *hashes_of(delivery))
    ]


async def _types(patterns: Sequence[str], reader: Reader) -> list[int]:
    """The names that match a pattern; those that are no event types do no harm."""
    plain = [pattern for pattern in patterns if not any(sign in pattern for sign in "*?[")]
    found = await reader.rows(f"SELECT id FROM names WHERE text IN ({places(plain)})", plain)
    numbers = {int(number) for (number,) in found}
    if len(plain) < len(patterns):
        for number, text in await reader.rows("SELECT id, text FROM names"):
            if any(fnmatchcase(unpack_text(text) or "", pattern) for pattern in patterns):
                numbers.add(int(number))
    return sorted(numbers)


async def get(event_id: str, reader: Reader) -> Stored | None:
    """The event with this id."""
    row = await reader.row(f"{STORED} WHERE e.id = ?", (pack_id(event_id),))
    return row[0] if row else None


async def find(source: str, deliveryid: str, index: int, reader: Reader) -> Stored | None:
    """The event that has this de-duplication key."""
    delivered, asked = _delivered([deliveryid])
    row = await reader.row(
        f"{STORED} WHERE e.seq IN ({delivered}) AND e.source = (SELECT id FROM names WHERE text = ?) AND e.idx = ?",
        (*asked, source, index),
    )
    return row[0] if row else None


async def request(event_id: str, reader: Reader) -> Request | None:
    """The request that an event came in."""
    row = await reader.row(
        "SELECT r.at, r.raw FROM events e JOIN requests r ON r.seq = e.request WHERE e.id = ?", (pack_id(event_id),)
    )
    return request_of(row[0], row[1], Unpacker()) if row else None


async def start_of(start: Literal["now", "beginning"] | datetime, reader: Reader) -> int | None:
    """The position after which a subscription begins; None: the newest at the time of its creation."""
    if start == "now":
        return None
    if start == "beginning":
        return 0
    row = await reader.row("SELECT min(seq) FROM events WHERE at >= ?", (to_micros(start),))
    return None if row[0] is None else int(row[0]) - 1
