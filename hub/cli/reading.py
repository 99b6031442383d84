"""Reading the log: directly and for reading only, beside a running hub too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from hub.cli.common import Place

if TYPE_CHECKING:
    from hub.log.base import Log, Page, Position

T = TypeVar("T")
PAGE = 500


@asynccontextmanager
async def reading(place: Place) -> AsyncIterator[Log]:
    """The log of a config, open for reading.

    Raises:
        LogUnavailable: there is none yet; LogTooNew, LogDamaged
    """
    from hub.log import open_log

    log = open_log(place.log, place.folder, read_only=True)
    await log.open()
    try:
        yield log
    finally:
        await log.close()


async def newest(pages: Callable[[Position | None, int], Awaitable[Page[T]]], limit: int) -> list[T]:
    """The newest `limit` of a listing, oldest first."""
    found: list[T] = []
    before: Position | None = None
    while len(found) < limit:
        page = await pages(before, min(PAGE, limit - len(found)))
        found += page.items
        before = page.next
        if before is None:
            break
    return found[::-1]
