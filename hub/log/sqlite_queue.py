"""What waits for the thread that writes to the SQLite log, what wakes it, and how it tells the loop."""

from __future__ import annotations

import asyncio
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from hub.log.base import Intake
from hub.log.sqlite_files import MIB
from hub.log.sqlite_work import Make, Work

BATCH = 256
"""The most appends in one transaction."""
BATCH_BYTES = 16 * MIB
"""No further append joins a transaction of this size."""


class Queue:
    """The running loop puts works into it; the thread takes them out, and takes groups from intakes by itself."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._works: deque[Work] = deque()
        self._intakes: list[tuple[Intake, Make]] = []
        self._selector = selectors.DefaultSelector()
        self._bell, self._rung = socket.socketpair()
        for end in (self._bell, self._rung):
            end.setblocking(False)
        self._selector.register(self._rung, selectors.EVENT_READ)
        self.held = 0
        """Bytes of memory that the appends take which wait or are being written."""

    # in the loop

    def put(self, works: Sequence[Work]) -> None:
        """Wakes the thread."""
        with self._lock:
            self._works.extend(works)
        self.ring()

    def ring(self) -> None:
        """Wake the thread, if it still runs."""
        with suppress(OSError):  # as often as can be rung at once, or the thread has ended
            self._bell.send(b"\0")

    def hold(self, size: int) -> None:
        """Count bytes; negative ones are let go."""
        with self._lock:
            self.held += size

    def attend(self, intake: Intake, make: Make) -> None:
        """From now on the thread takes groups from there."""
        self._intakes.append((intake, make))
        self._selector.register(intake, selectors.EVENT_READ, make)

    @property
    def attends(self) -> bool:
        """Is there an intake?"""
        return bool(self._intakes)

    def take(self) -> None:
        """Take from all intakes, in the stead of a thread that hangs."""
        for intake, make in self._intakes:
            self._take(intake, make)

    def waiting(self) -> list[Work]:
        """All works that are in it."""
        with self._lock:
            return list(self._works)

    def clear_settled(self) -> None:
        """Let go of works for which nobody waits any more."""
        with self._lock:
            self.held -= sum([work.size for work in self._works if work.settled])
            self._works = deque([work for work in self._works if not work.settled])

    # in the thread

    def wait(self, timeout: float | None) -> bool:
        """Until a work is there, or something else woke it; is one there?"""
        for key, _ in self._selector.select(timeout):
            if key.fileobj is self._rung:
                with suppress(BlockingIOError):
                    self._rung.recv(4096)
            elif not self._take(key.fileobj, key.data):  # type: ignore[arg-type]  # what was registered
                self._selector.unregister(key.fileobj)
        return bool(self._works)

    def batch(self) -> list[Work]:
        """What is there, or as much of it as one transaction takes."""
        batch: list[Work] = []
        appends = size = 0
        with self._lock:
            while self._works and appends < BATCH and size < BATCH_BYTES:
                work = self._works.popleft()
                appends += len(work.appends)
                size += work.size
                batch.append(work)
        return batch

    def tell(self, callback: Callable[..., Any], *arguments: Any) -> None:
        """Have it called in the loop."""
        with suppress(RuntimeError):  # the loop is closed: it did not wait for a disk that hangs
            self._loop.call_soon_threadsafe(callback, *arguments)

    def close(self) -> None:
        """At the thread's end."""
        self._selector.close()
        self._bell.close()
        self._rung.close()

    def _take(self, intake: Intake, make: Make) -> bool:
        """Take what is there, unless much waits already; False if nothing will come any more."""
        while len(self._works) < BATCH:
            try:
                group = intake.take()
            except EOFError:
                return False
            except Exception as error:  # the thread has others to serve
                context = {"message": "an intake of the log failed", "exception": error}
                self.tell(self._loop.call_exception_handler, context)
                return False
            if group is None:
                return True
            try:
                work = Work.of(group, make)
            except Exception as error:  # what comes behind it is none the worse
                self.tell(group.done, error)
                continue
            with self._lock:
                self._works.append(work)
                self.held += work.size
        return True
