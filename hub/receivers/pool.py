"""The hub's side of its receivers: starts them, keeps what they read, decides what they hand over, ends them."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from hub.config import Config
from hub.core import Hub, all_known, not_kept
from hub.errors import LogError, LogUnavailable
from hub.log.base import Stored
from hub.log.codec import from_micros, unflatten
from hub.receivers.channel import Channel
from hub.receivers.receiver import run
from hub.source import Outcome

MOST = 4
"""Receivers that `auto` starts: more of them read faster than one log is written."""
KEPT = Outcome(accepted=True, status=200, stage="accepted")
ENDING = 5.0
"""Seconds beyond its grace that a receiver has to end."""


def how_many(config: Config) -> int:
    """How many receivers a hub of this configuration has here."""
    if sys.platform != "linux":  # what was forked is not safe elsewhere, and would outlive the hub
        return 0
    wanted = config.server.receivers
    return min(len(os.sched_getaffinity(0)) - 1, MOST) if wanted == "auto" else wanted


class Receivers:
    """All receivers of one hub."""

    def __init__(self, links: Sequence[Link]) -> None:
        self._links = links

    @classmethod
    def fork(cls, config: Config, sockets: Sequence[socket.socket], others: Sequence[socket.socket]) -> Receivers:
        """A receiver for each listening socket. To be called before there are threads and loops.

        A fork has the same configuration and the same plugins without reading anything again. others: sockets that are
        none of theirs.
        """
        links: list[Link] = []
        for sock in sockets:
            ours, theirs = socket.socketpair()
            # whatever one of them holds stays open as long as it lives
            foreign = [*others, *(one for one in sockets if one is not sock), ours, *(link.line for link in links)]
            arguments = (config, sock, theirs, foreign, 1 / len(sockets), os.getpid())
            process = multiprocessing.get_context("fork").Process(target=_child, args=arguments, daemon=True)
            process.start()
            theirs.close()
            links.append(Link(process, sock, ours))
        return cls(links)

    async def start(self, hub: Hub, lost: Callable[[socket.socket], None]) -> None:
        """Done when all of them receive. lost: told of a socket whose receiver has ended by itself."""
        hub.on_bound = self._leave
        for link in self._links:
            link.connect(hub, lost)
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
        for link in self._links:
            link.end()


class Link:
    """One receiver, as the hub sees it. line: to it; ready, ended: done when it receives, and when it is gone."""

    def __init__(self, process: Any, sock: socket.socket, line: socket.socket) -> None:
        self.line = line
        self.ready: asyncio.Future[None]
        self.ended: asyncio.Future[None]
        self._process = process
        self._socket = sock
        self._stopping = False
        self._hub: Hub
        self._lost: Callable[[socket.socket], None]
        self._channel: Channel
        self._kinds: dict[str, Callable[..., None]] = {
            "keep": self._keep,
            "decide": self._decide,
            "refused": self._refused,
            "health": self._health,
            "ready": self._is_ready,
        }
        self._tasks: set[asyncio.Task[None]] = set()

    def connect(self, hub: Hub, lost: Callable[[socket.socket], None]) -> None:
        """Tell it to begin."""
        loop = asyncio.get_running_loop()
        self._hub, self._lost = hub, lost
        self.ready, self.ended = loop.create_future(), loop.create_future()
        self._channel = Channel(self.line, self._take, self._gone)
        self.send("go", hub.public_url, [name for name in hub.sources if _is_theirs(hub, name)])

    def send(self, *message: Any) -> None:
        """A message, as `Receiver` takes it."""
        self._channel.send(*message)

    def stop(self) -> None:
        """Ask it to end."""
        self._stopping = True
        if self.ended.done():  # its socket is another's now
            return
        self._socket.close()
        self.send("stop")

    def end(self) -> None:
        """At once."""
        self._process.kill()
        self._process.join()
        self.line.close()

    # what it says

    def _take(self, kind: str, *parts: Any) -> None:
        self._kinds[kind](*parts)

    def _keep(self, number: int, name: str, method: str, began: float, ready: Any) -> None:
        kept = asyncio.ensure_future(self._hub.log.keep(ready))
        kept.add_done_callback(partial(self._kept, number, name, method, began))

    def _kept(self, number: int, name: str, method: str, began: float, kept: asyncio.Future[list[Stored]]) -> None:
        outcome, stored = KEPT, []
        try:
            stored = kept.result()
        except LogUnavailable as error:
            outcome = not_kept(error)
        except LogError:
            self.send("again", number)
            return
        self._hub.telemetry.answered(name, method, outcome, stored, time.perf_counter() - began)
        if not stored:
            self._decided(number, outcome)
        elif all_known(stored):
            self.send("kept", number, stored[0].event.id)
        else:
            self.send("kept", number)

    def _decide(self, number: int, name: str, at: int, flat: bytes) -> None:
        self._hub.receive_soon(name, unflatten(flat, from_micros(at)), partial(self._decided, number))

    def _decided(self, number: int, outcome: Outcome) -> None:
        self.send("decided", number, outcome.status, dict(outcome.headers), outcome.body)

    def _refused(self, name: str, method: str, status: int, stage: str, reason: str, detail: str) -> None:
        outcome = Outcome(accepted=False, status=status, stage=stage, reason=reason, detail=detail)
        self._hub.refused_early(name, method, outcome)

    def _health(self) -> None:
        async def tell() -> None:
            self.send("healthy", await self._hub.writable())

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
            self._process.join(1.0)
            code = self._process.exitcode
            self._hub.telemetry.warn(f"a receiver has ended ({code}): the hub's own process does its work from now on")
            self._lost(self._socket)


def _child(
    config: Config,
    sock: socket.socket,
    line: socket.socket,
    foreign: Sequence[socket.socket],
    share: float,
    parent: int,
) -> None:
    for one in foreign:
        one.close()
    run(config, sock, line, share, parent)


def _is_theirs(hub: Hub, name: str) -> bool:
    """Nothing but its configuration and the request decides about a request to this source."""
    settings = next(one for one in hub.config.sources if one.name == name)
    return (
        # other plugins may keep something in memory, of which there is one
        hub.plugins.origin("providers", settings.plugin).place == "built-in"
        and settings.dedupe == "id"
        and settings.provider.answer is None
        and hub.sources[name].options == settings.options
    )
