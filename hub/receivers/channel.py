"""The line between the hub and one receiver: messages in both directions over a pair of sockets."""

from __future__ import annotations

import asyncio
import marshal
import socket
from collections.abc import Callable
from struct import Struct
from typing import Any, NamedTuple

import structlog

from hub.retry import reason_of

LENGTH = Struct("<I")
PACKET = 1 << 16
"""Bytes of the longest packet."""
READ = 1 << 18
"""Bytes read at once."""
MUCH = 1 << 20
"""Bytes that the other side has not taken, beyond which what nobody waits for is not sent."""


class Line(NamedTuple):
    """One end of it. messages: between the loops of both processes; groups: between the receiver and the thread that
    writes the hub's log, to which go groups of requests and from which come their answers, each in one packet."""

    messages: socket.socket
    groups: socket.socket

    def close(self) -> None:
        """Both."""
        self.messages.close()
        self.groups.close()


def make_line() -> tuple[Line, Line]:
    """Both ends."""
    pairs = socket.socketpair(), socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours, theirs = (Line(*ends) for ends in zip(*pairs, strict=True))
    for end in (ours.groups, theirs.groups):
        end.setblocking(False)
    return ours, theirs


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
        self._unread = bytearray()
        self._open = True
        self._loop.add_reader(sock, self._read)

    @property
    def clogged(self) -> bool:
        """Does the other side take less than it is sent?"""
        return len(self._unsent) > MUCH

    def send(self, *message: Any, at_once: bool = False) -> None:
        """What is sent in one turn of the loop goes in one piece, at its end; to an end that is gone it goes nowhere.

        at_once: now, with what waits: the other side can begin with it.
        """
        self._waiting.append(message)
        if at_once:
            self._flush()
        elif len(self._waiting) == 1:
            self._loop.call_soon(self._flush)

    def close(self) -> None:
        """Send what was to be sent, as far as that is possible now, and end."""
        self._flush()
        if self._open:
            self._open = False
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._socket.close()

    def _read(self) -> None:
        try:
            data = self._socket.recv(READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._waiting.clear()
            self.close()
            self._lost()
            return
        if not self._unread:
            self._unread += data[self._dispatched(data) :]
        else:
            self._unread += data
            if _ends(self._unread, 0) is not None:
                whole = bytes(self._unread)
                del self._unread[: self._dispatched(whole)]

    def _dispatched(self, data: bytes) -> int:
        """Hand over what is whole; how many bytes that was."""
        start = 0
        while (end := _ends(data, start)) is not None:
            for message in marshal.loads(memoryview(data)[start + LENGTH.size : end]):  # noqa: S302  # of our own program
                try:
                    self._take(*message)
                except (Exception, SystemExit) as error:  # the messages behind it are none the worse
                    text = f"a message of kind {message[0]} could not be taken: {reason_of(error)}"
                    structlog.get_logger("hub").error("warning", text=text)
            start = end
        return start

    def _flush(self) -> None:
        messages, self._waiting = self._waiting, []
        if not messages or not self._open:
            return
        piece = marshal.dumps(messages)
        piece = LENGTH.pack(len(piece)) + piece
        sent = 0 if self._unsent else self._sent(piece)
        if sent < len(piece):
            self._unsent += memoryview(piece)[sent:]
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


def _ends(data: bytes | bytearray, start: int) -> int | None:
    """Where the piece that begins there ends; None if that is not there yet."""
    if len(data) - start < LENGTH.size:
        return None
    end: int = start + LENGTH.size + LENGTH.unpack_from(data, start)[0]
    return end if end <= len(data) else None
