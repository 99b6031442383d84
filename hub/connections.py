"""Carries what `hub.client` sends most, a POST from memory: httpx2's connections take eight times as long for it."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator
from ssl import SSLContext

import httpx2
from aiohappyeyeballs import start_connection

from hub.exchange import Exchange, Origin

MOST = 100
"""Requests at once, and idle connections; further requests wait for a connection of httpx2's, which has as many."""
LARGE = 64 * 1024
"""Bytes of a body that is sent in one piece."""
KEEP_ALIVE = 4.0
"""Seconds that a connection may be idle and used again: common servers close theirs after 5."""
IPV4_AFTER = 0.25
"""Seconds (RFC 8305, 5)."""
DEFAULT_PORTS = {"http": 80, "https": 443}

TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
VALUE = re.compile(rb"(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?")
"""RFC 9110, 5.6.2 and 5.5."""
UNUSUAL = frozenset({b"transfer-encoding", b"expect", b"upgrade", b"te", b"trailer"})


class Connections(httpx2.AsyncBaseTransport):
    """Direct connections, kept alive. All that is not a plain POST of a small body goes over httpx2's."""

    def __init__(self) -> None:
        self._ssl = httpx2.create_ssl_context()
        self._ssl.set_alpn_protocols(["http/1.1"])
        self._others = httpx2.AsyncHTTPTransport(verify=self._ssl)
        self._idle: dict[Origin, list[Exchange]] = {}
        self._busy = 0
        self._sweeping: asyncio.TimerHandle | None = None
        self._closed = False

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """See `httpx2.AsyncBaseTransport`. Raises: httpx2.TransportError"""
        message = _message(request) if self._busy < MOST else None
        if message is None:
            return await self._others.handle_async_request(request)
        timeout = request.extensions.get("timeout", {})
        self._busy += 1
        exchange = None
        try:
            origin = _origin(request.url)
            exchange = self._reused(origin) or await self._connected(origin, request, timeout.get("connect"))
            await exchange.ask(message, request, timeout.get("read"))
        except BaseException:
            self._busy -= 1
            if exchange is not None:
                exchange.close()
            raise
        return httpx2.Response(
            exchange.status,
            headers=exchange.headers,
            stream=Answer(exchange, self),
            extensions={"http_version": exchange.version, "reason_phrase": exchange.reason},
        )

    def give_back(self, exchange: Exchange) -> None:
        """Its answer was read, or nobody wants the rest of it."""
        self._busy -= 1
        if self._closed or not exchange.reusable or sum(map(len, self._idle.values())) >= MOST:
            exchange.close()
            return
        exchange.since = time.monotonic()
        self._idle.setdefault(exchange.origin, []).append(exchange)
        if self._sweeping is None:
            self._sweeping = asyncio.get_running_loop().call_later(KEEP_ALIVE, self._sweep)

    async def aclose(self) -> None:
        """Close all connections; those that are in use, as soon as they are not."""
        self._closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
        for exchanges in self._idle.values():
            for exchange in exchanges:
                exchange.close()
        self._idle.clear()
        await self._others.aclose()

    def _reused(self, origin: Origin) -> Exchange | None:
        """The one that was used last, if the server has not closed it, and is not about to."""
        exchanges = self._idle.get(origin, [])
        while exchanges:
            exchange = exchanges.pop()
            if _is_fresh(exchange) and exchange.quiet():
                return exchange
            exchange.close()
        return None

    def _sweep(self) -> None:
        """Close what has been idle for too long."""
        self._sweeping = None
        left: dict[Origin, list[Exchange]] = {}
        for origin, exchanges in self._idle.items():
            for exchange in exchanges:
                if _is_fresh(exchange):
                    left.setdefault(origin, []).append(exchange)
                else:
                    exchange.close()
        self._idle = left
        if left:
            self._sweeping = asyncio.get_running_loop().call_later(KEEP_ALIVE / 4, self._sweep)

    async def _connected(self, origin: Origin, request: httpx2.Request, within: float | None) -> Exchange:
        scheme, host, _ = origin
        try:
            async with asyncio.timeout(within):
                return await _connect(origin, self._ssl if scheme == "https" else None)
        except TimeoutError:
            raise httpx2.ConnectTimeout(f"no connection to {host} in time", request=request) from None
        except (OSError, UnicodeError) as error:
            raise httpx2.ConnectError(f"no connection to {host}: {error}", request=request) from error


class Answer(httpx2.AsyncByteStream):
    """The body of an answer, as it comes."""

    def __init__(self, exchange: Exchange, connections: Connections) -> None:
        self._exchange: Exchange | None = exchange
        self._connections = connections

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._exchange is not None and (chunk := await self._exchange.read()):
            yield chunk

    async def aclose(self) -> None:
        """Give the connection back."""
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            self._connections.give_back(exchange)


async def _connect(origin: Origin, context: SSLContext | None) -> Exchange:
    """Over IPv4 as well, where IPv6 leads nowhere, which uvloop alone does not try in time. Raises: OSError"""
    _, host, port = origin
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    sock = await start_connection(found, happy_eyeballs_delay=IPV4_AFTER, loop=loop)
    try:
        _, exchange = await loop.create_connection(
            lambda: Exchange(origin), sock=sock, ssl=context, server_hostname=host if context is not None else None
        )
    except BaseException:
        sock.close()
        raise
    return exchange


def _is_fresh(exchange: Exchange) -> bool:
    """May an idle one still be used?"""
    return exchange.reusable and time.monotonic() - exchange.since < KEEP_ALIVE


def _origin(url: httpx2.URL) -> Origin:
    port = DEFAULT_PORTS[url.scheme] if url.port is None else url.port
    return url.scheme, url.raw_host.decode("ascii"), port


def _message(request: httpx2.Request) -> bytes | None:
    """The request as it is sent; None for one that is not plain, or that httpx2 is to refuse."""
    if request.method != "POST" or request.url.scheme not in DEFAULT_PORTS or not request.url.host:
        return None
    if request.extensions.keys() - {"timeout"}:
        return None
    try:
        body = request.content
    except httpx2.RequestNotRead:
        return None
    if len(body) > LARGE:
        return None
    parts = [b"POST ", request.url.raw_path, b" HTTP/1.1\r\n"]
    lengths = hosts = 0
    for name, value in request.headers.raw:
        key = name.lower()
        if not TOKEN.fullmatch(name) or not VALUE.fullmatch(value):
            return None
        if key in UNUSUAL or (key == b"connection" and value != b"keep-alive"):
            return None
        if key == b"content-length":
            lengths += 1
            if value != b"%d" % len(body):
                return None
        hosts += key == b"host"
        parts += name, b": ", value, b"\r\n"
    if lengths != 1 or hosts != 1:
        return None
    parts += b"\r\n", body
    return b"".join(parts)
