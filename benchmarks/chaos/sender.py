"""The sender: a platform that knows which of its events were answered 200, and sends the others again."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import count

from benchmarks.chaos.numbers import Numbers

PATIENCE = 90.0
"""Seconds that the platform waits for an answer."""
AGAIN = 0.05
"""Seconds until a client tries again after a 503 or a broken connection."""


@dataclass
class Ledger:
    """What the sender knows. answered: number -> when its 200 was read (monotonic ns); sent: every number that left;
    owed: sent, and to be sent again; statuses: of all answers; broken: requests without an answer; slowest: seconds of
    the slowest answer by status; impolite: 503 without Retry-After."""

    answered: dict[int, int] = field(default_factory=dict)
    sent: set[int] = field(default_factory=set)
    owed: deque[int] = field(default_factory=deque)
    statuses: Counter[int] = field(default_factory=Counter)
    duplicates: int = 0
    broken: int = 0
    slowest: dict[int, float] = field(default_factory=dict)
    impolite: int = 0


class Sender:
    """Sends to one hub. ledger: what was sent and answered, over all its restarts."""

    def __init__(self, port: int, numbers: Numbers) -> None:
        self.numbers = numbers
        self.ledger = Ledger()
        self._port = port
        self._next = count(1)
        self._stopping = False

    @contextlib.asynccontextmanager
    async def load(self, clients: int, rate: float | None = None) -> AsyncIterator[Ledger]:
        """So many connections send as fast as they are answered, or `rate` a second in all, until the block ends."""
        self._stopping = False
        pause = clients / rate if rate else 0.0
        tasks = [asyncio.create_task(self._client(pause, start=pause * index / clients)) for index in range(clients)]
        try:
            yield self.ledger
        finally:
            self._stopping = True
            await asyncio.gather(*tasks)

    async def settle(self) -> None:
        """Send again what is owed, until all of it is answered 200."""
        async with asyncio.timeout(120), asyncio.TaskGroup() as group:
            for _ in range(min(8, len(self.ledger.owed))):
                group.create_task(self._client(0.0, settle=True))

    async def _client(self, pause: float, start: float = 0.0, settle: bool = False) -> None:
        """One connection after another; each has one request under way."""
        ledger = self.ledger
        await asyncio.sleep(start)
        while not self._stopping or (settle and ledger.owed):
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            except OSError:
                await asyncio.sleep(AGAIN)
                continue
            try:
                while not self._stopping or (settle and ledger.owed):
                    if settle and not ledger.owed:
                        return
                    began = time.monotonic()
                    number = ledger.owed.popleft() if ledger.owed else next(self._next)
                    status, last = await self._send(number, reader, writer)
                    if status != 200:
                        ledger.owed.append(number)
                        await asyncio.sleep(AGAIN)
                    await asyncio.sleep(max(0.0, began + pause - time.monotonic()))
                    if last:
                        break
            except (OSError, EOFError, TimeoutError):
                await asyncio.sleep(AGAIN)
            finally:
                writer.close()

    async def _send(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[int, bool]:
        """The status, and whether the hub closes the connection after it."""
        ledger = self.ledger
        ledger.sent.add(number)
        began = time.monotonic()
        try:
            writer.write(self.numbers.request(number))
            async with asyncio.timeout(PATIENCE):
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
                body = await reader.readexactly(length)
        except (OSError, EOFError, TimeoutError):
            ledger.broken += 1
            ledger.owed.append(number)
            raise
        status = int(head[9:12])
        if status == 200:
            ledger.answered.setdefault(number, time.monotonic_ns())
            ledger.duplicates += b'"duplicate"' in body
        ledger.statuses[status] += 1
        ledger.slowest[status] = max(ledger.slowest.get(status, 0.0), time.monotonic() - began)
        ledger.impolite += status == 503 and b"\r\nretry-after: " not in head
        return status, b"\r\nconnection: close" in head
