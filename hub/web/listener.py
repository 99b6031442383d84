"""One listening socket: uvicorn's server and connections, bounded in time and size, with a short way for webhooks."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any, Protocol

import structlog
import uvicorn
from uvicorn.protocols.http.httptools_impl import HEADER_RE, HEADER_VALUE_RE, STATUS_LINE, HttpToolsProtocol

from hub.answers import failed
from hub.request import Headers
from hub.retry import reason_of
from hub.settings import Server
from hub.source import Outcome
from hub.web.webhooks import BESIDE, PREFIX, Arrived, body_of, head_of

BACKLOG = 4096
KEEP_ALIVE = 65
"""Seconds: above the 60 s of common load balancers, so that they close a connection first."""

LARGEST_HEAD = 64 * 1024
"""Bytes of a head that may be unfinished."""

WEBHOOK = PREFIX.encode()


class Whole(Protocol):
    """Takes a request that is there to its last byte, and calls `answer` once, now or later."""

    def __call__(self, arrived: Arrived, answer: Callable[[Outcome], None]) -> None: ...


class Exchange:
    """A request on its short way, and its answer: what uvicorn's connection wants of a cycle, without ASGI's task.

    The attributes are those of uvicorn's `RequestResponseCycle` that its connection reads and sets.
    """

    __slots__ = ("disconnected", "keep_alive", "message_event", "response_complete")

    def __init__(self, keep_alive: bool) -> None:
        self.keep_alive = keep_alive
        self.disconnected = False
        self.response_complete = False
        self.message_event = NOBODY


class _Nobody:
    """An event for which nobody waits."""

    def set(self) -> None:
        """Wakes nobody."""


NOBODY = _Nobody()


class Connection(HttpToolsProtocol):
    """uvicorn's, which would wait for ever for the head of a request, and hold one of any size.

    whole: takes webhooks that arrived in one piece, as nearly all do. ASGI would cost as much as verifying them: a
    task, four awaits, two writes. All others, such as large bodies and pipelined requests, go uvicorn's way.
    """

    def __init__(self, *args: Any, whole: Whole | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._whole = whole
        self._since: float | None = None
        """When what is waited for began; None while a request is read and answered."""
        self._begun = False
        """Has the head?"""
        self._size = 0
        self._held: list[bytes] | None = None
        """The body so far of a request of which it is not known yet whether all of it is there."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._since = self.loop.time()

    def on_message_begin(self) -> None:
        # what uvicorn makes here is made when the request turns out to go its way
        self.url, self.headers = b"", []
        # at least one byte of it is there: what else came with it may be the end of another request
        self._since, self._begun, self._size = self.loop.time(), True, 1

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._since, self._begun = None, False
        cycle = self.cycle
        if (
            self._whole is not None
            and self.url.startswith(WEBHOOK)
            and b"%" not in self.url
            and (cycle is None or cycle.response_complete)
            and not self.flow.write_paused
            and not self.parser.should_upgrade()
        ):
            self._held = []
        else:
            self._uvicorns()

    def _uvicorns(self) -> None:
        """The request goes uvicorn's way, as if it had had it from the beginning."""
        url, headers = self.url, self.headers
        super().on_message_begin()
        self.url = url
        for name, value in headers:
            super().on_header(name, value)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._held is None:
            super().on_body(body)
        else:
            self._held.append(body)

    def on_message_complete(self) -> None:
        held, self._held = self._held, None
        if held is None:
            super().on_message_complete()
        else:
            self._take(held[0] if len(held) == 1 else b"".join(held))

    def data_received(self, data: bytes) -> None:
        answered = self.cycle is not None and self.cycle.response_complete
        idle = answered and (self._since is None or not self._size)
        self._size += len(data)
        super().data_received(data)
        if self._held is not None:
            self._hand_over()
        if self._begun and self._size > LARGEST_HEAD:
            self._end(b"431 Request Header Fields Too Large")
        elif idle and not self._begun and self.cycle.response_complete:
            # a blank line, or more of a body that is answered already, has ended uvicorn's time for idle connections
            self._since = self.loop.time()

    def look(self, now: float, within: float) -> None:
        """End it if it is overdue. Between two requests that went uvicorn's way its own time counts."""
        if self._since is not None and now - self._since > (within if self._size else KEEP_ALIVE):
            self._end(b"408 Request Timeout")

    def _hand_over(self) -> None:
        """The end of the body is still to come: the request goes uvicorn's way."""
        held, self._held = self._held or [], None
        self._uvicorns()
        for part in held:
            super().on_body(part)

    def _take(self, body: bytes) -> None:
        assert self._whole is not None
        path, _, query = self.url.decode("latin-1").partition("?")
        parser = self.parser
        method = parser.get_method().decode("latin-1")
        exchange = Exchange(parser.get_http_version() != "1.0" and parser.should_keep_alive())
        self.cycle = exchange  # type: ignore[assignment]  # all that uvicorn's connection wants of one
        client = self.client[0] if self.client else ""
        head = BESIDE + self._size - len(body)
        arrived = Arrived(method, path, path, query, self.scheme or "http", tuple(self.headers), client, head, body)
        answer = partial(self._answer, exchange, method)
        try:
            self._whole(arrived, answer)
        except (Exception, SystemExit) as error:
            tell_unanswered(error)
            if not exchange.response_complete:
                answer(failed())

    def _answer(self, exchange: Exchange, method: str, outcome: Outcome) -> None:
        transport = self.transport
        if exchange.disconnected or exchange.response_complete or transport.is_closing():
            return
        try:
            written, close = self._written(outcome, method, exchange.keep_alive)
        except (KeyError, ValueError) as error:  # a plugin's status, or a header of it, that HTTP does not have
            tell_unanswered(error)
            written, close = self._written(failed(), method, exchange.keep_alive)
        keep_alive = exchange.keep_alive and not close
        transport.write(written)
        exchange.response_complete = True
        if not keep_alive:
            transport.close()
        if self.pipeline or not keep_alive:
            self.on_response_complete()
        else:
            self.server_state.total_requests += 1
            if not self._begun:
                # no timer for each request: `look` ends it when it has been idle for too long
                self._since, self._size = self.loop.time(), 0

    def _written(self, outcome: Outcome, method: str, keep_alive: bool) -> tuple[bytes, bool]:
        """The answer's bytes, and whether it closes the connection by itself. Raises: KeyError, ValueError"""
        headers = tuple(outcome.headers.items())
        ours = tuple(self.server_state.default_headers)
        head, close = _head(outcome.status, headers, len(outcome.body), keep_alive, ours)
        return head + body_of(outcome, method), close

    def _end(self, status: bytes) -> None:
        if not self.transport.is_closing():
            if self._size:
                self.transport.write(b"HTTP/1.1 " + status + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
            self.transport.close()


def tell_unanswered(error: BaseException) -> None:
    """Say in the log that a request did not get the answer that it should have: the hub or a plugin has a bug."""
    structlog.get_logger("hub").error("warning", text=f"a request could not be answered: {reason_of(error)}")


@lru_cache(maxsize=256)
def _head(
    status: int, headers: tuple[tuple[str, str], ...], size: int, keep_alive: bool, ours: Headers
) -> tuple[bytes, bool]:
    """All that stands before the body, and whether the answer closes the connection by itself.

    Raises: KeyError, ValueError
    """
    theirs, close = head_of(status, headers, size)
    parts = [STATUS_LINE[status]]
    for name, value in (*ours, *theirs):
        if HEADER_RE.search(name) or HEADER_VALUE_RE.search(value):
            raise ValueError(f"{name!r} or its value is no header")
        parts += name, b": ", value, b"\r\n"
    parts.append(b"\r\n" if keep_alive or close else b"connection: close\r\n\r\n")
    return b"".join(parts), close


class Listener(uvicorn.Server):
    """One uvicorn server on a socket of ours; signals are handled once for both.

    An app that has a method `whole` is given webhooks that arrived in one piece by that.
    """

    def __init__(self, app: Any, sock: socket.socket, settings: Server) -> None:
        config = uvicorn.Config(
            app,
            http=partial(Connection, whole=getattr(app, "whole", None)),  # type: ignore[arg-type]  # makes one
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            proxy_headers=False,  # the webhook listener has its own rule, trusted_proxies
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=max(1, int(settings.grace)),
        )
        super().__init__(config)
        self._socket = sock
        self._head_within = settings.body_timeout

    async def run(self) -> None:  # type: ignore[override]  # uvicorn's is for a process of its own
        """Serve until `should_exit`."""
        await self.serve(sockets=[self._socket])

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second; looks for overdue connections in one of ten."""
        if counter % 10 == 0:
            now = asyncio.get_running_loop().time()
            for connection in tuple(self.server_state.connections):
                if isinstance(connection, Connection):
                    connection.look(now, self._head_within)
        return await super().on_tick(counter)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield
