"""Groups of requests that one receiver hands over to the log, and how they are answered."""

from __future__ import annotations

import marshal
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

from hub.answers import not_kept
from hub.core import all_known
from hub.errors import LogUnavailable
from hub.log.base import Group, Stored
from hub.receivers.channel import PACKET
from hub.receivers.receiver import ACCEPTED, Known
from hub.source import Outcome
from hub.telemetry import Telemetry


class Groups:
    """Those of one receiver, as the log takes them (see `hub.log.base.Intake`).

    sock: on which they come in and are answered; send: a message to the receiver; decided: another answer to a group.
    """

    def __init__(
        self,
        sock: socket.socket,
        telemetry: Telemetry,
        send: Callable[..., None],
        decided: Callable[[int, Outcome], None],
    ) -> None:
        self.telemetry = telemetry
        self.send = send
        self.decided = decided
        self._socket = sock

    def fileno(self) -> int:
        """See `Intake`."""
        return self._socket.fileno()

    def take(self) -> Group | None:
        """See `Intake`. Raises: EOFError"""
        try:
            packet = self._socket.recv(PACKET)
        except BlockingIOError:
            return None
        except OSError:
            packet = b""
        if not packet:
            raise EOFError
        return self.group(*marshal.loads(packet))  # noqa: S302  # of our own program

    def group(self, number: int, name: str, method: str, began: Sequence[float], ready: Sequence[Any]) -> Group:
        """What a receiver says of requests of one source. began: when each of them was there, in seconds."""
        handed = Handed(self, number, name, method, began)
        return Group(ready, handed.settled, handed.synced)

    def tell(self, number: int, known: Known) -> bool:
        """Have a group answered without the loop; False if that is not possible."""
        try:
            return self._socket.send(marshal.dumps((number, known))) > 0
        except OSError:  # it is full, or the receiver is gone
            return False


class Handed:
    """One group, until it is answered."""

    __slots__ = ("_began", "_groups", "_method", "_name", "_number", "_told")

    def __init__(self, groups: Groups, number: int, name: str, method: str, began: Sequence[float]) -> None:
        self._groups = groups
        self._number = number
        self._name = name
        self._method = method
        self._began = began
        self._told = False

    def synced(self, kept: list[list[Stored]]) -> None:
        """See `Group`. In the log's thread: two changes of thread sooner than by the loop."""
        self._told = self._groups.tell(self._number, _known(kept))

    def settled(self, kept: list[list[Stored]] | Exception) -> None:
        """See `Group`. In the loop."""
        groups, now = self._groups, time.perf_counter()
        took = [now - one for one in self._began]
        if isinstance(kept, LogUnavailable):
            outcome = not_kept(kept)
            groups.telemetry.all_answered(self._name, self._method, outcome, [()] * len(took), took)
            groups.decided(self._number, outcome)
        elif isinstance(kept, Exception):
            groups.send("again", self._number)
        else:
            groups.telemetry.all_answered(self._name, self._method, ACCEPTED, kept, took)
            if not self._told:
                groups.send("kept", self._number, _known(kept))


def _known(kept: Sequence[list[Stored]]) -> Known:
    return {place: (stored[0].event.id, all_known(stored)) for place, stored in enumerate(kept) if stored[0].duplicate}
