"""The newest events in memory, so that whoever keeps up never reads from the disk, and the bell that rings for them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import repeat

from hub.log.base import Stored

MOST = 2048
MOST_BYTES = 16 << 20


class Head:
    """The end of the log, as the loop knows it. last: the newest committed position."""

    def __init__(self, last: int, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self.last = last
        self._most = most
        self._most_bytes = most_bytes
        self._items: list[tuple[Stored, int]] = []
        self._bytes = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def add(self, fresh: Sequence[Stored], sizes: int) -> None:
        """A committed batch of events that take up `sizes` bytes together."""
        if not fresh:
            return
        if self._items and fresh[0].position != self.last + 1:
            self._items.clear()
            self._bytes = 0
        each = sizes // len(fresh)
        self._items.extend(zip(fresh, repeat(each)))
        self._bytes += each * len(fresh)
        self.last = fresh[-1].position
        # dropping in steps: the front of a list is dear
        if len(self._items) > 1.25 * self._most or self._bytes > 1.25 * self._most_bytes:
            self._shrink()
        self.ring()

    def after(self, position: int, limit: int) -> list[Stored] | None:
        """What follows a position; None if some of that is only on the disk."""
        if position >= self.last:
            return []
        if not self._items or position + 1 < self._items[0][0].position:
            return None
        start = position + 1 - self._items[0][0].position
        return [stored for stored, _ in self._items[start : start + limit]]

    def forget(self, position: int) -> None:
        """Events up to here are not asked for again, or were pruned."""
        if position >= self.last:
            self._items.clear()
            self._bytes = 0
        elif self._items:
            gone = max(0, position + 1 - self._items[0][0].position)
            self._bytes -= sum(size for _, size in self._items[:gone])
            del self._items[:gone]

    def bell(self) -> asyncio.Future[None]:
        """Ready at the next commit. To be given to `mute` in the end."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        return future

    def mute(self, bell: asyncio.Future[None]) -> None:
        """Nobody waits for it any more."""
        self._waiting.discard(bell)

    def ring(self) -> None:
        """Wake everybody."""
        waiting, self._waiting = self._waiting, set()
        for bell in waiting:
            if not bell.done():
                bell.set_result(None)

    def _shrink(self) -> None:
        keep = len(self._items)
        kept = 0
        while keep and len(self._items) - keep < self._most and kept < self._most_bytes:
            keep -= 1
            kept += self._items[keep][1]
        del self._items[:keep]
        self._bytes = kept
