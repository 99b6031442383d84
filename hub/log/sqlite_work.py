"""One work for the thread that writes to the SQLite log, and how those who wait for it are told."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from hub.log.base import Group, Stored, Synced
from hub.log.sqlite_append import Append, Appended

T = TypeVar("T")
Make = Callable[[Any], Append]
"""An append of one of the requests in a group."""


@dataclass(slots=True, eq=False)
class Work:
    """Appends, or another change as a function of the connection, and who waits for it.

    settle: is given the result or an error, once, in the loop; since: by `time.monotonic`; synced: see `Group`;
    size: about how many bytes of memory the appends take; soon: whoever waits is told in time that a disk hangs, as for
    all appends, and then it is not done any more; keep: while the log cannot be written it is not given up, but tried
    again; forgets: it drops names.
    """

    settle: Callable[[Any], None]
    since: float
    appends: Sequence[Append] = ()
    synced: Synced | None = None
    size: int = 0
    change: Callable[[sqlite3.Connection], Any] | None = None
    soon: bool = False
    keep: bool = False
    forgets: bool = False
    settled: bool = False

    @classmethod
    def of(cls, group: Group, make: Make) -> Work:
        """The work of a group. Raises: whatever `make` does"""
        appends = [make(one) for one in group.ready]
        size = sum([append.size for append in appends])
        return cls(group.done, time.monotonic(), appends, group.synced, size, soon=True)


def each(works: Sequence[Work], appended: Appended) -> Iterator[tuple[Work, list[list[Stored]]]]:
    """What was stored of each work that has appends."""
    start = 0
    for work in works:
        if work.appends:
            end = start + len(work.appends)
            yield work, appended.stored[start:end]
            start = end


def settle(future: asyncio.Future[T], result: T | Exception) -> None:
    """Tell whoever waits for it, if somebody still does."""
    if future.done():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
        future.exception()  # nobody may be waiting any more
    else:
        future.set_result(result)


def settle_only(future: asyncio.Future[list[Stored]], result: list[list[Stored]] | Exception) -> None:
    """The same for whoever waits for the one append of a work."""
    settle(future, result if isinstance(result, Exception) else result[0])
