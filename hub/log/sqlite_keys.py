"""De-duplication keys of the SQLite log: the newest in memory, the others in an index that is filled in larger pieces.

Delivery ids are random, and so are their hashes. An index that got each at once would write a page to disk for every
event, which is more than the event itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from hub.log.codec import hash_delivery, pack_text
from hub.log.sqlite_values import in_parts, places, row_places

RECENT = "CREATE TEMP TABLE recent (hash INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (hash, seq)) WITHOUT ROWID"
"""What the writer's connection knows beside the file. Every event has a key in `recent` or `keys`: those up to
`gathered.upto` in the file, for the others it is made again when the file is opened."""
TABLES = ("recent", "keys")
REFUSE = "\n".join(
    f"""SELECT RAISE(ABORT, 'the log has this event') FROM {table} k CROSS JOIN events e ON e.seq = k.seq
        WHERE k.hash = NEW.hash AND e.delivery = NEW.delivery AND e.source = NEW.source AND e.idx = NEW.idx;"""
    for table in TABLES
)
"""For a trigger: an event of which there is one raises sqlite3.IntegrityError."""
REMEMBER = "INSERT INTO recent VALUES (NEW.hash, NEW.seq);"
"""For a trigger that inserts an event."""
UNHASHED = "group_concat(seq || ' ' || idx || ' ' || hex(delivery))"
"""Of many events all that makes up their keys, in one row: for each row, and for each call of a function of Python, the
interpreter is handed over to the busy loop and back."""
SOME = 10_000
"""Keys of one statement."""

MANY = 32_768
"""Keys in memory that begin a round, in which all of them are put into the file in their own order: with a million
events in the log, fourteen to a page."""
PIECE = 256
"""New events after which the next piece of a round is put there, so that nobody waits for a round. It has twice as many
keys as there were new events, so that a round ends, and about half as many as a round has come meanwhile."""

Text = str | bytes
Key = tuple[Text, Text, int, int]
"""A source's name, a delivery id, an index; the hash of the latter two."""
Place = tuple[int, int]
"""A key as the index has it: its hash, its event's number."""


class Keys:
    """For the one thread that writes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("INSERT INTO gathered SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM gathered)")
        (self._upto,) = connection.execute("SELECT upto FROM gathered").fetchone()
        connection.execute(RECENT)
        (unhashed,) = connection.execute(f"SELECT {UNHASHED} FROM events WHERE seq > ?", (self._upto,)).fetchone()
        for some in in_parts(places_of(unhashed), SOME):
            values = [value for place in some for value in place]
            connection.execute(f"INSERT INTO recent VALUES {row_places(2, len(some))}", values)
        self._round: int | None = None
        """The newest event when the round that is under way began."""
        self._place: Place | None = None
        """The last key that it has put into the file."""
        self._seen = 0
        """The newest event at the last piece."""

    def tend(self, newest: int) -> None:
        """Between two transactions: put a piece into the file if it is time. newest: the number of the newest event.

        Raises:
            sqlite3.Error
        """
        if self._round is None:
            if newest - self._upto < MANY:
                return
            self._round, self._place, self._seen = newest, None, newest - PIECE
        fresh = newest - self._seen
        if fresh < PIECE:
            return
        self._place = self._piece(self._round, self._place, 2 * fresh)
        self._seen = newest
        if self._place is None:
            self._connection.execute("UPDATE gathered SET upto = ?", (self._round,))
            self._connection.execute("DELETE FROM recent WHERE seq <= ?", (self._round,))
            self._upto, self._round = self._round, None

    def _piece(self, newest: int, after: Place | None, size: int) -> Place | None:
        """Put the next keys into the file; the last of them, or None if there are none left.

        newest: keys of later events are the next round's.
        """
        beyond, values = ("", ()) if after is None else ("AND (hash, seq) > (?, ?)", after)
        some = f"FROM recent WHERE seq <= ? {beyond} ORDER BY hash, seq LIMIT ?"
        # after a stop in the middle of a round some of them are there
        self._connection.execute(f"INSERT OR IGNORE INTO keys SELECT hash, seq {some}", (newest, *values, size))
        last: Place | None = self._connection.execute(
            f"SELECT hash, seq {some} OFFSET ?", (newest, *values, 1, size - 1)
        ).fetchone()
        return last


def places_of(unhashed: str | None) -> list[Place]:
    """The keys of events, of which this is what `UNHASHED` selects."""
    parts = [one.split(" ") for one in unhashed.split(",")] if unhashed else []
    return [(hash_delivery(bytes.fromhex(delivery), int(index)), int(seq)) for seq, index, delivery in parts]


def forget(keys: Sequence[Place], connection: sqlite3.Connection) -> None:
    """Drop these keys; for the writer's connection."""
    for some in in_parts(keys, SOME):
        marks = places(some)
        values = [*(hashed for hashed, _ in some), *(seq for _, seq in some)]
        for table in TABLES:
            # led by the hashes alone: led by both, it would look for each hash with each number
            connection.execute(f"DELETE FROM {table} WHERE hash IN ({marks}) AND +seq IN ({marks})", values)


def find_all(keys: Sequence[Key], connection: sqlite3.Connection) -> Iterator[tuple[Key, int]]:
    """Those keys that events have, each with its event's number; for the writer's connection."""
    asked = row_places(4, len(keys))
    found = [
        f"SELECT asked.*, e.seq FROM asked CROSS JOIN {table} k CROSS JOIN events e CROSS JOIN names n "
        "WHERE k.hash = asked.hash AND e.seq = k.seq AND e.delivery = asked.delivery AND e.idx = asked.idx "
        "AND n.id = e.source AND n.text = asked.source"
        for table in TABLES
    ]
    sql = f"WITH asked (source, delivery, idx, hash) AS (VALUES {asked}) {' UNION '.join(found)}"
    for source, delivery, index, hashed, seq in connection.execute(sql, [value for key in keys for value in key]):
        yield (source, delivery, index, hashed), seq


def find_one(source: str, deliveryid: str, index: int, connection: sqlite3.Connection) -> list[int]:
    """The number of the event that has this key, if there is one; for the writer's connection."""
    delivery = pack_text(deliveryid)
    key = pack_text(source), delivery, index, hash_delivery(delivery, index)
    return [seq for _, seq in find_all([key], connection)]
