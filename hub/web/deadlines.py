"""Time limits of many short waits: a timer for each would cost as much as verifying its request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

LOOK = 0.25
"""Seconds between two looks at what is waited for."""


class Deadlines:
    """Ends waits that are overdue, all of one loop with one timer, which runs while there are any."""

    def __init__(self) -> None:
        self._until: dict[asyncio.Task[object], float] = {}
        self._late: set[asyncio.Task[object]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def within(self, seconds: float, wait: Callable[[], Awaitable[T]]) -> T:
        """Wait for so long, and for up to LOOK more; a task waits for one thing at a time.

        Raises:
            TimeoutError
        """
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        self._until[task] = loop.time() + seconds
        if self._timer is None:
            self._timer = loop.call_later(LOOK, self._look)
        try:
            return await wait()
        except asyncio.CancelledError:
            if task not in self._late or task.uncancel() > 0:
                raise
            raise TimeoutError from None
        finally:
            del self._until[task]
            self._late.discard(task)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        for task, until in self._until.items():
            if until < loop.time() and task not in self._late:
                self._late.add(task)
                task.cancel()
        self._timer = loop.call_later(LOOK, self._look) if self._until else None
