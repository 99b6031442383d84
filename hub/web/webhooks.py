"""The webhook listener, the only thing to expose: `/webhooks/<source>` as plain ASGI, and `/healthz`."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request as HTTPRequest
from starlette.responses import Response
from starlette.routing import Route

from hub.answers import unavailable
from hub.core import Hub
from hub.request import Headers, Request
from hub.source import Outcome, problem
from hub.web.deadlines import Deadlines
from hub.web.guard import hostname

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Fields = Mapping[bytes, bytes]
"""Headers by name."""

PREFIX = "/webhooks/"
SEEN = 1024
"""Addresses of which is remembered whether they are trusted proxies."""
HEALTH_FOR = 1.0
"""Seconds that an answer of /healthz is reused, so that nobody can load the log with it."""


@dataclass(frozen=True, slots=True)
class _Stop(Exception):
    """The body is not going to be read to its end."""

    outcome: Outcome | None


class Webhooks:
    """The ASGI application of the webhook listener."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        settings = hub.config.server
        self._max_body = settings.max_body
        self._timeout = settings.body_timeout
        self._max_pending = settings.max_pending
        self._pending = 0
        self._hosts = frozenset(host.lower() for host in settings.allowed_hosts)
        self._proxies = tuple(ip_network(proxy, strict=False) for proxy in settings.trusted_proxies)
        self._limits = {source.name: source.max_body for source in hub.config.sources if source.max_body}
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

    async def _webhook(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = scope["path"][len(PREFIX) :].partition("/")[0]
        headers: Headers = tuple(scope["headers"])
        fields = dict(reversed(headers))  # the first of several
        proxied = self._from_proxy(scope)
        length = 0
        try:
            host = self._host(fields, proxied)
            body = await self._body(fields, receive, self._limits.get(name, self._max_body))
            length = len(body)
            self._pending += length
            request = Request(
                method=scope["method"],
                url=self._url(scope, fields, proxied, name, host),
                headers=headers,
                body=body,
                received=datetime.now(UTC),
                peer=self._peer(scope, headers, proxied),
            )
            outcome = await self._hub.receive(name, request)
        except _Stop as stop:
            if stop.outcome is None:
                return
            outcome = stop.outcome
            self._hub.refused_early(name, scope["method"], outcome)
        finally:
            self._pending -= length
        await _answer(outcome, scope["method"], send)

    def _host(self, fields: Fields, proxied: bool) -> str:
        host = _text(fields, b"host")
        if proxied:
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

    def _url(self, scope: Scope, fields: Fields, proxied: bool, name: str, host: str) -> str:
        """The URL as the platform was told it: platforms sign it, and proxies and tunnels change it."""
        query = scope["query_string"].decode("latin-1")
        mark = f"?{query}" if query else ""
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        path = raw.partition(b"?")[0].decode("latin-1")
        own = self._urls.get(name)
        if own:
            return own if "?" in own else own + mark
        base = self._hub.public_url
        if base:
            return base.rstrip("/") + path + mark
        scheme = scope.get("scheme", "http")
        if proxied:
            scheme = _text(fields, b"x-forwarded-proto").partition(",")[0].strip().lower() or scheme
        return f"{scheme}://{host}{path}{mark}"

    def _from_proxy(self, scope: Scope) -> bool:
        client = scope.get("client")
        return bool(self._proxies) and client is not None and self._trusted(client[0])

    def _trusted(self, address: str) -> bool:
        trusted = self._seen.get(address)
        if trusted is None:
            if len(self._seen) >= SEEN:
                self._seen.clear()
            trusted = self._seen[address] = _is_in(address, self._proxies)
        return trusted

    def _peer(self, scope: Scope, headers: Headers, proxied: bool) -> str:
        """The sender: the last address in X-Forwarded-For that is no trusted proxy, read from the right."""
        client = scope.get("client")
        peer = client[0] if client else ""
        if not proxied:
            return peer
        hops = b",".join(value for name, value in headers if name == b"x-forwarded-for").decode("latin-1")
        for hop in reversed(hops.split(",")):
            if hop.strip():
                peer = hop.strip()[:64]
                if not self._trusted(peer):
                    break
        return peer

    async def _healthz(self, request: HTTPRequest) -> Response:
        now = time.monotonic()
        if self._health is None or self._health[0] < now:
            writable = (await self._hub.log.health()).writable
            body = orjson.dumps({"status": "ok" if writable else "the log cannot be written"})
            response = Response(body, 200 if writable else 503, media_type="application/json")
            self._health = (now + HEALTH_FOR, response)
        return self._health[1]


async def _answer(outcome: Outcome, method: str, send: Send) -> None:
    headers = [(name.encode("latin-1"), _one_line(value)) for name, value in outcome.headers.items()]
    if outcome.status not in (204, 304):
        headers.append((b"content-length", str(len(outcome.body)).encode()))
    if outcome.status in (408, 413):
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": outcome.status, "headers": headers})
    body = b"" if method == "HEAD" or outcome.status in (204, 304) else outcome.body
    await send({"type": "http.response.body", "body": body})


def _one_line(value: str) -> bytes:
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
