"""Events of the SQLite log as they are appended, with no gap between history and live."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from hub.errors import LogUnavailable
from hub.log.base import Stored
from hub.log.sqlite_head import Head
from hub.log.sqlite_lane import Lane
from hub.log.sqlite_read import Reader
from hub.log.sqlite_rows import STORED

BEHIND = 10_000
"""A follower that once kept up and is this many events behind is dropped."""
POLL = 0.25
"""Seconds between looks at a log that another process writes."""


async def follow(after: int, head: Head, reader: Reader, is_open: Callable[[], bool]) -> AsyncIterator[Stored]:
    """What this process appends. Raises: LogUnavailable"""
    # a lane that nobody keeps: it reads ahead no more than a feed does, so a slow reader costs nothing
    lane, kept_up = Lane(0, after, set()), False
    while True:
        bell = head.bell()
        try:
            ready = await lane.peek(100, head, reader)
            if not ready and is_open():
                kept_up = True
                await bell
            if not is_open():
                raise LogUnavailable("the log is closed")
        finally:
            head.mute(bell)
        for stored in ready:
            lane.take([stored])
            lane.open.clear()
            yield stored
            if kept_up and head.last - stored.position > BEHIND:
                raise LogUnavailable(f"the reader is {BEHIND} events behind; go on from {stored.position}")


async def poll(after: int | None, reader: Reader) -> AsyncIterator[Stored]:
    """What another process appends."""
    if after is None:
        (last,) = await reader.row("SELECT max(seq) FROM events")
        after = last or 0
    while True:
        rows = await reader.rows(f"{STORED} WHERE e.seq > ? ORDER BY e.seq LIMIT 100", (after,))
        for stored, *_ in rows:
            yield stored
            after = stored.position
        if not rows:
            await asyncio.sleep(POLL)
