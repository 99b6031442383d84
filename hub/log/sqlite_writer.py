"""The one thread that writes to the SQLite log: whatever waits becomes one transaction, synced to disk once."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from hub.errors import HubError, LogError, LogUnavailable
from hub.log.base import Done, Stored, Synced
from hub.log.sqlite_append import Append, Appended, Appender, cannot_keep
from hub.log.sqlite_checkpoint import Checkpoints
from hub.log.sqlite_files import MIB, Room, code_of, connect, is_not_now
from hub.log.sqlite_work import Work, each, settle

T = TypeVar("T")

BATCH = 256
"""The most appends in one transaction."""
BATCH_BYTES = 16 * MIB
"""No further append joins a transaction of this size."""
WAITING_BYTES = 128 * MIB
"""No further append may wait beside this."""
BUSY = 8
"""Appends in one batch with which the next one waits for half as many."""
WINDOW = 0.001
"""Seconds that it waits for them at most."""
PATIENCE = 4.0
"""Seconds after which a waiting append is told that the log is unavailable."""
AGAIN = 0.25
"""Seconds between tries to write kept outcomes."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the log wants to know, told in the loop. committed: new events in order, their bytes, and subscriptions
    whose dead letters were queued again."""

    committed: Callable[[list[Stored], int, set[int]], None]
    clock: Callable[[], float]


class Writer:
    """Made in the running loop. Only `append`, `change` and `close` are called from outside, all in that loop."""

    def __init__(self, path: Path, room: Room, hooks: Hooks) -> None:
        self._path = path
        self._room = room
        self._hooks = hooks
        self._loop = asyncio.get_running_loop()
        self._ready = threading.Condition()
        self._arrived: list[Work] = []
        self._queue: deque[Work] = deque()
        self._kept: list[Work] = []
        self._bytes = 0
        self._serving: Sequence[Work] = ()
        self._watch: asyncio.TimerHandle | None = None
        self._closing = False
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._checkpoints = Checkpoints(path)
        self._appends = self._size = 0
        """Of the newest batch, and its bytes."""
        self._enough = 0
        """Appends for which the thread is waiting, if it has some already."""
        self.trouble = ""
        self._connection: sqlite3.Connection | None = None
        self._appender: Appender | None = None
        self._thread = threading.Thread(target=self._run, name=f"log writer {path.name}", daemon=True)
        self._thread.start()

    def append(self, appends: Sequence[Append], settle: Done, synced: Synced | None = None) -> None:
        """settle, synced: see `Log.keep`. Raises: LogUnavailable"""
        if not any(append.rows for append in appends):
            settle([[] for _ in appends])
            return
        size = sum([append.size for append in appends])
        if self._closing:
            raise LogUnavailable("the log is closed")
        if self._bytes + size > WAITING_BYTES and self._bytes:
            raise LogUnavailable("too many requests wait to be written to the log")
        self._bytes += size
        if self._watch is None:
            self._watch = self._loop.call_later(0.5, self._look)
        self._put(Work(settle, self._loop.time(), appends, synced, size))

    async def change(
        self, change: Callable[[sqlite3.Connection], T], *, keep: bool = False, forgets: bool = False
    ) -> T:
        """Run a function inside a transaction.

        keep: while the log cannot be written, wait; otherwise LogUnavailable. forgets: it may drop names.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        self._put(Work(partial(settle, future), self._loop.time(), change=change, keep=keep, forgets=forgets))
        # it may have been written already when the caller stops waiting
        return await asyncio.shield(future)

    async def close(self) -> None:
        """Write what waits, once more what was kept, and end the thread."""
        self._closing = True
        self._hand_over()
        # a disk that hangs must not hold up the end
        await asyncio.wait([self._ended], timeout=PATIENCE)
        self._over()

    def _put(self, work: Work) -> None:
        if self._closing:
            raise LogUnavailable("the log is closed")
        self._arrived.append(work)
        if len(self._arrived) == 1:
            # the thread is woken once for all that comes in this turn of the loop: few large transactions, not many
            self._loop.call_soon(self._hand_over)

    def _hand_over(self) -> None:
        with self._ready:
            self._queue.extend(self._arrived)
            self._arrived.clear()
            if self._closing or not self._enough or self._waiting() >= self._enough:
                self._ready.notify()

    def _waiting(self) -> int:
        """Appends that wait for the thread; asked under the lock."""
        return sum([len(work.appends) for work in self._queue])

    def _look(self) -> None:
        """A disk that hangs answers nobody: let the waiting ones go in time."""
        self._watch = None
        with self._ready:
            waiting = [*self._serving, *self._queue]
        for work in waiting:
            if work.appends and not work.settled and self._loop.time() - work.since > PATIENCE:
                self.trouble = f"the disk of {self._path} has not answered for {PATIENCE:.0f} s"
                self._settle(work, LogUnavailable(self.trouble))
        if self._bytes:
            self._watch = self._loop.call_later(0.5, self._look)

    # in the loop, told by the thread

    def _done(self, results: Sequence[tuple[Work, Any]], fresh: list[Stored], requeued: set[int]) -> None:
        size = sum([work.size for work, _ in results])
        for work, result in results:
            self._settle(work, result)
        self._bytes -= size
        if fresh or requeued:
            self._hooks.committed(fresh, size, requeued)

    def _settle(self, work: Work, result: Any) -> None:
        if work.settled:
            return
        work.settled = True
        try:
            work.settle(result)
        except Exception as error:  # the others are none the worse
            self._loop.call_exception_handler({"message": "a caller of the log failed", "exception": error})

    def _over(self) -> None:
        """The thread has ended, or nobody waits for it any more."""
        self._closing = True
        if self._watch is not None:
            self._watch.cancel()
        if not self._ended.done():
            self._ended.set_result(None)
        left = [*self._serving, *self._kept, *self._queue, *self._arrived]
        self._done([(work, LogUnavailable("the log is closed")) for work in left], [], set())

    # in the thread

    def _run(self) -> None:
        try:
            while True:
                batch = self._next()
                if batch is None:
                    break
                if batch:
                    self._serve(batch)
                elif self._connection is not None:
                    self._checkpoints.rest(self._connection)
                    self._look_at_checkpoints()
            self._checkpoints.end()
            if self._connection is not None:
                self._checkpoints.now(self._connection)
        finally:
            self._disconnect()
            self._loop.call_soon_threadsafe(self._over)

    def _next(self) -> list[Work] | None:
        """What waits now; [] when there is time for other work; None at the end.

        Under load each batch has what came during the one before, and no request waits without load.
        """
        with self._ready:
            self._serving = ()
            while not self._queue:
                if self._closing:
                    self._serving, self._kept = self._kept, []
                    return list(self._serving) or None
                if self._kept:
                    self._ready.wait(AGAIN)
                    break
                due = self._connection is not None and self._checkpoints.due
                if not self._ready.wait(0.02 if due else None) and due:
                    return []
            self._wait_for_more()
            batch, self._kept = self._kept, []
            appends = size = 0
            while self._queue and appends < BATCH and size < BATCH_BYTES:
                work = self._queue.popleft()
                appends += len(work.appends)
                size += work.size
                batch.append(work)
            self._appends, self._size, self._serving = appends, size, batch
            return batch

    def _wait_for_more(self) -> None:
        """Under load, for a moment: what is half a batch then is as dear as a whole one."""
        if self._appends < BUSY:
            return
        self._enough, end = self._appends // 2, time.monotonic() + WINDOW
        while self._waiting() < self._enough and not self._closing and (left := end - time.monotonic()) > 0:
            self._ready.wait(left)
        self._enough = 0

    def _serve(self, batch: list[Work]) -> None:
        results: list[tuple[Work, Any]] = []
        works = []
        for work in batch:
            if work.appends and work.settled:
                results.append((work, None))  # given up meanwhile
            else:
                works.append(work)
        appended = Appended()
        try:
            if not self._room.check(self._spare):
                refused = LogUnavailable(f"the disk of {self._path} is nearly full; free some space")
                results += [(work, refused) for work in works if work.appends]
                works = [work for work in works if not work.appends]
                self.trouble = str(refused)
            written, appended = self._write(works)
            results += written
            for work, result in written:
                if work.synced is not None and not isinstance(result, Exception):
                    with suppress(Exception):  # who waits is told in the loop, too
                        work.synced(result)
            if not self._room.low:
                self.trouble = ""
        except Exception as error:
            self._give_up(error)
            unavailable = LogUnavailable(f"the log {self._path} cannot be written: {error}")
            self.trouble = str(unavailable)
            results += [(work, unavailable) for work in works if not work.keep or self._closing]
            if not self._closing:
                self._kept = [work for work in works if work.keep]
        self._loop.call_soon_threadsafe(self._done, results, appended.fresh, appended.requeued)
        if self._connection is not None and self._appender is not None:
            try:
                self._appender.tend()
            except Exception as error:
                self._give_up(error)
                self.trouble = f"the log {self._path} cannot be written: {error}"
                return
            self._checkpoints.beside(self._connection, self._size)
        self._look_at_checkpoints()

    def _look_at_checkpoints(self) -> None:
        if self._checkpoints.trouble:
            self.trouble, self._checkpoints.trouble = self._checkpoints.trouble, ""

    def _write(self, works: Sequence[Work]) -> tuple[list[tuple[Work, Any]], Appended]:
        """All in one transaction; if one of them is bad, each in its own, so that only the bad one fails."""
        connection, appender = self._connect()
        appends = [append for work in works for append in work.appends]
        appender.compress(appends)
        if all(work.appends for work in works):
            try:
                appended = appender.at_once(appends)
            except Exception as error:
                if is_not_now(error):
                    raise
                appended = None  # one of them is bad
            if appended is not None:
                return list(each(works, appended)), appended
        connection.execute("BEGIN IMMEDIATE")
        try:
            outcome = self._together(connection, appender, works)
        except Exception as error:
            if is_not_now(error):
                raise
            self._rollback()
            appender.forget()
            connection.execute("BEGIN IMMEDIATE")
            outcome = self._singly(connection, appender, works)
        connection.execute("COMMIT")
        return outcome

    def _together(
        self, connection: sqlite3.Connection, appender: Appender, works: Sequence[Work]
    ) -> tuple[list[tuple[Work, Any]], Appended]:
        appends = [append for work in works for append in work.appends]
        appended = Appended()
        if appends:
            now = int(self._hooks.clock() * 1_000_000)
            appended = appender.write(appends, now)
        results: list[tuple[Work, Any]] = list(each(works, appended))
        results += [(work, work.change(connection)) for work in works if work.change is not None]
        if any(work.forgets for work in works):
            appender.forget()
        return results, appended

    def _singly(
        self, connection: sqlite3.Connection, appender: Appender, works: Sequence[Work]
    ) -> tuple[list[tuple[Work, Any]], Appended]:
        results: list[tuple[Work, Any]] = []
        total = Appended()
        for work in works:
            connection.execute("SAVEPOINT one")
            try:
                result, one = self._together(connection, appender, [work])
            except Exception as error:
                if is_not_now(error):
                    raise
                connection.execute("ROLLBACK TO one")
                appender.forget()
                results.append((work, error if isinstance(error, HubError) else cannot_keep(error)))
            else:
                results += result
                total.fresh += one.fresh
                total.requeued |= one.requeued
            connection.execute("RELEASE one")
        return results, total

    def _spare(self) -> int:
        """Bytes of pages in the file that hold nothing."""
        connection, _ = self._connect()
        pages, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("freelist_count", "page_size"))
        return int(pages) * int(size)

    def _connect(self) -> tuple[sqlite3.Connection, Appender]:
        if self._connection is None or self._appender is None:
            if not self._path.exists():
                raise LogError("the file is gone")
            self._connection = connect(self._path)
            self._appender = Appender(self._connection)
        return self._connection, self._appender

    def _give_up(self, error: Exception) -> None:
        """After a failed transaction. What SQLite thinks of the file after an I/O error is not to be trusted."""
        code = code_of(error)
        if code == sqlite3.SQLITE_FULL:
            self._room.give_up()
        try:
            self._rollback()
            if self._appender is not None:
                self._appender.forget()
        except sqlite3.Error:
            self._disconnect()
        if code not in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY):
            self._disconnect()

    def _rollback(self) -> None:
        # a full file system makes SQLite roll back by itself, other errors leave it open
        if self._connection is not None and self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _disconnect(self) -> None:
        connection, self._connection, self._appender = self._connection, None, None
        if connection is not None:
            try:
                connection.close()
            except sqlite3.Error as error:
                self.trouble = f"{self._path} could not be closed: {error}"
