"""Carries the requests of `hub.client` over aiohttp, which takes a sixth of the time of httpx2's own connections."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from io import BytesIO

import aiohttp
import httpx2
from yarl import URL

MOST = 100
"""Connections at once, as httpx2 has it."""
KEEP_ALIVE = 4.0
"""Seconds that an idle connection may be used again: common servers close theirs after 5, and would lose a request."""
LONGEST_LINE = 64 * 1024
"""Bytes of one header of an answer."""
LARGE = 256 * 1024
"""Bytes of a body that is sent in pieces."""
READ = 64 * 1024
"""Bytes of an answer that wait to be read."""
TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A header's name: RFC 9110, 5.6.2."""

Fields = list[tuple[str, str]]


class Connections(httpx2.AsyncBaseTransport):
    """Direct connections, kept alive. What it cannot carry byte for byte goes over httpx2's: streamed bodies, and
    headers that are not plain ASCII.
    """

    def __init__(self) -> None:
        self._ssl = httpx2.create_ssl_context()
        self._session: aiohttp.ClientSession | None = None
        self._others: httpx2.AsyncHTTPTransport | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """See `httpx2.AsyncBaseTransport`. Raises: httpx2.TransportError"""
        fields, body = _fields(request), _body(request)
        if fields is None or body is None:
            if self._others is None:
                self._others = httpx2.AsyncHTTPTransport(verify=self._ssl)
            return await self._others.handle_async_request(request)
        if self._session is None:
            self._session = self._make()
        try:
            answer = await self._session.request(
                request.method,
                _address(request.url),
                headers=fields,
                # in pieces, so that nobody waits while all of it is copied
                data=(BytesIO(body) if len(body) > LARGE else body) or None,
                allow_redirects=False,
                timeout=_timeout(request),
            )
        except (aiohttp.ClientError, OSError) as error:
            raise _translated(error, request) from error
        reason = (answer.reason or "").encode("latin-1", "replace")
        return httpx2.Response(
            answer.status,
            headers=list(answer.raw_headers),
            stream=Answer(answer, request),
            extensions={"http_version": b"HTTP/1.1", "reason_phrase": reason},
        )

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
        if self._others is not None:
            await self._others.aclose()

    def _make(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._ssl, limit=MOST, keepalive_timeout=KEEP_ALIVE),
            cookie_jar=aiohttp.DummyCookieJar(),  # httpx2's client has its own
            skip_auto_headers=("accept", "accept-encoding", "content-type", "user-agent"),
            auto_decompress=False,
            max_line_size=LONGEST_LINE,
            max_field_size=LONGEST_LINE,
            read_bufsize=READ,
        )


class Answer(httpx2.AsyncByteStream):
    """The body of an answer, as it comes."""

    def __init__(self, answer: aiohttp.ClientResponse, request: httpx2.Request) -> None:
        self._answer = answer
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._answer.content.iter_any():
                yield chunk
        except (aiohttp.ClientError, OSError) as error:
            raise _translated(error, self._request) from error

    async def aclose(self) -> None:
        """Give the connection back, or close it if there is more to come."""
        self._answer.release()


def _fields(request: httpx2.Request) -> Fields | None:
    """The headers as text; None if aiohttp would send other bytes than those given, or what no header may have."""
    fields = []
    for name, value in request.headers.raw:
        text = value.decode("latin-1")
        if not (text.isascii() and text.isprintable() and text == text.strip() and TOKEN.fullmatch(name)):
            return None
        fields.append((name.decode("ascii"), text))
    return fields


def _body(request: httpx2.Request) -> bytes | None:
    """None if it is not in memory."""
    try:
        return request.content
    except httpx2.RequestNotRead:
        return None


def _address(url: httpx2.URL) -> URL:
    # a user and a password are in a header by now
    return URL(str(url.copy_with(userinfo=b"") if url.userinfo else url), encoded=True)


def _timeout(request: httpx2.Request) -> aiohttp.ClientTimeout:
    """connect: the whole way to a connection, with the wait for a free one."""
    given = request.extensions.get("timeout", {})
    connect, free = given.get("connect"), given.get("pool")
    return aiohttp.ClientTimeout(
        connect=None if connect is None or free is None else connect + free,
        sock_connect=connect,
        sock_read=given.get("read"),
    )


def _translated(error: aiohttp.ClientError | OSError, request: httpx2.Request) -> httpx2.TransportError:
    """The same in httpx2's words, without the URL, which may be a credential."""
    host = request.url.host
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return httpx2.ConnectTimeout(f"no connection to {host} in time", request=request)
    if isinstance(error, TimeoutError):
        return httpx2.ReadTimeout(f"no answer from {host} in time", request=request)
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return httpx2.RemoteProtocolError("the server disconnected without an answer", request=request)
    if isinstance(error, (aiohttp.ClientConnectorError, aiohttp.ClientConnectorCertificateError)):
        return httpx2.ConnectError(str(error), request=request)
    if isinstance(error, aiohttp.ClientResponseError):
        return httpx2.RemoteProtocolError(f"the answer is not HTTP: {error.message}", request=request)
    if isinstance(error, aiohttp.ClientPayloadError):
        return httpx2.RemoteProtocolError(f"the answer ended too early: {error}", request=request)
    if isinstance(error, aiohttp.InvalidURL):
        return httpx2.UnsupportedProtocol("the URL cannot be used", request=request)
    return httpx2.ReadError(str(error), request=request)
