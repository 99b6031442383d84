"""How rows of the SQLite log become events and requests."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from hub.event import Event
from hub.log.base import Position, Stored
from hub.log.codec import Unpacker, flat_body, from_micros, unflatten, unpack_event, unpack_id, unpack_text
from hub.request import Request

LATER, DEAD = 1, 2
"""deliveries.state"""

MARK = "stored"
COLUMNS = f"""e.seq AS {MARK}, e.id, e.idx,
    (SELECT text FROM names WHERE id = e.source),
    (SELECT text FROM names WHERE id = e.provider),
    (SELECT text FROM names WHERE id = e.type),
    e.delivery, e.at, e.subject, e.time, e.data,
    CASE WHEN e.data IS NULL THEN (SELECT raw FROM requests WHERE seq = e.request) END"""
"""What `stored_of` reads of the table `events e`; further columns may follow. The first one's name marks such a row."""
WIDTH = 12

STORED = f"SELECT {COLUMNS} FROM events e"


def stored_of(row: Sequence[Any], unpacker: Unpacker) -> Stored:
    """An event out of a row of `STORED`.

    Raises:
        LogDamaged: its request cannot be unpacked.
    """
    seq, *values, raw = row[:WIDTH]
    return Stored(Position(seq), event_of(values, raw, unpacker))


def event_of(row: Sequence[Any], raw: bytes | None, unpacker: Unpacker) -> Event:
    """An event out of its values in the order of `COLUMNS`, names as text. raw: its request, if its data is there.

    Raises:
        LogDamaged: its request cannot be unpacked.
    """
    packed, index, source, provider, kind, delivery, at, subject, moment, data = row
    attributes = {
        "id": unpack_id(packed),
        "source": unpack_text(source) or "",
        "type": unpack_text(kind) or "",
        "provider": unpack_text(provider) or "",
        "deliveryid": unpack_text(delivery) or "",
        "receivedat": from_micros(at),
        "subject": unpack_text(subject),
        "time": None if moment is None else from_micros(moment),
        "index": index,
    }
    if raw is None:
        return unpack_event(data, b"", attributes)
    body = flat_body(unpacker.unpack(raw)) if data is None else b""
    return unpack_event(data, body, attributes).attach(partial(request_of, at, raw, unpacker))


def size_of(row: Sequence[Any]) -> int:
    """About how many bytes the event takes up, in units of its packed form."""
    return len(row[10] or b"") + len(row[11] or b"")


def request_of(at: int, raw: bytes, unpacker: Unpacker) -> Request:
    """A stored request.

    Raises:
        LogDamaged: it cannot be unpacked.
    """
    return unflatten(unpacker.unpack(raw), from_micros(at))
