"""Writes a batch of appends in few statements: each one hands the interpreter over to the busy event loop and back."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from hub.errors import LogError
from hub.event import Event
from hub.log.base import Position, Stored
from hub.log.codec import Packer, Unpacker, flatten, hash_delivery, pack_data, pack_id, pack_text, to_micros
from hub.log.sqlite_keys import REFUSE, REMEMBER, Key, Keys, Text, find_all
from hub.log.sqlite_rows import LATER, STORED, event_of, stored_of
from hub.log.sqlite_values import in_parts, row_places
from hub.request import Request

Row = tuple[Any, ...]
"""An event's values, in the order of `sqlite_rows.COLUMNS`, names as text; then the hash of its key."""
Prepared = tuple[int, bytes, int, list[Row]]
"""A request and its events in values that one process can hand to another: when it arrived, the request in one piece
or packed, about how much memory both take, a row for each event."""
ARRIVING = (
    "CREATE TEMP VIEW arriving AS SELECT e.*, k.hash, r.at AS arrived, r.raw FROM events e, keys k, requests r",
    f"""CREATE TEMP TRIGGER arrived INSTEAD OF INSERT ON arriving BEGIN
    {REFUSE}
    {REMEMBER}
    INSERT INTO requests (seq, at, raw) SELECT NEW.request, NEW.arrived, NEW.raw WHERE NEW.raw IS NOT NULL;
    INSERT INTO events (seq, id, request, idx, source, provider, type, delivery, at, subject, time, data)
    VALUES (NEW.seq, NEW.id, NEW.request, NEW.idx, NEW.source, NEW.provider, NEW.type, NEW.delivery, NEW.at,
        NEW.subject, NEW.time, NEW.data);
    END""",
)
"""A view that takes an event together with its request and its key: the rows of several tables in one statement."""
WIDTH = 15
"""Its columns."""
BESIDE = 2000
"""Bytes of memory that an append takes beside what it holds."""
MANY = 500
"""Rows of one statement."""
NAMES = 10_000
"""How many names are remembered; there is no bound to the event types that a platform may send."""


@dataclass(slots=True, eq=False)
class Append:
    """A request and its events on their way into the log.

    raw: the request in one piece; if it is not packed yet, it is by the first try to write it.
    """

    at: int
    raw: bytes
    size: int
    rows: list[Row]
    events: Sequence[Event]
    packed: bool = False


@dataclass(slots=True)
class Appended:
    """What a batch did. stored: for each append; fresh: the new events in order; requeued: subscriptions whose dead
    letters are due again."""

    stored: list[list[Stored]] = field(default_factory=list)
    fresh: list[Stored] = field(default_factory=list)
    requeued: set[int] = field(default_factory=set)


def prepared(request: Request, events: Sequence[Event]) -> Prepared:
    """Everything that needs no database, done by the caller of append.

    Raises:
        LogError: an event cannot be kept.
    """
    flat, at = flatten(request), to_micros(request.received)
    rows, size = [], len(flat) + BESIDE
    for event in events:
        data = pack_data(event, request)
        size += len(data or b"")
        delivery = pack_text(event.deliveryid)
        try:
            hashed = hash_delivery(delivery, event.index)
        except TypeError:
            raise LogError(f"the event {event.id} of {event.source} needs a deliveryid and an index") from None
        rows.append(
            (
                pack_id(event.id),
                event.index,
                pack_text(event.source),
                pack_text(event.provider),
                pack_text(event.type),
                delivery,
                at if event.receivedat is request.received else to_micros(event.receivedat),
                pack_text(event.subject),
                None if event.time is None else to_micros(event.time),
                data,
                hashed,
            )
        )
    return at, flat, size, rows


class Handover:
    """Takes appends from one process to another, packed: that is a third of the bytes."""

    def __init__(self) -> None:
        self._packer = Packer()
        self._unpacker = Unpacker()

    def give(self, appends: Sequence[tuple[Request, Sequence[Event]]]) -> list[Prepared]:
        """In the one. Raises: LogError, see `prepared`."""
        plain = [prepared(request, events) for request, events in appends]
        pack = self._packer.pack_one
        return [(at, pack(flat), size, rows) for at, flat, size, rows in plain]

    def take(self, ready: Prepared) -> Append:
        """In the other. Its events are made when something of them is asked for."""
        at, raw, size, rows = ready
        return Append(at, raw, size, rows, [Event.later(partial(self._event, row, raw)) for row in rows], packed=True)

    def _event(self, row: Row, raw: bytes) -> Event:
        return event_of(row[:-1], raw, self._unpacker)


class Appender:
    """The tables' next numbers and the names' ids, for the one thread that writes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._packer = Packer()
        self._unpacker = Unpacker()
        self._names: dict[Text, int] = {}
        self.event = _next(connection, "events")
        self.request = _next(connection, "requests")
        self._keys = Keys(connection)
        for statement in ARRIVING:
            connection.execute(statement)

    def compress(self, appends: Sequence[Append]) -> None:
        """Before the transaction begins."""
        waiting = [append for append in appends if not append.packed]
        for append, raw in zip(waiting, self._packer.pack([append.raw for append in waiting]), strict=True):
            append.raw, append.packed = raw, True

    def forget(self) -> None:
        """After a rollback: what was numbered in it does not exist."""
        self._names.clear()
        self.event = _next(self._connection, "events")
        self.request = _next(self._connection, "requests")

    def tend(self) -> None:
        """Between two transactions. Raises: sqlite3.Error"""
        self._keys.tend(self.event - 1)

    def at_once(self, appends: Sequence[Append]) -> Appended | None:
        """All appends in a transaction of one statement; None if it has to be done by `write`.

        Beside a busy loop a statement waits for the interpreter longer than it runs. As nearly all are, the events have
        to be new and of names that are known; whether they are new, SQLite says (see `sqlite_keys`).

        Raises:
            sqlite3.Error, and others for a value that SQLite cannot hold: none of them is kept then.
        """
        values: list[Any] = []
        done = Appended()
        names, event, request = self._names, self.event, self.request
        for append in appends:
            stored: list[Stored] = []
            raw: bytes | None = append.raw
            for one, row in zip(append.events, append.rows, strict=True):
                packed, index, source, provider, kind, delivery, at, subject, time, data, hashed = row
                if source not in names or provider not in names or kind not in names:
                    return None
                values += (event, packed, request, index, names[source], names[provider], names[kind])
                values += (delivery, at, subject, time, data, hashed, append.at, raw)
                raw = None  # once for all its events
                stored.append(Stored(Position(event), one))
                event += 1
            done.stored.append(stored)
            done.fresh += stored
            request += 1
        if not 0 < len(done.fresh) <= MANY:
            return None
        try:
            self._insert(len(done.fresh), values)
        except sqlite3.IntegrityError:
            return None  # not all are new, or one of them cannot be kept
        self.event, self.request = event, request
        return done

    def write(self, appends: Sequence[Append], now: int) -> Appended:
        """All appends, inside the caller's transaction.

        Raises:
            sqlite3.Error, and others for a value that SQLite cannot hold: none of them may be kept then.
        """
        known = self._known([_key(row) for append in appends for row in append.rows])
        done = Appended()
        rows: list[tuple[Any, ...]] = []
        again: list[int] = []
        ids = self._ids({name for append in appends for row in append.rows for name in row[2:5]})
        for append in appends:
            stored: list[Stored] = []
            raw: bytes | None = append.raw
            for event, row in zip(append.events, append.rows, strict=True):
                key = _key(row)
                first = known.get(key)
                if first is not None:
                    stored.append(first)
                    again.append(first.position)
                    continue
                seq = Position(self.event)
                packed, index, source, provider, kind, *rest = row
                names = ids[source], ids[provider], ids[kind]
                rows.append((seq, packed, self.request, index, *names, *rest, append.at, raw))
                raw = None  # once for all its events
                fresh = Stored(seq, event)
                known[key] = Stored(seq, event, duplicate=True)
                stored.append(fresh)
                done.fresh.append(fresh)
                self.event += 1
            self.request += raw is None
            done.stored.append(stored)
        for part in in_parts(rows, MANY):
            self._insert(len(part), [value for row in part for value in row])
        if again:
            done.requeued = self._requeue(again, now)
        return done

    def _insert(self, rows: int, values: Sequence[Any]) -> None:
        self._connection.execute(f"INSERT INTO arriving VALUES {row_places(WIDTH, rows)}", values)

    def _known(self, keys: Sequence[Key]) -> dict[Key, Stored]:
        """The events that are there already, by key, in one statement that usually gives no row."""
        connection, found = self._connection, {}
        for part in in_parts(keys, MANY):
            for key, seq in find_all(part, connection):
                row = connection.execute(f"{STORED} WHERE e.seq = ?", (seq,)).fetchone()
                found[key] = stored_of(row, self._unpacker)._replace(duplicate=True)
        return found

    def _ids(self, names: set[Text]) -> dict[Text, int]:
        """The ids of names, given to those that are new."""
        missing = [name for name in names if name not in self._names]
        if len(self._names) > NAMES:
            self._names.clear()
            missing = list(names)
        for part in in_parts(missing, MANY):
            self._connection.execute(
                f"INSERT INTO names (text) VALUES {row_places(1, len(part))} ON CONFLICT (text) DO NOTHING", part
            )
            for name in part:
                (number,) = self._connection.execute("SELECT id FROM names WHERE text = ?", (name,)).fetchone()
                self._names[name] = number
        return self._names

    def _requeue(self, seqs: Sequence[int], now: int) -> set[int]:
        """The platform sent these again: whoever gave up on them tries again."""
        requeued = set()
        for seq in seqs:
            changed = self._connection.execute(
                "SELECT sub, job FROM deliveries WHERE seq = ? AND state <> ?", (seq, LATER)
            ).fetchall()
            for sub, job in changed:
                self._connection.execute(
                    "UPDATE deliveries SET state = ?, due = ?, attempts = 0 WHERE sub = ? AND seq = ? AND job = ?",
                    (LATER, now, sub, seq, job),
                )
                requeued.add(int(sub))
        return requeued


def _key(row: Row) -> Key:
    return row[2], row[5], row[1], row[10]


def _next(connection: sqlite3.Connection, table: str) -> int:
    """One more than any number that the table ever gave."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    return int(row[0]) + 1 if row else 1


def cannot_keep(error: Exception) -> LogError:
    """What the caller of a bad append gets: repeating it is no use."""
    return LogError(f"the log cannot keep this event: {type(error).__name__}: {error}")
