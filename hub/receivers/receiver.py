"""What runs in a receiver's process: the webhook listener, before something that stands for the hub."""

from __future__ import annotations

import asyncio
import ctypes
import marshal
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, NamedTuple

import structlog

from hub.answers import accepted
from hub.config import Config, SourceConfig
from hub.errors import KeyNeeded, Unreadable
from hub.event import Event
from hub.log import open_log
from hub.log.codec import flatten, to_micros
from hub.process import loop_factory, settle_memory
from hub.receivers.channel import PACKET, Channel, Line
from hub.request import Request
from hub.retry import reason_of
from hub.source import Outcome, Source
from hub.web.listener import Listener, tell_unanswered
from hub.web.webhooks import Webhooks

PR_SET_PDEATHSIG = 1
"""https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html"""

LARGE = 64 * 1024
"""Bytes of a body that goes to the hub alone: pieces of many of them would be in memory several times."""
ACCEPTED = Outcome(accepted=True, status=200, stage="accepted")
Known = dict[int, tuple[str, bool]]
"""By place in a group, of requests whose first event the log had already: its id, and if it had all of them."""
GROUP = 16
"""Requests that are read and handed over together, before the end of the loop's turn: the hub can begin with them."""


def run(config: Config, sock: socket.socket, line: Line, share: float, parent: int) -> None:
    """Receive on a socket until the hub says so, or is gone. parent: the hub's process id."""
    _end_with(parent)
    # one Ctrl-C reaches every process of a terminal: the hub says when this one ends
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_receive(config, sock, line, share))
    except Exception as error:
        structlog.get_logger("hub").error("warning", text=f"a receiver cannot go on: {reason_of(error)}")
        sys.exit(1)


async def _receive(config: Config, sock: socket.socket, line: Line, share: float) -> None:
    receiver = Receiver(config, _gone)
    await receiver.connect(line)
    listener = Listener(Webhooks(receiver, share), sock, config.server)
    listening = asyncio.create_task(listener.run())
    # if it cannot listen this process ends, and the hub takes over
    listening.add_done_callback(lambda done: receiver.stopped.set())
    while not listener.started and not listening.done():
        await asyncio.sleep(0.002)
    settle_memory()
    if not listening.done():
        receiver.ready()
    await receiver.stopped.wait()
    listener.should_exit = True
    await listening
    receiver.close()


def _end_with(parent: int) -> None:
    """Whatever ends the hub ends this process too, or it would keep the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


class Asked(NamedTuple):
    """A request to a source, and who waits for its answer. began: when it was there, in seconds."""

    name: str
    request: Request
    answer: Callable[[Outcome], None]
    began: float


class Waiting(NamedTuple):
    """Requests that the hub has. firsts: the ids of their first events, of those that were read here."""

    asked: Sequence[Asked]
    firsts: Sequence[str] = ()


NOBODY = Waiting(())


class Receiver:
    """Stands for the hub before the webhook listener (see `hub.web.webhooks.Receives`).

    gone: called when the hub is.
    """

    def __init__(self, config: Config, gone: Callable[[], None]) -> None:
        self.config = config
        self._gone = gone
        self.public_url: str | None = None
        self.stopped = asyncio.Event()
        self._names = frozenset(source.name for source in config.sources)
        self._sources: dict[str, Source] = {}
        self._log = open_log(config.log.url, config.folder)
        self._numbers = count()
        self._arrived: list[Asked] = []
        self._waiting: dict[int, Waiting] = {}
        self._health: list[asyncio.Future[bool]] = []
        self._loop = asyncio.get_running_loop()
        self._started: asyncio.Future[None] = self._loop.create_future()
        self._channel: Channel
        self._kinds: dict[str, Callable[..., None]] = {
            "go": self._go,
            "leave": self._leave,
            "kept": self._kept,
            "decided": self._decided,
            "again": self._again,
            "healthy": self._healthy,
            "stop": self.stopped.set,
        }

    async def connect(self, line: Line) -> None:
        """Done when the hub has said what is to be received."""
        self._channel = Channel(line.messages, self._take, self._gone)
        self._socket = line.groups
        self._loop.add_reader(line.groups, self._read_answers)
        await self._started

    def ready(self) -> None:
        """Tell the hub that requests are taken."""
        self._channel.send("ready")

    def close(self) -> None:
        """Send what is left to be sent."""
        self._read_all()
        self._loop.remove_reader(self._socket)
        self._socket.close()
        self._channel.close()

    def receive_soon(self, name: str, request: Request, answer: Callable[[Outcome], None]) -> None:
        """See `Hub.receive_soon`."""
        arrived = self._arrived
        arrived.append(Asked(name, request, answer, time.perf_counter()))
        if len(arrived) == GROUP or len(request.body) > LARGE:
            self._read_all()
        elif len(arrived) == 1:
            self._loop.call_soon(self._read_all)

    async def receive(self, name: str, request: Request) -> Outcome:
        """See `Hub.receive`."""
        answered: asyncio.Future[Outcome] = self._loop.create_future()
        self.receive_soon(name, request, answered.set_result)
        return await answered

    def refused_early(self, name: str, method: str, outcome: Outcome) -> None:
        """See `Hub.refused_early`. What strangers make without waiting for it is not told to a hub that is behind."""
        if self._channel.clogged:
            return
        name = name if name in self._names else ""
        self._channel.send("refused", name, method, outcome.status, outcome.stage, outcome.reason, outcome.detail)

    async def writable(self) -> bool:
        """See `Hub.writable`."""
        answered: asyncio.Future[bool] = self._loop.create_future()
        self._health.append(answered)
        self._channel.send("health")
        return await answered

    def _read_all(self) -> None:
        """Verify, read and prepare what has arrived, each step for all of it before the next one.

        Request by request costs a sixth more: each step's code has left the processor's caches until it comes again.
        """
        arrived, self._arrived = self._arrived, []
        proven = [one for one in arrived if self._is_proven(one)]
        read = [(one, events) for one in proven if (events := self._events_of(one))]
        if not read:
            return
        try:
            ready = self._log.prepare([(one.request, events) for one, events in read])
        except Exception:  # one of them can never be kept: the hub tells of that, as of a bug
            for one, _ in read:
                self._decide(one)
            return
        groups: dict[tuple[str, str], list[tuple[Asked, str, Any]]] = {}
        for (one, events), row in zip(read, ready, strict=True):
            groups.setdefault((one.name, one.request.method), []).append((one, events[0].id, row))
        for (name, method), group in groups.items():
            self._hand_over(name, method, group)

    def _is_proven(self, one: Asked) -> bool:
        source = self._sources.get(one.name)
        try:
            if source is not None and source.proves(one.request):
                return True
        except KeyNeeded:
            pass
        self._decide(one)
        return False

    def _events_of(self, one: Asked) -> Sequence[Event]:
        try:
            events = self._sources[one.name].read(one.request)
        except Unreadable:
            events = ()
        if not events:
            self._decide(one)
        return events

    def _hand_over(self, name: str, method: str, group: Sequence[tuple[Asked, str, Any]]) -> None:
        """Requests of one source and method: they are kept and answered together."""
        asked, firsts, ready = zip(*group, strict=True)
        number, began = next(self._numbers), [one.began for one in asked]
        self._waiting[number] = Waiting(asked, firsts)
        if not self._sent(marshal.dumps((number, name, method, began, ready))):
            self._channel.send("keep", number, name, method, began, ready, at_once=True)

    def _sent(self, packet: bytes) -> bool:
        """Does the log's thread get it? What it does not goes by the hub's loop."""
        try:
            return len(packet) <= PACKET and self._socket.send(packet) > 0
        except OSError:  # it has many already; or the hub is gone, of which the channel tells
            return False

    def _decide(self, asked: Asked) -> None:
        """The hub is to decide."""
        request, number = asked.request, next(self._numbers)
        request.let_go()
        self._waiting[number] = Waiting([asked])
        large = len(request.body) > LARGE
        self._channel.send("decide", number, asked.name, to_micros(request.received), flatten(request), at_once=large)

    # what the hub says

    def _take(self, kind: str, *parts: Any) -> None:
        self._kinds[kind](*parts)

    def _go(self, public_url: str | None, names: list[str]) -> None:
        self.public_url = public_url
        self._sources = {one.name: _bound(one) for one in self.config.sources if one.name in names}
        self._started.set_result(None)

    def _leave(self, name: str) -> None:
        self._sources.pop(name, None)

    def _read_answers(self) -> None:
        try:
            while answer := self._socket.recv(PACKET):
                self._kept(*marshal.loads(answer))  # noqa: S302  # of our own program
        except BlockingIOError:
            return
        self._loop.remove_reader(self._socket)  # the hub is gone, of which the channel tells

    def _kept(self, number: int, known: Known) -> None:
        asked, firsts = self._pop(number)
        for place, (one, first) in enumerate(zip(asked, firsts, strict=True)):
            first, duplicate = known.get(place) or (first, False)
            _answer(one, accepted(ACCEPTED, first, duplicate=duplicate))

    def _decided(self, number: int, status: int, headers: dict[str, str], body: bytes) -> None:
        outcome = Outcome(accepted=status < 300, status=status, stage="decided", headers=headers, body=body)
        for one in self._pop(number).asked:
            _answer(one, outcome)

    def _again(self, number: int) -> None:
        """One of them cannot be kept: the hub decides about each."""
        for one in self._pop(number).asked:
            self._decide(one)

    def _pop(self, number: int) -> Waiting:
        """Who waits; nobody if they are answered: the hub may give up on the log at the moment that they are kept."""
        return self._waiting.pop(number, NOBODY)

    def _healthy(self, writable: bool) -> None:
        for answered in self._health:
            if not answered.done():
                answered.set_result(writable)
        self._health.clear()


def _answer(asked: Asked, outcome: Outcome) -> None:
    try:
        asked.answer(outcome)
    except Exception as error:  # the others of its group are none the worse
        tell_unanswered(error)


def _gone() -> None:
    """The hub is: what is being received would be kept by nobody."""
    os._exit(1)


def _bound(settings: SourceConfig) -> Source:
    return Source(settings.name, settings.provider, settings.options, verify=settings.verify)
