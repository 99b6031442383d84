"""Reading the log: directly and for reading only, beside a running hub too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from hub.cli.common import Place

if TYPE_CHECKING:
    from hub.config import SourceConfig
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


async def known_options(place: Place, sources: Iterable[SourceConfig]) -> dict[str, Mapping[str, Any]]:
    """The options of the sources whose secrets may come with a handshake, with those that came."""
    from hub.core import bind_source
    from hub.errors import LogError
    from hub.options import options_of

    able = [one for one in sources if any(option.learned for option in options_of(one.provider).values())]
    if not able:
        return {}
    try:
        async with reading(place) as log:
            return {one.name: (await bind_source(one, log)).options for one in able}
    except LogError:  # there is no log before the first run
        return {one.name: one.options for one in able}
