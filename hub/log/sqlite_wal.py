"""Is the write-ahead log whole? SQLite takes a tear in it for its end, and forgets what was synced behind it."""

from __future__ import annotations

import struct
import sys
from pathlib import Path
from typing import BinaryIO

HEADER, FRAME = 32, 24
"""Bytes before the first frame, and before the page in each (https://www.sqlite.org/fileformat2.html#walformat)."""
MAGIC = (0x377F0682, 0x377F0683)
INDEX = struct.Struct("=16xI12x8s8x")
"""A header of the `-shm` file: the number of committed frames, and their salt
(https://www.sqlite.org/walformat.html#the_wal_index_header)."""


def index_of(path: Path) -> bytes:
    """The `-shm` file of a database; b"" if there is none."""
    index = path.with_name(path.name + "-shm")
    return index.read_bytes() if index.exists() else b""


def tear(path: Path, before: bytes) -> str:
    """What is wrong with the write-ahead log of a database that is open for reading; "" if nothing is.

    A process that dies, or a power loss, leaves an unfinished transaction at its end: that is well. A finished one
    that is broken is not: the next one is begun, and the `-shm` file told, only after it is synced.
    before: the `-shm` file as the last process left it; SQLite has made a new one from what it can read.
    """
    committed, moved, salt = _read(before)
    good, _, _ = _read(index_of(path))
    had = f"its write-ahead log had {committed} pages"
    owed = committed > moved
    try:
        with path.with_name(path.name + "-wal").open("rb") as file:
            header = file.read(HEADER)
            size = file.seek(0, 2)
            if size <= HEADER:
                return f"{had} and is empty" if owed else ""
            if not _is_header(header):
                return "the start of its write-ahead log is damaged"
            if owed and salt == header[16:24] and committed > good:
                return f"{had}, of which {good} can be read"
            return _later(file, header, good, size)
    except FileNotFoundError:
        return f"{had} and is gone" if owed else ""


def _read(index: bytes) -> tuple[int, int, bytes]:
    """Frames that are committed, of those moved into the database, their salt."""
    first, second, moved = index[: INDEX.size], index[INDEX.size : 2 * INDEX.size], index[2 * INDEX.size :][:4]
    if first != second or len(moved) < 4:
        return 0, 0, b""
    committed, salt = INDEX.unpack(first)
    return committed, int.from_bytes(moved, sys.byteorder), salt


def _later(file: BinaryIO, header: bytes, good: int, size: int) -> str:
    """Is there the end of a transaction behind the good ones, followed by the next one?"""
    order, page = _format(header)
    ended = b""
    for number in range(good, (size - HEADER) // (FRAME + page)):
        file.seek(HEADER + number * (FRAME + page))
        frame = file.read(FRAME)
        if frame[8:16] != header[16:24]:
            ended = b""
        elif ended and checksum(frame[:8] + file.read(page), ended, order) == frame[16:24]:
            return f"its write-ahead log can be read up to page {good} and goes on behind a tear"
        else:
            ended = frame[16:24] if any(frame[4:8]) else b""
    return ""


def _is_header(header: bytes) -> bool:
    magic = int.from_bytes(header[:4], "big")
    return magic in MAGIC and checksum(header[:24], bytes(8), _format(header)[0]) == header[24:]


def _format(header: bytes) -> tuple[str, int]:
    """The byte order of the checksums, and the size of a page."""
    return (">" if header[3] & 1 else "<"), int.from_bytes(header[8:12], "big")


def checksum(content: bytes, start: bytes, order: str) -> bytes:
    """SQLite's, over pairs of numbers, going on from `start`."""
    one, two = struct.unpack(">II", start)
    numbers = iter(struct.unpack(f"{order}{len(content) // 4}I", content))
    for first, second in zip(numbers, numbers, strict=True):
        one = one + first + two & 0xFFFFFFFF
        two = two + second + one & 0xFFFFFFFF
    return struct.pack(">II", one, two)
