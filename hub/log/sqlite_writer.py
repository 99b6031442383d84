"""The one thread that writes to the SQLite log: whatever waits becomes one transaction, synced to disk once."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from hub.errors import HubError, LogError, LogUnavailable
from hub.log.base import Intake, Stored
from hub.log.sqlite_append import Appended, Appender, cannot_keep
from hub.log.sqlite_checkpoint import Checkpoints
from hub.log.sqlite_files import MIB, Room, code_of, connect, is_not_now
from hub.log.sqlite_queue import Queue
from hub.log.sqlite_work import Make, Work, each, settle

T = TypeVar("T")

WAITING_BYTES = 128 * MIB
"""No further append may wait beside this."""
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
    """Made in the running loop. Called from outside, in that loop: `append`, `attend`, `change` and `close`."""

    def __init__(self, path: Path, room: Room, hooks: Hooks) -> None:
        self._path = path
        self._room = room
        self._hooks = hooks
        self._loop = asyncio.get_running_loop()
        self._arrived: list[Work] = []
        self._queue = Queue()
        self._kept: list[Work] = []
        self._serving: Sequence[Work] = ()
        self._since = 0.0
        """When the thread began with those."""
        self._watch: asyncio.TimerHandle | None = None
        self._closing = False
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._checkpoints = Checkpoints(path)
        self.trouble = ""
        self._connection: sqlite3.Connection | None = None
        self._appender: Appender | None = None
        self._thread = threading.Thread(target=self._run, name=f"log writer {path.name}", daemon=True)
        self._thread.start()

    def append(self, work: Work) -> None:
        """Raises: LogUnavailable"""
        if not any(append.rows for append in work.appends):
            work.settle([[] for _ in work.appends])
            return
        if self._closing:
            raise LogUnavailable("the log is closed")
        if self._queue.held + work.size > WAITING_BYTES and self._queue.held:
            raise LogUnavailable("too many requests wait to be written to the log")
        self._queue.hold(work.size)
        self._put(work)
        self._keep_watch()

    def attend(self, intake: Intake, make: Make) -> None:
        """Keep the groups that come in there; the thread takes them, the loop is only told."""
        self._queue.attend(intake, make)
        self._keep_watch()

    async def change(
        self,
        change: Callable[[sqlite3.Connection], T],
        *,
        soon: bool = False,
        keep: bool = False,
        forgets: bool = False,
    ) -> T:
        """Run a function inside a transaction.

        soon: somebody waits for it as for an append: LogUnavailable after PATIENCE. keep: while the log cannot be
        written, wait; otherwise LogUnavailable. forgets: it may drop names.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        told = partial(settle, future)
        self._put(Work(told, time.monotonic(), change=change, soon=soon, keep=keep, forgets=forgets))
        if soon:
            self._keep_watch()
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
        works, self._arrived = self._arrived, []
        self._queue.put(works)

    def _keep_watch(self) -> None:
        if self._watch is None:
            self._watch = self._loop.call_later(0.5, self._look)

    def _look(self) -> None:
        """A disk that hangs answers nobody: let the waiting ones go in time."""
        self._watch, now = None, time.monotonic()
        serving = self._serving
        hangs = bool(serving) and now - self._since > PATIENCE
        if hangs:
            self._queue.take()
        waiting = [work for work in [*serving, *self._arrived, *self._queue.waiting()] if work.soon]
        for work in waiting:
            if not work.settled and (hangs or now - work.since > PATIENCE):
                self.trouble = f"the disk of {self._path} has not answered for {PATIENCE:.0f} s"
                self._settle(work, LogUnavailable(self.trouble))
        self._queue.clear_settled()
        if waiting or self._queue.attends:
            self._keep_watch()

    # in the loop, told by the thread

    def _done(self, results: Sequence[tuple[Work, Any]], fresh: list[Stored], requeued: set[int]) -> None:
        size = sum([work.size for work, _ in results])
        for work, result in results:
            self._settle(work, result)
        self._queue.hold(-size)
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
        left = [*self._serving, *self._kept, *self._queue.waiting(), *self._arrived]
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
            self._queue.close()
            self._queue.tell(self._over)

    def _next(self) -> list[Work] | None:
        """What waits now; [] when there is time for other work; None at the end.

        Under load each batch has what came during the one before, and no request waits without load.
        """
        self._serving = ()
        while not self._queue.wait(0):
            if self._closing:
                self._serving, self._kept = self._kept, []
                return list(self._serving) or None
            if self._kept:
                self._queue.wait(AGAIN)
                break
            due = self._connection is not None and self._checkpoints.due
            if not self._queue.wait(0.02 if due else None) and due:
                return []
        batch, self._kept = self._kept, []
        batch += self._queue.batch()
        self._since, self._serving = time.monotonic(), batch
        return batch

    def _serve(self, batch: list[Work]) -> None:
        results: list[tuple[Work, Any]] = []
        works = []
        for work in batch:
            if work.soon and work.settled:
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
        self._queue.tell(self._done, results, appended.fresh, appended.requeued)
        if self._connection is not None and self._appender is not None:
            try:
                self._appender.tend()
            except Exception as error:
                self._give_up(error)
                self.trouble = f"the log {self._path} cannot be written: {error}"
                return
            self._checkpoints.beside(self._connection, sum([work.size for work in batch]))
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
