"""One HTTP/1.1 connection to a target, with the request and the answer that are on it."""

from __future__ import annotations

import asyncio
import select
import socket

import httptools
import httpx2

WAITING = 64 * 1024
"""Bytes of an answer that wait to be read."""
LONGEST_HEAD = 100 * 1024
"""Bytes, as httpx2 has it."""

Origin = tuple[str, str, int]
"""Scheme, host, port."""


class Exchange(asyncio.Protocol):
    """One connection, and the request and the answer that are on it.

    since: when it became idle; complete: the answer is there to its end.
    """

    transport: asyncio.Transport

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.since = 0.0
        self._parser = httptools.HttpResponseParser(self)
        # what a server written by hand answers is an answer, too; nobody reads these bytes again
        self._parser.set_dangerous_leniencies(
            lenient_chunked_length=True,
            lenient_headers=True,
            lenient_optional_cr_before_lf=True,
            lenient_spaces_after_chunk_size=True,
        )
        self.status = 0
        self.reason = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.complete = True
        self._headed = False
        """Is its head there?"""
        self._aside = 0
        """Bytes that came since the last ones of a body: of a head, of a trailer."""
        self._until_end = False
        """Does the end of the connection end the answer?"""
        self._kept = True
        self._chunks: list[bytes] = []
        self._waiting = 0
        """Bytes in `_chunks`."""
        self._paused = False
        self._error: httpx2.TransportError | None = None
        self._request: httpx2.Request | None = None
        self._within: float | None = None
        """Seconds that each part of the answer may take."""
        self._news: asyncio.Future[None] | None = None

    @property
    def reusable(self) -> bool:
        """May another request be sent?"""
        return self.complete and not self._chunks and self._kept and not self.transport.is_closing()

    @property
    def version(self) -> bytes:
        """Of HTTP, as the answer has it."""
        return b"HTTP/" + self._parser.get_http_version().encode()

    def quiet(self) -> bool:
        """Is there nothing to read, such as an end that the loop has not seen yet?"""
        sock: socket.socket = self.transport.get_extra_info("socket")
        if not hasattr(select, "poll"):
            return not select.select([sock.fileno()], [], [], 0)[0]
        poll = select.poll()
        poll.register(sock.fileno(), select.POLLIN)
        return not poll.poll(0)

    def close(self) -> None:
        """At once."""
        self.transport.abort()

    async def ask(self, message: bytes, request: httpx2.Request, within: float | None) -> None:
        """Send it, and wait for the head of the answer. within: seconds that each part of it may take.

        Raises:
            httpx2.TransportError
        """
        self._request, self._within = request, within
        self.complete = self._headed = self._until_end = False
        self.status, self._aside, self.reason, self.headers = 0, 0, b"", []
        self.transport.write(message)
        while not self._headed:
            await self._more()

    async def read(self) -> bytes:
        """The next bytes of the body; b"" at its end. Raises: httpx2.TransportError"""
        while not self._chunks and not self.complete:
            await self._more()
        if not self._chunks:
            return b""
        data = b"".join(self._chunks)
        self._chunks.clear()
        self._waiting = 0
        if self._paused:
            self._paused = False
            self.transport.resume_reading()
        return data

    async def _more(self) -> None:
        """Wait until something has come."""
        if self._error is not None:
            raise self._error
        self._news = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._within):
                await self._news
        except TimeoutError:
            text = f"no answer from {self.origin[1]} in time"
            raise httpx2.ReadTimeout(text, request=self._request) from None
        finally:
            self._news = None

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def _fail(self, text: str) -> None:
        if not self.complete and self._error is None:
            self._error = httpx2.RemoteProtocolError(text, request=self._request)
        self._kept = False
        self._tell()

    # of the connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvloop's is none
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self.complete:  # nobody has asked, or more than the answer came
            self._kept = False
            return
        self._aside += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            # what comes behind an answer that is there does it no harm
            self._fail("the answer is not HTTP")
        if self._aside > LONGEST_HEAD:
            self._fail(f"the answer's head is larger than {LONGEST_HEAD} bytes")
        self._tell()

    def connection_lost(self, error: Exception | None) -> None:
        if self._until_end and error is None:
            self.complete = True
        self._fail("the answer ended too early" if self._headed else "the server disconnected without an answer")

    # of the parser

    def on_message_begin(self) -> None:
        if self.complete:  # this one nobody has asked for
            self._kept = False

    def on_status(self, status: bytes) -> None:
        if not self.complete:
            self.reason += status

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._headed:
            self.headers.append((name, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        if self.complete:
            return
        status = self._parser.get_status_code()
        if status < 200 and status != 101:
            self.reason, self.headers = b"", []
            return
        self.status, self._headed = status, True
        said = {name.lower() for name, _ in self.headers} & {b"content-length", b"transfer-encoding"}
        self._kept = self._kept and self._parser.should_keep_alive() and len(said) < 2
        if status in (101, 204, 304):
            # such an answer has no body, whatever it says (RFC 9112, 6.3)
            self.complete = True
            self._kept = self._kept and not said
        else:
            self._until_end = not said

    def on_body(self, body: bytes) -> None:
        if self.complete:
            return
        self._aside = 0
        self._chunks.append(body)
        self._waiting += len(body)
        if self._waiting > WAITING and not self._paused:
            # what else came meanwhile may be anywhere between here and the socket
            self._paused, self._kept = True, False
            self.transport.pause_reading()

    def on_message_complete(self) -> None:
        if self._headed:
            self.complete = True
