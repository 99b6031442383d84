"""The hub's side of its receivers: starts them, keeps what they read, decides what they hand over, ends them."""

from __future__ import annotations

import asyncio
import multiprocessing
import multiprocessing.process
import os
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from hub.answers import failed
from hub.config import Config, SourceConfig
from hub.core import Hub
from hub.log import open_log
from hub.log.codec import from_micros, unflatten
from hub.process import loop_factory, settle_memory
from hub.receivers.channel import Channel, Line, make_line
from hub.receivers.groups import Groups
from hub.receivers.receiver import run
from hub.retry import reason_of
from hub.source import Outcome

MOST = 4
"""The most receivers that `auto` starts: more of them read faster than one log is written."""
ENDING = 5.0
"""Seconds beyond its grace that a receiver has to end."""


def how_many(config: Config) -> int:
    """How many receivers a hub of this configuration has here."""
    if sys.platform != "linux":  # what was forked is not safe elsewhere, and would outlive the hub
        return 0
    wanted = config.server.receivers
    if wanted != "auto":
        return wanted
    processors = len(os.sched_getaffinity(0))
    return min(processors, MOST) if processors > 1 else 0


@dataclass(frozen=True, slots=True)
class Fork:
    """A receiver's process, the socket that it listens on, and the line to it."""

    process: multiprocessing.process.BaseProcess
    sock: socket.socket
    line: Line

    def end(self) -> None:
        """At once."""
        self.process.kill()
        self.process.join()
        self.line.close()


class Receivers:
    """All receivers of one hub."""

    def __init__(self, forks: Sequence[Fork]) -> None:
        self._forks = forks
        self._links: list[Link] = []

    @classmethod
    def fork(cls, config: Config, sockets: Sequence[socket.socket], others: Sequence[socket.socket]) -> Receivers:
        """A receiver for each listening socket. To be called before there are threads and loops.

        A fork has the same configuration and the same plugins without reading anything again. others: sockets that are
        none of theirs.
        """
        forks: list[Fork] = []
        receivers = cls(forks)
        _load(config)
        for sock in sockets:
            ours, theirs = make_line()
            # whatever one of them holds stays open as long as it lives
            foreign = [*others, *(one for one in sockets if one is not sock), ours, *(fork.line for fork in forks)]
            arguments = (config, sock, theirs, foreign, 1 / len(sockets), os.getpid())
            process = multiprocessing.get_context("fork").Process(target=_child, args=arguments, daemon=True)
            try:
                process.start()
            except BaseException:
                ours.close()
                receivers.end()
                raise
            finally:
                theirs.close()
            forks.append(Fork(process, sock, ours))
        return receivers

    async def start(self, hub: Hub, lost: Callable[[socket.socket], None]) -> None:
        """Done when all of them receive; from now on `hub.on_bound` is theirs.

        lost: told of a socket whose receiver has ended by itself.
        """
        hub.on_bound = self._leave
        self._links = [Link(fork, hub, lost) for fork in self._forks]
        await asyncio.gather(*(link.ready for link in self._links))

    def _leave(self, name: str) -> None:
        """The secrets of a source have changed: from now on the hub alone decides about its requests."""
        for link in self._links:
            link.send("leave", name)

    async def stop(self, grace: float) -> None:
        """Let them answer what they have received, for at most `grace` seconds."""
        for link in self._links:
            link.stop()
        await asyncio.wait([link.ended for link in self._links], timeout=grace + ENDING)

    def end(self) -> None:
        """They had their time."""
        for fork in self._forks:
            fork.end()


class Link:
    """One receiver, as the hub sees it. ready, ended: done when it receives, and when it is gone."""

    def __init__(self, fork: Fork, hub: Hub, lost: Callable[[socket.socket], None]) -> None:
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()
        self._fork = fork
        self._hub = hub
        self._lost = lost
        self._stopping = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._kinds: dict[str, Callable[..., None]] = {
            "keep": self._keep,
            "decide": self._decide,
            "refused": self._refused,
            "health": self._health,
            "ready": self._is_ready,
        }
        self._channel = Channel(fork.line.messages, self._take, self._gone)
        self._groups = Groups(fork.line.groups, hub.telemetry, self.send, self._decided)
        hub.log.attend(self._groups)
        self.send("go", hub.public_url, [one.name for one in hub.config.sources if _is_theirs(hub, one)])

    def send(self, *message: Any) -> None:
        """A message, as `Receiver` takes it."""
        self._channel.send(*message)

    def stop(self) -> None:
        """Ask it to end."""
        self._stopping = True
        if self.ended.done():  # its socket is another's now
            return
        self._fork.sock.close()
        self.send("stop")

    # what it says

    def _take(self, kind: str, *parts: Any) -> None:
        self._kinds[kind](*parts)

    def _keep(self, *parts: Any) -> None:
        self._hub.log.keep(self._groups.group(*parts))

    def _decide(self, number: int, name: str, at: int, flat: bytes) -> None:
        answer = partial(self._decided, number)
        try:
            self._hub.receive_soon(name, unflatten(flat, from_micros(at)), answer)
        except (Exception, SystemExit) as error:
            self._hub.telemetry.warn(f"a request could not be answered: {reason_of(error)}")
            answer(failed())

    def _decided(self, number: int, outcome: Outcome) -> None:
        # what a plugin gives may be of types of its own
        headers = {str(name): str(value) for name, value in outcome.headers.items()}
        self.send("decided", number, int(outcome.status), headers, bytes(outcome.body))

    def _refused(self, name: str, method: str, status: int, stage: str, reason: str, detail: str) -> None:
        outcome = Outcome(accepted=False, status=status, stage=stage, reason=reason, detail=detail)
        self._hub.refused_early(name, method, outcome)

    def _health(self) -> None:
        async def tell() -> None:
            try:
                writable = await self._hub.writable()
            except Exception:
                writable = False
            self.send("healthy", writable)

        task = asyncio.create_task(tell())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _is_ready(self) -> None:
        if not self.ready.done():
            self.ready.set_result(None)

    def _gone(self) -> None:
        self._is_ready()
        self.ended.set_result(None)
        if not self._stopping:
            self._fork.process.join(1.0)
            code = self._fork.process.exitcode
            self._hub.telemetry.warn(f"a receiver has ended ({code}): the hub's own process does its work from now on")
            self._lost(self._fork.sock)


def _load(config: Config) -> None:
    """What is there before a fork is in memory once, until it is written to, as the collector would do."""
    loop_factory()
    open_log(config.log.url, config.folder)
    settle_memory()


def _child(
    config: Config,
    sock: socket.socket,
    line: Line,
    foreign: Sequence[socket.socket | Line],
    share: float,
    parent: int,
) -> None:
    for one in foreign:
        one.close()
    run(config, sock, line, share, parent)


def _is_theirs(hub: Hub, settings: SourceConfig) -> bool:
    """Nothing but its configuration and the request decides about a request to this source."""
    return (
        settings.enabled
        # other plugins may keep something in memory, of which there is one
        and hub.plugins.origin("providers", settings.plugin).place == "built-in"
        and settings.dedupe == "id"
        and settings.provider.answer is None
        and hub.sources[settings.name].options == settings.options
    )
