"""A disk that does not answer for a while."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from hub.log.sqlite import SqliteLog


async def hang(log: SqliteLog) -> tuple[asyncio.Task[Any], threading.Event]:
    """The thread that writes hangs until the event is set, for 10 s at most; the task is what hangs in it."""
    hangs, again = threading.Event(), threading.Event()
    hanging = asyncio.create_task(log._writer.change(lambda connection: (hangs.set(), again.wait(10))))
    await asyncio.to_thread(hangs.wait)
    return hanging, again
