"""The webhook listener, the only thing to expose: `/webhooks/<source>` as plain ASGI, and `/healthz`."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Protocol

import orjson
from starlette.applications import Starlette
from starlette.requests import Request as HTTPRequest
from starlette.responses import Response
from starlette.routing import Route

from hub.answers import unavailable
from hub.config import Config
from hub.request import Fields, Headers, Request
from hub.source import Outcome, problem
from hub.web.deadlines import Deadlines
from hub.web.guard import hostname

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PREFIX = "/webhooks/"
SEEN = 1024
"""Addresses of which is remembered whether they are trusted proxies."""
BESIDE = 2000
"""Bytes of memory that a request takes beside those that were sent."""
HEALTH_FOR = 1.0
"""Seconds that an answer of /healthz is reused, so that nobody can load the log with it."""


@dataclass(frozen=True, slots=True)
class _Stop(Exception):
    """The body is not going to be read to its end."""

    outcome: Outcome | None


@dataclass(slots=True)
class Arrived:
    """A request as the server read it.

    path: unquoted, raw_path: as it was sent; query: without "?"; client: the address at the other end, "" if there is
    none; head: about how many bytes of memory all but the body takes; body: b"" until it was read.
    """

    method: str
    path: str
    raw_path: str
    query: str
    scheme: str
    headers: Headers
    client: str
    head: int
    body: bytes = b""


class Receives(Protocol):
    """What decides about requests: the hub, or in a receiver's process what stands for it (see `hub.receivers`)."""

    config: Config
    public_url: str | None

    async def receive(self, name: str, request: Request) -> Outcome:
        """See `Hub.receive`."""

    def receive_soon(self, name: str, request: Request, answer: Callable[[Outcome], None]) -> None:
        """See `Hub.receive_soon`."""

    def refused_early(self, name: str, method: str, outcome: Outcome) -> None:
        """See `Hub.refused_early`."""

    async def writable(self) -> bool:
        """See `Hub.writable`."""


class Webhooks:
    """The ASGI application of the webhook listener.

    share: the part of `max_pending` that is this one's; the receivers of one hub have it together.
    """

    def __init__(self, hub: Receives, share: float = 1.0) -> None:
        self._hub = hub
        settings = hub.config.server
        self._max_body = settings.max_body
        self._timeout = settings.body_timeout
        self._pending = 0
        self._hosts = frozenset(host.lower() for host in settings.allowed_hosts)
        self._proxies = tuple(ip_network(proxy, strict=False) for proxy in settings.trusted_proxies)
        self._limits = {source.name: source.max_body for source in hub.config.sources if source.max_body}
        # one body of any size that is allowed always has room
        largest = max([self._max_body, *self._limits.values()])
        self._max_pending = max(settings.max_pending * share, min(settings.max_pending, largest))
        self._urls = {source.name: source.public_url for source in hub.config.sources if source.public_url}
        self._seen: dict[str, bool] = {}
        self._deadlines = Deadlines()
        self._health: tuple[float, Response] | None = None
        routes = [Route("/healthz", self._healthz, methods=["GET"])]
        self._rest = Starlette(routes=routes, exception_handlers={404: _missing, 405: _missing})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Webhooks go straight to the hub: routing and request objects would cost as much as the HMAC."""
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self._webhook(scope, receive, send)
        elif scope["type"] in ("http", "lifespan"):
            await self._rest(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    def whole(self, arrived: Arrived, answer: Callable[[Outcome], None]) -> None:
        """A request to `/webhooks/` that is there to its last byte: no task waits for it, `answer` is called once."""
        name = arrived.path[len(PREFIX) :].partition("/")[0]
        fields = dict(reversed(arrived.headers))
        size = arrived.head + len(arrived.body)
        try:
            proxied = self._from_proxy(arrived.client)
            host = self._host(fields, proxied)
            if len(arrived.body) > self._limits.get(name, self._max_body):
                raise _Stop(_too_large(self._limits.get(name, self._max_body)))
            if self._pending > self._max_pending:
                raise _Stop(_overload())
        except _Stop as stop:
            assert stop.outcome is not None
            self._hub.refused_early(name, arrived.method, stop.outcome)
            answer(stop.outcome)
            return
        request = self._request(name, arrived, fields, host, proxied)
        self._pending += size

        def done(outcome: Outcome) -> None:
            self._pending -= size
            answer(outcome)

        try:
            self._hub.receive_soon(name, request, done)
        except BaseException:
            self._pending -= size
            raise

    async def _webhook(self, scope: Scope, receive: Receive, send: Send) -> None:
        arrived = _arrived(scope)
        name = arrived.path[len(PREFIX) :].partition("/")[0]
        fields = dict(reversed(arrived.headers))  # the first of several
        length = 0
        try:
            proxied = self._from_proxy(arrived.client)
            host = self._host(fields, proxied)
            arrived.body = await self._body(fields, receive, self._limits.get(name, self._max_body))
            length = arrived.head + len(arrived.body)
            self._pending += length
            outcome = await self._hub.receive(name, self._request(name, arrived, fields, host, proxied))
        except _Stop as stop:
            if stop.outcome is None:
                return
            outcome = stop.outcome
            self._hub.refused_early(name, arrived.method, outcome)
        finally:
            self._pending -= length
        await _answer(outcome, arrived.method, send)

    def _request(self, name: str, arrived: Arrived, fields: Fields, host: str, proxied: bool) -> Request:
        return Request.arrived(
            arrived.method,
            self._url(name, arrived, fields, host, proxied),
            arrived.headers,
            arrived.body,
            datetime.now(UTC),
            self._peer(arrived, fields) if proxied else arrived.client,
            fields if len(fields) == len(arrived.headers) else None,
        )

    def _host(self, fields: Fields, proxied: bool) -> str:
        host = fields.get(b"host", b"").decode("latin-1")
        if proxied and b"x-forwarded-host" in fields:
            host = _text(fields, b"x-forwarded-host").partition(",")[0].strip() or host
        if self._hosts and hostname(host) not in self._hosts:
            detail = f"the Host is {host[:100]!r}; [server] allowed_hosts has {', '.join(sorted(self._hosts))}"
            raise _Stop(problem(421, "host", "This host is not served here", stage="host", detail=detail))
        return host

    async def _body(self, fields: Fields, receive: Receive, limit: int) -> bytes:
        announced = _text(fields, b"content-length")
        if announced.isdigit() and int(announced) > limit:
            raise _Stop(_too_large(limit))
        if self._pending > self._max_pending:
            raise _Stop(_overload())
        message = await self._next(receive)
        chunk: bytes = message.get("body", b"")
        if not message.get("more_body"):
            if len(chunk) > limit:
                raise _Stop(_too_large(limit))
            return chunk
        chunks, size = [chunk], len(chunk)
        self._pending += size
        try:
            deadline = time.monotonic() + self._timeout
            while message.get("more_body"):
                message = await self._next(receive, deadline - time.monotonic())
                chunk = message.get("body", b"")
                chunks.append(chunk)
                size += len(chunk)
                self._pending += len(chunk)
                if size > limit:
                    raise _Stop(_too_large(limit))
                if self._pending > self._max_pending:
                    raise _Stop(_overload())
            return b"".join(chunks)
        finally:
            self._pending -= size

    async def _next(self, receive: Receive, timeout: float | None = None) -> Message:
        try:
            message = await self._deadlines.within(self._timeout if timeout is None else timeout, receive)
        except TimeoutError:
            text = f"the body did not arrive within {self._timeout:g} s ([server] body_timeout)"
            raise _Stop(problem(408, "timeout", "The body took too long", stage="body", detail=text)) from None
        if message["type"] == "http.disconnect":
            raise _Stop(None)
        return message

    def _url(self, name: str, arrived: Arrived, fields: Fields, host: str, proxied: bool) -> str:
        """The URL as the platform was told it: platforms sign it, and proxies and tunnels change it."""
        mark = f"?{arrived.query}" if arrived.query else ""
        own = self._urls.get(name)
        if own:
            return own if "?" in own else own + mark
        base = self._hub.public_url
        if base:
            return base.rstrip("/") + arrived.raw_path + mark
        scheme = arrived.scheme
        if proxied and b"x-forwarded-proto" in fields:
            scheme = _text(fields, b"x-forwarded-proto").partition(",")[0].strip().lower() or scheme
        return f"{scheme}://{host}{arrived.raw_path}{mark}"

    def _from_proxy(self, client: str) -> bool:
        return bool(self._proxies) and client != "" and self._trusted(client)

    def _trusted(self, address: str) -> bool:
        trusted = self._seen.get(address)
        if trusted is None:
            if len(self._seen) >= SEEN:
                self._seen.clear()
            trusted = self._seen[address] = _is_in(address, self._proxies)
        return trusted

    def _peer(self, arrived: Arrived, fields: Fields) -> str:
        """Behind a trusted proxy the last address in X-Forwarded-For that is none, read from the right."""
        peer = arrived.client
        if b"x-forwarded-for" not in fields:
            return peer
        forwarded = b",".join(value for name, value in arrived.headers if name == b"x-forwarded-for")
        for hop in reversed(forwarded.decode("latin-1").split(",")):
            if hop.strip():
                peer = hop.strip()[:64]
                if not self._trusted(peer):
                    break
        return peer

    async def _healthz(self, request: HTTPRequest) -> Response:
        now = time.monotonic()
        if self._health is None or self._health[0] < now:
            writable = await self._hub.writable()
            body = orjson.dumps({"status": "ok" if writable else "the log cannot be written"})
            response = Response(body, 200 if writable else 503, media_type="application/json")
            self._health = (now + HEALTH_FOR, response)
        return self._health[1]


def _arrived(scope: Scope) -> Arrived:
    client = scope.get("client")
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return Arrived(
        method=scope["method"],
        path=scope["path"],
        raw_path=raw.partition(b"?")[0].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        scheme=scope.get("scheme", "http"),
        headers=tuple(scope["headers"]),
        client=client[0] if client else "",
        head=BESIDE + len(raw) + sum(len(name) + len(value) for name, value in scope["headers"]),
    )


async def _answer(outcome: Outcome, method: str, send: Send) -> None:
    headers, _ = head_of(outcome.status, tuple(outcome.headers.items()), len(outcome.body))
    await send({"type": "http.response.start", "status": outcome.status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body_of(outcome, method)})


def head_of(status: int, headers: tuple[tuple[str, str], ...], size: int) -> tuple[Headers, bool]:
    """An answer's headers as they are sent, and whether the connection is to be closed after it.

    size: bytes of the body.
    """
    lines = [(name.encode("latin-1"), _value(value)) for name, value in headers]
    if status not in (204, 304):
        lines.append((b"content-length", b"%d" % size))
    close = status in (408, 413)
    if close:
        lines.append((b"connection", b"close"))
    return tuple(lines), close


def body_of(outcome: Outcome, method: str) -> bytes:
    """An answer's body as it is sent."""
    return b"" if method == "HEAD" or outcome.status in (204, 304) else outcome.body


def _value(value: str) -> bytes:
    return value.encode("latin-1", "replace").replace(b"\r", b" ").replace(b"\n", b" ")


async def _missing(request: HTTPRequest, error: Exception) -> Response:
    status: int = getattr(error, "status_code", 404)
    outcome = problem(status, "not-found", "Webhooks go to /webhooks/<source>", stage="path")
    allow: Mapping[str, str] = getattr(error, "headers", None) or {}
    return Response(outcome.body, outcome.status, {**outcome.headers, **allow})


def _text(fields: Fields, name: bytes) -> str:
    return fields.get(name, b"").decode("latin-1")


def _is_in(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return any(ip in network for network in networks)


def _too_large(limit: int) -> Outcome:
    return problem(413, "too-large", "The body is too large", stage="body", detail=f"above max_body, {limit:,} bytes")


def _overload() -> Outcome:
    text = "too many bodies are being received at once ([server] max_pending)"
    return unavailable("overload", "The hub is busy", text)
