"""The quarantine: refused requests, kept so that a corrected secret can let them in, without serving strangers."""

from __future__ import annotations

import asyncio
import time

from hub.errors import LogError
from hub.log.base import Log, Rejection

RATE = 20.0
"""What one source may leave in the log a second, in the long run; the log bounds number and bytes of it besides."""
BURST = 500.0
ALL_RATE = 100.0
"""The same for all sources together."""
ALL_BURST = 1000.0
UNIT = 64 * 1024
"""Bytes of a body that count as much as a request."""
WAITING = 200
WAITING_BYTES = 64 << 20


class Quarantine:
    """Writes rejections to the log behind the answer; what comes too fast is counted and not kept.

    dropped: how many were not kept.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._queue: asyncio.Queue[Rejection] = asyncio.Queue(WAITING)
        self._bytes = 0
        self._all = _Allowance(ALL_RATE, ALL_BURST)
        self._each: dict[str, _Allowance] = {}
        self._task: asyncio.Task[None] | None = None
        self.dropped = 0

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._write(), name="quarantine")

    def admits(self, source: str, size: int) -> bool:
        """May a stranger leave this much in the log now? One source that is flooded does not crowd out the others."""
        cost, now = 1 + size / UNIT, time.monotonic()
        each = self._each.get(source)
        if each is None:
            each = self._each[source] = _Allowance(RATE, BURST)
        if each.at(now) < cost or self._all.at(now) < cost:
            return False
        each.left -= cost
        self._all.left -= cost
        return True

    def offer(self, rejection: Rejection) -> bool:
        """Keep it if there is room; never waits. The source is one that is configured."""
        size = len(rejection.request.body)
        full = self._queue.full() or self._bytes + size > WAITING_BYTES
        if full or not self.admits(rejection.source, size):
            self.dropped += 1
            return False
        self._bytes += size
        self._queue.put_nowait(rejection)
        return True

    async def close(self, grace: float = 2.0) -> None:
        """Write what is waiting, for at most `grace` seconds."""
        if self._task is None:
            return
        try:
            async with asyncio.timeout(grace):
                await self._queue.join()
        except TimeoutError:
            pass
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _write(self) -> None:
        while True:
            rejection = await self._queue.get()
            try:
                await self._log.reject(rejection)
            except LogError:
                self.dropped += 1
            finally:
                self._bytes -= len(rejection.request.body)
                self._queue.task_done()


class _Allowance:
    """So much a second, and so much at once after a pause."""

    def __init__(self, rate: float, burst: float) -> None:
        self.left = burst
        self._rate = rate
        self._burst = burst
        self._at = time.monotonic()

    def at(self, now: float) -> float:
        """What is left then."""
        self.left = min(self._burst, self.left + (now - self._at) * self._rate)
        self._at = now
        return self.left
