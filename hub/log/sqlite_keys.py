"""De-duplication keys of the SQLite log: the newest in memory, the others in an index that is filled in larger pieces.

Delivery ids are random. An index that got each at once would write a page to disk for every event, which is more than
the event itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

REMEMBERED = """
INSERT INTO gathered SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM gathered);
CREATE TEMP TABLE recent (delivery TEXT NOT NULL, source INTEGER NOT NULL, idx INTEGER NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (delivery, source, idx)) WITHOUT ROWID;
INSERT OR IGNORE INTO recent SELECT delivery, source, idx, seq FROM events WHERE seq > (SELECT upto FROM gathered);
CREATE TEMP TRIGGER remembered AFTER INSERT ON main.events BEGIN
    SELECT RAISE(ABORT, 'the log has this event') FROM keys
        WHERE delivery = NEW.delivery AND source = NEW.source AND idx = NEW.idx;
    INSERT INTO recent VALUES (NEW.delivery, NEW.source, NEW.idx, NEW.seq);
END;
CREATE TEMP TRIGGER forgotten AFTER DELETE ON main.events BEGIN
    DELETE FROM keys WHERE delivery = OLD.delivery AND source = OLD.source AND idx = OLD.idx;
    DELETE FROM recent WHERE delivery = OLD.delivery AND source = OLD.source AND idx = OLD.idx;
END;
"""
"""What the writer's connection knows beside the file. Every event has a key in one of the two: those up to
`gathered.upto` in the file, for the others it is made again when the file is opened."""

MANY = 8192
"""Keys in memory that begin a round, in which all of them are put into the file in their own order."""
PIECE = 256
"""New events after which the next piece of a round is put there, so that nobody waits for a round. It has twice as many
keys as there were new events, so that a round ends, and about half as many as a round has come meanwhile."""

Text = str | bytes
Key = tuple[Text, Text, int]
"""A source's name, a delivery id, an index."""
Place = tuple[Text, int, int]
"""A key as the index has it: a delivery id, a source's number, an index."""


class Keys:
    """For the one thread that writes. Inserting an event of which there is one raises sqlite3.IntegrityError."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.executescript(REMEMBERED)
        (self._upto,) = connection.execute("SELECT upto FROM gathered").fetchone()
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
        beyond, values = ("", ()) if after is None else ("AND (delivery, source, idx) > (?, ?, ?)", after)
        some = f"FROM recent WHERE seq <= ? {beyond} ORDER BY delivery, source, idx LIMIT ?"
        # after a stop in the middle of a round some of them are there
        self._connection.execute(
            f"INSERT OR IGNORE INTO keys SELECT delivery, source, idx, seq {some}", (newest, *values, size)
        )
        last: Place | None = self._connection.execute(
            f"SELECT delivery, source, idx {some} OFFSET ?", (newest, *values, 1, size - 1)
        ).fetchone()
        return last


def find_all(keys: Sequence[Key], connection: sqlite3.Connection) -> list[tuple[Text, Text, int, int]]:
    """Those keys that events have, each with its event's number; for the writer's connection."""
    asked = ",".join(["(?,?,?)"] * len(keys))
    found = [
        f"SELECT n.text, k.delivery, k.idx, k.seq FROM asked CROSS JOIN names n CROSS JOIN {table} k WHERE "
        "n.text = asked.source AND k.delivery = asked.delivery AND k.source = n.id AND k.idx = asked.idx"
        for table in ("recent", "keys")
    ]
    sql = f"WITH asked (source, delivery, idx) AS (VALUES {asked}) {' UNION '.join(found)}"
    return connection.execute(sql, [value for key in keys for value in key]).fetchall()
