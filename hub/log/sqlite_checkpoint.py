"""Moves what was committed from the write-ahead log into the SQLite file, beside the writer while that is busy."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from hub.log.sqlite_files import MIB, connect

LITTLE, MUCH = 4 * MIB, 32 * MIB
"""Bytes that an idle writer moves itself, and that are moved beside a busy one: it would stand still for 15 ms."""
ROUNDS = 4
"""As often it is tried beside the writer to come near to its end; on a disk that is too slow for that, it waits."""


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
            if self._helper.is_alive():
                return
            self._helper = None
            if self.waiting <= LITTLE or self._rounds == ROUNDS:
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

    def _help(self) -> None:
        try:
            with closing(connect(self._path)) as connection:
                self._move(connection)
        except sqlite3.Error as error:
            self.trouble = f"{self._path}: {error}"

    def _move(self, connection: sqlite3.Connection) -> None:
        try:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            self.trouble = f"{self._path}: {error}"
