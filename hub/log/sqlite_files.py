"""The files of an SQLite log: opening and checking the database, the lock, the room on the disk."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from hub.errors import LogDamaged, LogInUse, LogUnavailable
from hub.log.migrations import MIGRATIONS, check_version, migrate, version
from hub.log.sqlite_wal import index_of, tear

PAGE = 8192
MIB = 1 << 20
CHECKED_WHOLE = 64 * MIB
"""Files up to this size are checked page by page at start (about a second)."""

BUSY = 2.0
"""Seconds to wait for another process that writes."""

NOT_NOW = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)
"""Results that say nothing about what was to be written, only that nothing can be now."""


def code_of(error: BaseException) -> int:
    """The primary result code of an SQLite error; 0 for any other error."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF if isinstance(error, sqlite3.Error) else 0


def is_not_now(error: BaseException) -> bool:
    """Is it the file, the disk or the memory, and not what was written?"""
    return isinstance(error, (MemoryError, OSError, LogUnavailable)) or code_of(error) in NOT_NOW


def damaged(path: Path, what: str) -> LogDamaged:
    """The error for a file that fails its check."""
    return LogDamaged(
        f"{path} is damaged: {what}. Nothing was changed. "
        "Stop what uses it, keep a copy, then run `hub doctor --recover`"
    )


def connect(path: Path) -> sqlite3.Connection:
    """A connection that writes. Transactions are begun by hand."""
    connection = sqlite3.connect(path, timeout=BUSY, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA page_size = {PAGE}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA journal_size_limit = {64 * MIB}")
    # checkpoints are run when the writer is idle, not inside a commit
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    return connection


def prepare(path: Path, notice: Callable[[str], None]) -> None:
    """Create the file, or check the one that is there, and bring it to this hub's schema; notice: is told of that.

    Raises:
        LogDamaged, LogTooNew, LogUnavailable
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # it holds what platforms sent, and secrets that handshakes brought
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise LogUnavailable(f"{path} cannot be opened: {error.strerror}; check the path and its permissions") from None
    check_header(path)
    index = index_of(path)
    connection: sqlite3.Connection | None = None
    try:
        # before anything is written: to switch the journal mode is to change a newer hub's file
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as reading:
            check_version(version(reading))
            torn = tear(path, index)
        if torn:
            if index:  # the next start has to see it as well
                path.with_name(path.name + "-shm").write_bytes(index)
            raise damaged(path, torn)
        connection = connect(path)
        check(connection, path)
        found = version(connection)
        if 0 < found < len(MIGRATIONS):
            how = f"{path} is brought from version {found} to {len(MIGRATIONS)}"
            notice(f"{how}, once; for each million events that takes some seconds")
        migrate(connection)
    except sqlite3.Error as error:
        if code_of(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise damaged(path, str(error)) from None
        raise LogUnavailable(f"{path} cannot be opened: {error}") from error
    finally:
        if connection is not None:
            connection.close()


def check_header(path: Path) -> None:
    """A torn or foreign file, seen before SQLite opens it (which may change it)."""
    size = path.stat().st_size
    if size == 0:
        return
    with path.open("rb") as file:
        head = file.read(100)
    if len(head) < 100 or not head.startswith(b"SQLite format 3\x00"):
        raise damaged(path, "it does not start like an SQLite database")
    page = int.from_bytes(head[16:18], "big") or 65536
    pages = int.from_bytes(head[28:32], "big")
    wal = path.with_name(path.name + "-wal")
    # with a write-ahead log beside it, the missing pages may be in there
    if pages * max(page, 512) > size and not (wal.exists() and wal.stat().st_size):
        raise damaged(path, f"it should have {pages * page} bytes and has {size}")


def check(connection: sqlite3.Connection, path: Path) -> None:
    """All pages of a small log; of a large one its newest part, so that start-up stays quick."""
    if path.stat().st_size <= CHECKED_WHOLE:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise damaged(path, str(found).replace("\n", " "))
        return
    for table in ("events", "requests", "deliveries"):
        newest = f"SELECT * FROM {table} ORDER BY seq DESC LIMIT 1000"
        for _ in connection.execute(newest):
            pass


class Lock:
    """Lets one process own a log. The system frees it when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(path.name + ".lock")
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Raises: LogInUse, LogUnavailable"""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = self._path.open("a+", encoding="ascii")
        except OSError as error:
            hint = f"the hub must be able to write into {self._path.parent}; or set [log] url to another place"
            raise LogUnavailable(f"{self._path} cannot be created: {error.strerror}; {hint}") from None
        try:
            _lock(file)
        except OSError:
            file.seek(0)
            owner = file.read(20).strip() or "unknown"
            file.close()
            raise LogInUse(
                f"{self._path.with_suffix('')} is in use by process {owner}: stop that hub first, "
                "or use a command that only reads, or the running hub's API"
            ) from None
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file

    def free(self) -> None:
        """Let others have it. The file stays: removing it would let two processes lock two files of one name."""
        if self._file is not None:
            self._file.close()
            self._file = None


if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    FAR = 1 << 30
    """Where the byte that is locked stands: beyond the pid, which others want to read."""

    def _lock(file: IO[str]) -> None:
        file.seek(FAR)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def free_bytes(folder: Path) -> int:
    """What the file system has left for us."""
    return shutil.disk_usage(folder).free


@dataclass
class Room:
    """Keeps a disk that fills up usable: a full one takes neither a DELETE nor a checkpoint, so retention is no help.

    reserve: bytes of a file beside the log that is given up when the disk is full; floor: free bytes below which no
    requests are taken in (outcomes and retention go on). Pages that retention has freed inside the log count as free.
    """

    path: Path
    reserve: int = 64 * MIB
    floor: int = 32 * MIB
    free: Callable[[Path], int] = free_bytes
    every: float = 1.0
    low: bool = False
    _checked: float = field(default=float("-inf"))

    @property
    def file(self) -> Path:
        """The reserve."""
        return self.path.with_name(self.path.name + ".reserve")

    def check(self, spare: Callable[[], int]) -> bool:
        """Is there room for requests? Looks at the disk at most every second. spare: bytes unused inside the log."""
        moment = time.monotonic()
        if moment - self._checked >= self.every:
            self._checked = moment
            free = self.free(self.path.parent)
            held = self.file.exists()
            needed = self.floor + (0 if held else self.reserve)
            # the write-ahead log grows even where the file has pages to spare
            self.low = free < needed and (free < self.floor // 4 or free + spare() < needed)
            if not held and free >= needed:
                self._hold()
        return not self.low

    def give_up(self) -> None:
        """The disk is full: free the reserve for what has to be written still."""
        self.low = True
        self._checked = time.monotonic()
        self.file.unlink(missing_ok=True)

    def _hold(self) -> None:
        try:
            with self.file.open("wb") as file:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), 0, self.reserve)
                else:
                    file.write(bytes(self.reserve))
        except OSError:
            self.file.unlink(missing_ok=True)


def space(path: Path) -> tuple[int, int | None]:
    """Bytes that the log takes up, and that are free there."""
    size = 0
    for suffix in ("", "-wal", "-shm"):
        file = path.with_name(path.name + suffix)
        if file.exists():
            size += file.stat().st_size
    try:
        return size, free_bytes(path.parent)
    except OSError:
        return size, None
