"""What a disk may hold after the power went: made from the record of a hub's writes and syncs, which `disk.c` keeps."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

HEAD = struct.Struct("=QIIqq")
FOLDER = 1
SECTOR = 512


class Kind(IntEnum):
    """As in disk.c."""

    OPENED = 1
    WROTE = 2
    CUT = 3
    SYNCED = 4
    REMOVED = 5


@dataclass(frozen=True, slots=True)
class Record:
    """time: monotonic, ns; file: its number; at, content: see disk.c."""

    time: int
    kind: Kind
    file: int
    at: int
    content: bytes


def read(trace: Path) -> list[Record]:
    """All whole records; a process that was killed may have left a part of one."""
    content, records, place = trace.read_bytes(), [], 0
    while place + HEAD.size <= len(content):
        time, kind, file, at, length = HEAD.unpack_from(content, place)
        place += HEAD.size
        if place + length > len(content):
            break
        records.append(Record(time, Kind(kind), file, at, content[place : place + length]))
        place += length
    return records


@dataclass
class Inode:
    """A file, whatever its name. synced: what is on the disk for certain; pending: (index, record) of the writes that
    the system has and the disk may have."""

    synced: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, Record]] = field(default_factory=list)

    def sync(self, before: int) -> None:
        """Everything that was written before a moment is on the disk."""
        for index, record in self.pending:
            if index < before:
                change(self.synced, record, record.content)
        self.pending = [(index, record) for index, record in self.pending if index >= before]

    def crash(self, choose: random.Random) -> bytes:
        """Of what is not synced some writes are there and some are not, and some only up to a sector."""
        content = bytearray(self.synced)
        kept, torn = choose.choice((0.0, 0.3, 0.7, 1.0)), choose.choice((0.0, 0.3))
        for _, record in self.pending:
            if choose.random() < kept:
                change(content, record, tear(record.content, choose) if choose.random() < torn else record.content)
        return bytes(content)


@dataclass
class Disk:
    """The files of one folder. ignored: syncs of files whose names end so do nothing; linked: the names that are there
    for certain; links: (index, name, inode or None) of made and removed names that may be, in order; files: by number.
    """

    ignored: str | None = None
    linked: dict[str, Inode] = field(default_factory=dict)
    links: list[tuple[int, str, Inode | None]] = field(default_factory=list)
    files: dict[int, tuple[str, Inode]] = field(default_factory=dict)

    def apply(self, index: int, record: Record) -> None:
        """The next record."""
        match record.kind:
            case Kind.OPENED if record.at or record.file not in self.files:
                name, inode = record.content.decode(), Inode()
                self.files[record.file] = name, inode
                self.links.append((index, name, inode))
            case Kind.REMOVED:
                name, _ = self.files.pop(record.file)
                self.links.append((index, name, None))
            case Kind.WROTE | Kind.CUT:
                self.files[record.file][1].pending.append((index, record))
            case Kind.SYNCED if record.file == FOLDER:
                self.linked = links_after(self.linked, [link for link in self.links if link[0] < record.at])
                self.links = [link for link in self.links if link[0] >= record.at]
            case Kind.SYNCED if record.file in self.files:
                name, inode = self.files[record.file]
                if self.ignored is None or not name.endswith(self.ignored):
                    inode.sync(record.at)

    def crash(self, choose: random.Random) -> dict[str, bytes]:
        """One of the things that may be there after a power loss now. File systems keep the order of names."""
        linked = links_after(self.linked, self.links[: choose.randint(0, len(self.links))])
        return {name: inode.crash(choose) for name, inode in linked.items()}


def links_after(linked: dict[str, Inode], links: list[tuple[int, str, Inode | None]]) -> dict[str, Inode]:
    """The names after some were made and removed."""
    after: dict[str, Inode | None] = {**linked, **{name: inode for _, name, inode in links}}
    return {name: inode for name, inode in after.items() if inode is not None}


def change(content: bytearray, record: Record, written: bytes) -> None:
    """Let a write, or a change of the length, be on the disk."""
    if record.kind is Kind.CUT:
        del content[record.at :]
    content.extend(bytes(max(0, record.at - len(content))))
    content[record.at : record.at + len(written)] = written


def tear(content: bytes, choose: random.Random) -> bytes:
    """The sectors up to some place of a write."""
    return content[: choose.randrange(0, len(content) + 1, SECTOR)]


def crashes(
    records: list[Record], count: int, seed: int, *, ignored: str | None = None
) -> Iterator[tuple[int, dict[str, bytes]]]:
    """So many power losses at random moments of the record: the time of each, and the files after it."""
    choose = random.Random(seed)
    moments = sorted(choose.sample(range(1, len(records)), min(count, len(records) - 1)))
    disk, done = Disk(ignored), 0
    for moment in moments:
        for index in range(done, moment):
            disk.apply(index, records[index])
        done = moment
        yield records[moment].time, disk.crash(choose)
