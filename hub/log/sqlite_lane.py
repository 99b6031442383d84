"""A place in the log for one subscription: its live stream, or a replay over a range."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.log.base import Stored
from hub.log.sqlite_head import Head
from hub.log.sqlite_read import Reader
from hub.log.sqlite_rows import STORED
from hub.log.sqlite_values import places

CHUNK = 512
CHUNK_BYTES = 4 << 20
"""The most events, and about the most packed bytes, that are read ahead from the disk for one lane."""
WINDOW = 50_000
"""Positions that one statement of a replay looks at: others want to read too."""


@dataclass(slots=True, eq=False)
class Lane:
    """position: all up to here was handed out; open: of those, what is not settled; again: of those, what is to be
    handed out again (after a restart, or returned).

    job: 0 is the live stream; until: where a replay ends; where, values: which events a replay has.
    """

    job: int
    position: int
    open: set[int]
    again: deque[int] = field(default_factory=deque)
    until: int | None = None
    where: str = "1"
    values: tuple[Any, ...] = ()
    _ahead: deque[Stored] = field(default_factory=deque)
    _chunk: int = 16

    @classmethod
    def kept(cls, job: int, position: int, opened: str | bytes, **rest: Any) -> Lane:
        """As the log has it: what was open goes out again first."""
        seqs = sorted(json.loads(opened))
        return cls(job, position, set(seqs), deque(seqs), **rest)

    def opened(self) -> str:
        """`open` as the log keeps it."""
        return json.dumps(sorted(self.open))

    def waiting(self, head: Head) -> bool:
        """May there be something to hand out?"""
        return bool(self.again or self._ahead) or self.position < (head.last if self.until is None else self.until)

    @property
    def read_ahead(self) -> int:
        """How many events the next read from the disk may bring."""
        return self._chunk

    @property
    def done(self) -> bool:
        """Is a replay over?"""
        return self.until is not None and self.position >= self.until and not self.open

    async def peek(self, limit: int, head: Head, reader: Reader) -> list[Stored]:
        """What comes next, without moving on: first `again`, then new ones."""
        if self.again:
            asked = [*self.again][:limit]
            loaded = await load(asked, reader)
            for seq in set(asked).difference(stored.position for stored in loaded):
                self.again.remove(seq)  # gone from the log: nothing is owed
                self.open.discard(seq)
            return loaded
        if not self._ahead:
            if self.until is None:
                cached = head.after(self.position, limit)
                if cached is not None:
                    return cached
                await self._read(limit, reader, head.last)
            while self.until is not None and self.position < self.until and not self._ahead:
                await self._read(limit, reader, min(self.until, self.position + WINDOW))
        return [self._ahead[index] for index in range(min(limit, len(self._ahead)))]

    def take(self, stored: Sequence[Stored]) -> None:
        """Move past what `peek` gave."""
        for one in stored:
            if self.again and self.again[0] == one.position:
                self.again.popleft()
                continue
            self.open.add(one.position)
            self.position = one.position
            if self._ahead and self._ahead[0].position == one.position:
                self._ahead.popleft()

    async def _read(self, limit: int, reader: Reader, until: int) -> None:
        chunk = min(CHUNK, max(self._chunk, min(limit, self._chunk * 2)))
        loaded = await reader.rows(
            f"{STORED} WHERE e.seq > ? AND e.seq <= ? AND {self.where} ORDER BY e.seq LIMIT ?",
            (self.position, until, *self.values, chunk),
        )
        self._ahead.extend(stored for stored, *_ in loaded)
        if not loaded:
            self.position = until
            return
        average = sum(size for _, size, *_ in loaded) // len(loaded) + 1
        self._chunk = max(1, min(CHUNK, self._chunk * 4, CHUNK_BYTES // average))


async def load(seqs: Sequence[int], reader: Reader) -> list[Stored]:
    """Events by position, in the order asked for."""
    loaded = await reader.rows(f"{STORED} WHERE e.seq IN ({places(seqs)})", seqs)
    found = {stored.position: stored for stored, *_ in loaded}
    return [found[seq] for seq in seqs if seq in found]
