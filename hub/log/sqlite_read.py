"""Reading connections to the SQLite log: every answer is fetched whole, so that no read holds up the checkpoints."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import aiosqlite

from hub.errors import LogDamaged, LogUnavailable
from hub.log.base import Stored
from hub.log.codec import Unpacker
from hub.log.sqlite_files import BUSY, code_of, damaged
from hub.log.sqlite_rows import MARK, WIDTH, size_of, stored_of

Loaded = tuple[Any, ...]
"""(Stored, its size, further columns)."""


class Reader:
    """One connection with a thread of its own. Rows of `COLUMNS` come back as `Loaded`, made in that thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: aiosqlite.Connection | None = None

    async def open(self) -> None:
        """Raises: LogUnavailable"""
        uri = f"{self._path.absolute().as_uri()}?mode=ro"
        try:
            self._connection = await aiosqlite.connect(uri, uri=True, timeout=BUSY, isolation_level=None)
            # from the first read on it holds the write-ahead log open, also while the writer has to reconnect
            await self._connection.execute_fetchall("SELECT 1 FROM events LIMIT 1")
        except sqlite3.Error as error:
            raise LogUnavailable(f"{self._path} cannot be read: {error}") from error
        self._connection.row_factory = Decoder()  # type: ignore[assignment]  # any callable will do

    async def close(self) -> None:
        """End the thread."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def rows(self, sql: str, parameters: Iterable[Any] = ()) -> list[Any]:
        """All rows; the read transaction ends with them.

        Raises:
            LogUnavailable, LogDamaged
        """
        if self._connection is None:
            raise LogUnavailable("the log is closed")
        try:
            return list(await self._connection.execute_fetchall(sql, parameters))
        except sqlite3.Error as error:
            if code_of(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise damaged(self._path, str(error)) from error
            raise LogUnavailable(f"{self._path} cannot be read: {error}") from error
        except ValueError as error:
            if self._connection is None:
                raise LogUnavailable("the log is closed") from None
            raise LogDamaged(
                f"{self._path} has a row that cannot be read: {error}; run `hub doctor --recover`"
            ) from error

    async def row(self, sql: str, parameters: Iterable[Any] = ()) -> Any:
        """The first row, or None."""
        found = await self.rows(sql, parameters)
        return found[0] if found else None


class Decoder:
    """A row factory: it runs in the reader's thread, beside the loop."""

    def __init__(self) -> None:
        self._unpacker = Unpacker()

    def __call__(self, cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> tuple[Any, ...]:
        if cursor.description[0][0] != MARK:
            return row
        stored: Stored = stored_of(row, self._unpacker)
        return (stored, size_of(row), *row[WIDTH:])
