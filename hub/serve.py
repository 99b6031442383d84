"""Serving: both listeners in one process, from the first line on the terminal to an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from hub.config import Config
from hub.core import Hub
from hub.errors import LogError, ServeError
from hub.process import loop_factory, raise_file_limit, settle_memory
from hub.receivers import Receivers, how_many
from hub.request import Request
from hub.retry import reason_of
from hub.secrets import read_environment
from hub.source import Source
from hub.telemetry import configure_logging
from hub.tunnel import Tunnel, open_tunnel
from hub.web.listener import BACKLOG, Listener

EXPLAIN_EVERY = 1.0
"""Seconds between two explanations for one source: strangers must not set the pace."""
EXPLAIN_LARGEST = 32 * 1024
"""Bytes of a body that is written again beside the running listeners; `hub rejected explain` has more time."""


def serve(config: Config, *, tunnel: str | None = None) -> int:
    """Run the hub until it is told to stop; the process's exit code."""
    configure_logging(config.server.log, config.secrets)
    raise_file_limit()
    with contextlib.ExitStack() as stack:
        receivers = how_many(config)
        public = _listen(config.server.host, config.server.port, "[server]", max(receivers, 1))
        stack.callback(_close, public)
        private = _listen(config.console.host, config.console.port, "[console]")
        stack.callback(_close, private)
        sockets = Sockets(public, private[0], Receivers.fork(config, public, private) if receivers else None)
        if sockets.receivers is not None:
            stack.callback(sockets.receivers.end)
        runner = stack.enter_context(asyncio.Runner(loop_factory=loop_factory()))
        loop = runner.get_loop()
        main = loop.create_task(run(config, sockets, tunnel=tunnel))
        while True:
            try:
                return loop.run_until_complete(main)
            except (SystemExit, KeyboardInterrupt) as error:
                if main.done():
                    raise
                # out of a task or a callback these stop the loop; a plugin must not stop the hub
                text = f"a plugin's task raised {reason_of(error)}; the hub goes on"
                structlog.get_logger("hub").error("warning", text=text)


@dataclass(frozen=True, slots=True)
class Sockets:
    """Where the hub listens. public: one for each receiver, one for the hub itself if there are none (None)."""

    public: Sequence[socket.socket]
    private: socket.socket
    receivers: Receivers | None


async def run(config: Config, sockets: Sockets, *, tunnel: str | None = None) -> int:
    """Run the hub in this loop until SIGINT or SIGTERM; a second signal ends at once."""
    hub = Hub(config)
    stop = asyncio.Event()
    with _signals(stop.set):
        async with _running(hub), _explaining(hub), _tunnelled(hub, tunnel, sockets.public[0]) as opened:
            await _serve(hub, sockets, stop, opened)
    return 0


async def _serve(hub: Hub, sockets: Sockets, stop: asyncio.Event, tunnel: Tunnel | None) -> None:
    from hub.web.api import console_app

    listeners = Listeners(hub, 1 / len(sockets.public), stop.set)
    listeners.begin(console_app(hub), sockets.private)
    if sockets.receivers is not None:
        await sockets.receivers.start(hub, listeners.receive)
    else:
        listeners.receive(sockets.public[0])
    await listeners.started()
    _announce(hub, sockets.public[0], sockets.private, tunnel)
    settle_memory()
    await stop.wait()
    hub.telemetry.notice("stopping: what is being answered and delivered is finished first; Ctrl-C again ends at once")
    ends = [listeners.end()]
    if sockets.receivers is not None:
        ends.append(sockets.receivers.stop(hub.config.server.grace))
    await asyncio.gather(*ends)


class Listeners:
    """The listeners of this process. share: of `max_pending`, for each; ended: called when one ends."""

    def __init__(self, hub: Hub, share: float, ended: Callable[[], None]) -> None:
        self._hub = hub
        self._share = share
        self._ended = ended
        self._listeners: list[Listener] = []
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self, app: Any, sock: socket.socket) -> None:
        """Serve an app on a socket."""
        listener = Listener(app, sock, self._hub.config.server)
        self._listeners.append(listener)
        task = asyncio.create_task(listener.run())
        task.add_done_callback(lambda task: self._ended())
        self._tasks.append(task)

    def receive(self, sock: socket.socket) -> None:
        """Take webhooks on a socket."""
        from hub.web.webhooks import Webhooks

        self.begin(Webhooks(self._hub, self._share), sock)

    async def started(self) -> None:
        """Done when all listen, or one has failed."""
        while not all(one.started for one in self._listeners) and not any(task.done() for task in self._tasks):
            await asyncio.sleep(0.005)

    async def end(self) -> None:
        """Answer what has been received."""
        for listener in self._listeners:
            listener.should_exit = True
        await asyncio.gather(*self._tasks)


@contextlib.asynccontextmanager
async def _running(hub: Hub) -> AsyncIterator[None]:
    await hub.start()
    try:
        yield
    finally:
        await hub.stop(hub.config.server.grace)


@contextlib.asynccontextmanager
async def _explaining(hub: Hub) -> AsyncIterator[None]:
    style = hub.config.server.log
    if style != "terminal" and not (style == "auto" and sys.stderr.isatty()):
        yield
        return
    explainer = Explainer(hub)
    hub.on_refusal = explainer.offer
    try:
        yield
    finally:
        hub.on_refusal = None
        explainer.close()


class Explainer:
    """Tells a person at the terminal why requests were refused, behind their answers: one at a time, the rest not."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._last: dict[str, float] = {}
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def offer(self, source: Source, request: Request) -> None:
        """Explain it, unless another one is being explained or the source had one within a second; never waits."""
        now = time.monotonic()
        busy = self._task is not None and not self._task.done()
        if self._closed or busy or now - self._last.get(source.name, -EXPLAIN_EVERY) < EXPLAIN_EVERY:
            return
        self._last[source.name] = now
        self._task = asyncio.create_task(self._explain(source, request), name="explainer")

    def close(self) -> None:
        """Drop what is being explained: its thread ends with the try that it is at."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()

    async def _explain(self, source: Source, request: Request) -> None:
        from hub.operations import explain

        hub = self._hub
        with contextlib.suppress(LogError):
            cause = await explain(
                request,
                source,
                hub.sources,
                folder=hub.config.folder,
                log=hub.log,
                stop=lambda: self._closed,
                largest=EXPLAIN_LARGEST,
            )
            if cause is not None and not self._closed:
                hub.telemetry.explained(source.name, cause.sentence, cause.hint)


@contextlib.asynccontextmanager
async def _tunnelled(hub: Hub, kind: str | None, public: socket.socket) -> AsyncIterator[Tunnel | None]:
    if kind is None:
        yield None
        return
    host, port = public.getsockname()[:2]
    environment, _ = read_environment(hub.config.folder, os.environ)
    tunnel = await open_tunnel(kind, host, port, environment.values)
    hub.public_url = tunnel.url
    try:
        yield tunnel
    finally:
        with contextlib.suppress(Exception):  # the service may be gone; so is the tunnel then
            await tunnel.close()


def _announce(hub: Hub, public: socket.socket, private: socket.socket, tunnel: Tunnel | None) -> None:
    say = hub.telemetry.notice
    base = hub.public_url or _url(public)
    say(f"webhook-hub {_version()} is ready: {_url(public)}")
    say(f"  console {_url(private)}  log {hub.config.log.shown}")
    if tunnel is not None:
        say(f"  tunnel {tunnel.url} -> {_url(public)}")
    for name, source in hub.sources.items():
        say(f"  {name:<16} {base.rstrip('/')}/webhooks/{name}")
        if not source.verified:
            hub.telemetry.warn(f"[providers.{name}] takes UNSIGNED requests: anyone who knows its URL can send events")
    for settings in hub.config.sources:
        if settings.development:
            text = "whoever has it can sign for the platform"
            hub.telemetry.warn(f"development key in use: [providers.{settings.name}]: {text}")
    for state in hub.dispatcher.states():
        say(f"  -> {state.name}")


def _listen(host: str, port: int, table: str, count: int = 1) -> list[socket.socket]:
    """Bound sockets of one address; the system spreads connections over them.

    Raises:
        ServeError: the port is taken, not allowed, or the address is not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise ServeError(f"{table} host = {host!r} is no address: {error.strerror}") from None
    sockets: list[socket.socket] = []
    try:
        if count > 1:
            # sockets that share a port share it with those of another hub, too: whether it is free, one alone tells
            with socket.socket(family, kind, protocol) as alone:
                address = _bound(alone, address)
        for _ in range(count):
            sock = socket.socket(family, kind, protocol)
            sockets.append(sock)
            if count > 1:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            _bound(sock, address)
            sock.listen(BACKLOG)
            sock.setblocking(False)
    except OSError as error:
        _close(sockets)
        raise ServeError(_why_not(error, host, port, table)) from None
    return sockets


def _bound(sock: socket.socket, address: Any) -> Any:
    """The address that it has got. Raises: OSError"""
    if os.name == "posix":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(address)
    return sock.getsockname()


def _close(sockets: Sequence[socket.socket]) -> None:
    for sock in sockets:
        sock.close()


def _why_not(error: OSError, host: str, port: int, table: str) -> str:
    if error.errno == errno.EADDRINUSE:
        hint = f"stop what listens there (another hub?), or set {table} port = {port + 10}"
        return f"port {port} on {host} is in use: {hint}"
    if error.errno == errno.EACCES:
        return f"port {port} needs privileges: set {table} port to one above 1023, or put a proxy before the hub"
    return f"the hub cannot listen on {host}:{port} ({table}): {error.strerror}"


@contextlib.contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    """The first SIGINT or SIGTERM asks for an orderly end, the second one ends the process at once."""
    asked = False

    def handle(number: int, frame: object = None) -> None:
        nonlocal asked
        if asked:
            os._exit(128 + number)
        asked = True
        loop.call_soon_threadsafe(stop)

    loop = asyncio.get_running_loop()
    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _url(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("webhook-hub")
    except PackageNotFoundError:
        return "(from a checkout)"
