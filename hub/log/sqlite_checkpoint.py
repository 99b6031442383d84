"""Moves what was committed from the write-ahead log into the SQLite file, beside the writer while that is busy."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from hub.log.sqlite_files import MIB

LITTLE, MUCH, TOO_MUCH = 4 * MIB, 32 * MIB, 256 * MIB
"""Bytes that an idle writer moves itself; that are moved beside a busy one, which would stand still for 15 ms; and that
a busy one waits for, on a disk that is slower than what comes."""
NEAR, ROUNDS = MIB // 4, 8
"""Bytes left that the writer moves itself, for a moment; as often it is tried to come so near to the end beside it."""


class Checkpoints:
    """Used by the writer's thread alone. waiting: bytes that are only in the write-ahead log, about."""

    def __init__(self, path: Path) -> None:
        self.waiting = 0
        self.trouble = ""
        self._path = path
        self._helper: threading.Thread | None = None
        self._rounds = 0

    @property
    def due(self) -> bool:
        """Is there something to be done by a writer that has nothing to write?"""
        return self.waiting > LITTLE or self._helper is not None

    def beside(self, connection: sqlite3.Connection, written: int) -> None:
        """The writer has committed so many bytes, and goes on at once.

        The write-ahead log begins anew only when all of it was moved. Most is moved by another thread meanwhile, then
        the little that was added is moved here.
        """
        self.waiting += written
        if self._helper is not None:
            if self._helper.is_alive() and self.waiting < TOO_MUCH:
                return
            self.end()
            if self.waiting <= NEAR or self._rounds == ROUNDS:
                self.now(connection)
                return
        elif self.waiting <= MUCH:
            return
        self._rounds, self.waiting = self._rounds + 1, 0
        self._helper = threading.Thread(target=self._help, name=f"checkpoint {self._path.name}", daemon=True)
        self._helper.start()

    def rest(self, connection: sqlite3.Connection) -> None:
        """The writer has nothing to write."""
        if self._helper is None or not self._helper.is_alive():
            self._helper = None
            self.now(connection)

    def now(self, connection: sqlite3.Connection) -> None:
        """Move all that readers allow; never waits for them."""
        self.waiting = self._rounds = 0
        self._move(connection)

    def end(self) -> None:
        """Wait for the helper."""
        if self._helper is not None:
            self._helper.join()
            self._helper = None

    def _help(self) -> None:
        try:
            # a file that was taken away is not made again
            path = f"{self._path.absolute().as_uri()}?mode=rw"
            with closing(sqlite3.connect(path, uri=True, isolation_level=None)) as connection:
                connection.execute("PRAGMA synchronous = FULL")
                self._move(connection)
        except sqlite3.Error as error:
            self.trouble = f"{self._path}: {error}"

    def _move(self, connection: sqlite3.Connection) -> None:
        try:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            self.trouble = f"{self._path}: {error}"
