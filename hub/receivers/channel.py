"""The line between the hub and one receiver: messages in both directions over a pair of sockets."""

from __future__ import annotations

import asyncio
import marshal
from collections.abc import Callable
from struct import Struct
from typing import Any, cast

LENGTH = Struct("<I")
GROUP = 16
"""Messages that do not wait for the end of the loop's turn: the other side can begin with them."""


class Channel(asyncio.Protocol):
    """Both ends run the same program, and are the same user's: `marshal` is enough, and the fastest.

    take: called with the parts of each message, in order; lost: called once when the other side is gone.
    """

    def __init__(self, take: Callable[..., None], lost: Callable[[], None]) -> None:
        self._take = take
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiting: list[tuple[Any, ...]] = []
        self._unread = b""

    def send(self, *message: Any) -> None:
        """What is sent in one turn of the loop goes in few pieces; to an end that is gone it goes nowhere."""
        self._waiting.append(message)
        if len(self._waiting) == 1:
            self._loop.call_soon(self._flush)
        elif len(self._waiting) >= GROUP:
            self._flush()

    def _flush(self) -> None:
        messages, self._waiting = self._waiting, []
        if messages and self._transport is not None and not self._transport.is_closing():
            written = marshal.dumps(messages)
            self._transport.write(LENGTH.pack(len(written)) + written)

    def close(self) -> None:
        """After what was sent."""
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by its class

    def data_received(self, data: bytes) -> None:
        data = self._unread + data if self._unread else data
        start = 0
        while len(data) - start >= LENGTH.size:
            end = start + LENGTH.size + LENGTH.unpack_from(data, start)[0]
            if end > len(data):
                break
            for message in marshal.loads(memoryview(data)[start + LENGTH.size : end]):  # noqa: S302  # of our own process
                self._take(*message)
            start = end
        self._unread = data[start:]

    def connection_lost(self, error: Exception | None) -> None:
        self._lost()
