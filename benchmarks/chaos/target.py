"""An HTTP target that keeps what it answered 200, and can misbehave in every way that targets do."""

from __future__ import annotations

import asyncio
import hashlib
import random
import socket
import struct
from collections import Counter
from typing import Literal

from benchmarks.chaos.numbers import Numbers

Behaviour = Literal["good", "down", "slow", "fails", "reset", "garbage", "late"]
GARBAGE = (
    b"\x16\x03\x01 this is no HTTP\r\n\r\n",
    b"HTTP/1.1 200\r\nContent-Length: -5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nnonsense\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\ncut short",
    b"HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n" + b"X-Filler: " + b"y" * 200_000 + b"\r\n\r\n",
)
ENDLESS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + b"z" * 65536 + b"\r\n") * 320
"""A good answer whose body is 20 MiB, twice of what the hub reads."""


class Target:
    """One target. got: how often each number was answered 200; altered: numbers that came with other bytes.

    delay: seconds before a slow answer; late: seconds before a late one.
    """

    def __init__(self, numbers: Numbers, behaviour: Behaviour = "good", delay: float = 1.0, late: float = 60.0) -> None:
        self.behaviour: Behaviour = behaviour
        self.got: Counter[int] = Counter()
        self.altered: set[int] = set()
        self.asked = 0
        self.port = 0
        self._numbers = numbers
        self._waits: dict[str, float] = {"slow": delay, "late": late}
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._random = random.Random(numbers.seed)

    async def start(self) -> None:
        """Listen, on the port that it had before; a target that is down has one and does not listen on it."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=1024, limit=1 << 20)
        self.port = self._server.sockets[0].getsockname()[1]
        if self.behaviour == "down":
            await self.stop()

    async def stop(self) -> None:
        """Close the listening socket and every connection."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._server = None

    async def turn(self, behaviour: Behaviour) -> None:
        """Behave in another way from now on."""
        before, self.behaviour = self.behaviour, behaviour
        if behaviour == "down":
            await self.stop()
        elif before == "down":
            await self.start()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(writer)
        self._tasks.add(task)
        try:
            while await self._answer(reader, writer):
                pass
        except (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(writer)
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; is the connection of use after it?"""
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        body = await reader.readexactly(int(head.partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0]))
        self.asked += 1
        behaviour = self.behaviour
        if behaviour == "reset":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
            return False
        if behaviour == "garbage":
            writer.write(self._random.choice((*GARBAGE, ENDLESS)))
            await writer.drain()
            return False
        if behaviour == "fails":
            writer.write(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return True
        await asyncio.sleep(self._waits.get(behaviour, 0.0))
        delivery = head.partition(b"\r\nx-github-delivery: ")[2].partition(b"\r\n")[0].decode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        self._keep(self._numbers.number(delivery), body)
        return True

    def _keep(self, number: int | None, body: bytes) -> None:
        number = -1 if number is None else number
        self.got[number] += 1
        if number < 0 or hashlib.sha256(body).digest() != self._numbers.digest(number):
            self.altered.add(number)
