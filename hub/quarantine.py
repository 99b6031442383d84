"""The quarantine: refused requests, kept so that a corrected secret can let them in, without serving strangers."""

from __future__ import annotations

import asyncio
import time

from hub.errors import LogError
from hub.log.base import Log, Rejection

RATE = 20.0
"""Refused requests kept a second, in the long run; the log bounds their number and bytes besides."""
BURST = 100
WAITING = 200


class Quarantine:
    """Writes rejections to the log behind the answer; what comes too fast is counted and not kept."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._queue: asyncio.Queue[Rejection] = asyncio.Queue(WAITING)
        self._tokens = float(BURST)
        self._at = time.monotonic()
        self._task: asyncio.Task[None] | None = None
        self.dropped = 0

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._write(), name="quarantine")

    def offer(self, rejection: Rejection) -> bool:
        """Keep it if there is room; never waits."""
        now = time.monotonic()
        self._tokens = min(float(BURST), self._tokens + (now - self._at) * RATE)
        self._at = now
        if self._tokens < 1 or self._queue.full():
            self.dropped += 1
            return False
        self._tokens -= 1
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
                self._queue.task_done()
