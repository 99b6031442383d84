"""De-duplication keys of the SQLite log: the newest in memory, the others in an index that is filled in larger pieces.

Delivery ids are random. An index that got each at once would write a page to disk for every event, which is more than
the event itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

REMEMBERED = """
CREATE TEMP TABLE recent (delivery TEXT NOT NULL, source INTEGER NOT NULL, idx INTEGER NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (delivery, source, idx)) WITHOUT ROWID;
INSERT INTO recent SELECT delivery, source, idx, seq FROM events WHERE seq > (SELECT upto FROM gathered);
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
"""Keys put there at once, after as many new events, so that nobody waits for a round."""

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
        self._due = 0

    def tend(self, newest: int) -> None:
        """Between two transactions: put a piece into the file if it is time. newest: the number of the newest event.

        Raises:
            sqlite3.Error
        """
        if self._round is None and newest - self._upto >= MANY:
            self._round, self._place, self._due = newest, None, newest
        if self._round is None or newest < self._due:
            return
        self._due = newest + PIECE
        place = self._piece(self._place)
        if place is not None:
            self._place = place
            return
        connection, self._upto, self._round = self._connection, self._round, None
        connection.execute("UPDATE gathered SET upto = ?", (self._upto,))
        connection.execute("DELETE FROM recent WHERE seq <= ?", (self._upto,))

    def _piece(self, after: Place | None) -> Place | None:
        """Put the next keys into the file; the last of them, or None if there are none left."""
        beyond, values = ("WHERE (delivery, source, idx) > (?, ?, ?)", after) if after is not None else ("", ())
        piece = f"FROM recent {beyond} ORDER BY delivery, source, idx LIMIT {PIECE}"
        # after a stop in the middle of a round some of them are there
        self._connection.execute(f"INSERT OR IGNORE INTO keys SELECT delivery, source, idx, seq {piece}", values)
        last: Place | None = self._connection.execute(
            f"SELECT delivery, source, idx {piece.replace(str(PIECE), '1')} OFFSET {PIECE - 1}", values
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
