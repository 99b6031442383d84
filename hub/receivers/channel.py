"""The line between the hub and one receiver: messages in both directions over a pair of sockets."""

from __future__ import annotations

import asyncio
import marshal
import socket
from collections.abc import Callable
from struct import Struct
from typing import Any

LENGTH = Struct("<I")
GROUP = 16
"""Messages that do not wait for the end of the loop's turn: the other side can begin with them."""
LARGEST = 1 << 18
"""Bytes read at once."""


class Channel:
    """One end. Both run the same program, and are the same user's: `marshal` is enough, and the fastest.

    A transport of the loop's would send at the end of its turn, when the other side has long been idle.
    take: called with the parts of each message, in order; lost: called once when the other side is gone.
    """

    def __init__(self, sock: socket.socket, take: Callable[..., None], lost: Callable[[], None]) -> None:
        sock.setblocking(False)
        self._socket = sock
        self._take = take
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._waiting: list[tuple[Any, ...]] = []
        self._unsent = bytearray()
        self._unread = b""
        self._open = True
        self._loop.add_reader(sock, self._read)

    def send(self, *message: Any) -> None:
        """What is sent in one turn of the loop goes in few pieces; to an end that is gone it goes nowhere."""
        self._waiting.append(message)
        if len(self._waiting) == 1:
            self._loop.call_soon(self._flush)
        elif len(self._waiting) == GROUP:
            self._flush()

    def _read(self) -> None:
        try:
            data = self._socket.recv(LARGEST) if self._open else b""
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._end()
            return
        data = self._unread + data if self._unread else data
        start = 0
        while len(data) - start >= LENGTH.size:
            end = start + LENGTH.size + LENGTH.unpack_from(data, start)[0]
            if end > len(data):
                break
            for message in marshal.loads(memoryview(data)[start + LENGTH.size : end]):  # noqa: S302  # of our own program
                self._take(*message)
            start = end
        self._unread = data[start:]

    def close(self) -> None:
        """Send what was to be sent, as far as that is possible now, and end."""
        self._flush()
        self._end()

    def _flush(self) -> None:
        messages, self._waiting = self._waiting, []
        if not messages or not self._open:
            return
        written = marshal.dumps(messages)
        written = LENGTH.pack(len(written)) + written
        if self._unsent:
            self._unsent += written
            return
        sent = self._sent(written)
        if sent < len(written):
            self._unsent += memoryview(written)[sent:]
            self._loop.add_writer(self._socket, self._resume)

    def _resume(self) -> None:
        del self._unsent[: self._sent(self._unsent)]
        if not self._unsent:
            self._loop.remove_writer(self._socket)

    def _sent(self, data: bytes | bytearray) -> int:
        """How many bytes the socket took."""
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0
        except OSError:  # the other side is gone: reading tells
            return len(data)

    def _end(self) -> None:
        if not self._open:
            return
        self._open = False
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        self._lost()
