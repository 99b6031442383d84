"""What the tests of subscribers share: an instance of a built-in one, an event, a real HTTP server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hub.context import SubscriberContext
from hub.event import Event
from hub.loader import Plugins
from hub.request import Request
from hub.retry import classify
from hub.subscriber import Subscriber

EVENT = Event(
    id="0193a5b0-0000-7000-8000-000000000001",
    source="github",
    type="github.push",
    provider="github",
    deliveryid="72d3162e",
    receivedat=datetime(2026, 5, 1, 12, 0, 0, 250000, tzinfo=UTC),
    subject="octo/repo",
    time=datetime(2026, 5, 1, 11, 59, 58, tzinfo=UTC),
    data={"ref": "refs/heads/main", "commits": [{"message": "Fix"}]},
)


@asynccontextmanager
async def running(
    name: str, folder: Path, *, kept: Request | None = None, opened: bool = True, **options: Any
) -> AsyncIterator[Any]:
    """A built-in subscriber as the hub runs it; kept: the request that every event came in."""

    async def request(event: Event) -> Request | None:
        return kept

    context = SubscriberContext("sub", folder, request, timeout=5)
    subscriber: Subscriber = Plugins(None).subscriber(name)(**options)
    subscriber.context = context
    if opened:
        await subscriber.open()
    try:
        yield subscriber
    finally:
        if opened:
            await subscriber.close()
        await context.close()


@dataclass
class Server:
    """A real HTTP server: keeps what it gets, answers what it is told."""

    answer: bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    url: str = ""
    requests: list[tuple[str, list[tuple[str, str]], bytes]] = field(default_factory=list)

    @property
    def headers(self) -> dict[str, str]:
        """Of the last request, names in lower case."""
        return dict(self.requests[-1][1])

    @property
    def body(self) -> bytes:
        """Of the last request."""
        return self.requests[-1][2]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            pairs = [line.split(": ", 1) for line in head[1:] if line]
            headers = [(name.lower(), value) for name, value in pairs]
            body = await reader.readexactly(int(dict(headers).get("content-length", 0)))
            self.requests.append((head[0], headers, body))
            writer.write(self.answer)
            await writer.drain()


NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(conversation: Conversation, host: str = "127.0.0.1", **options: Any) -> AsyncIterator[str]:
    """A server that holds one conversation a connection, then closes it; its address. options: with `ssl`, over TLS."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await conversation(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(serve, host, 0, **options)
    port = listener.sockets[0].getsockname()[1]
    try:
        yield f"{'https' if options else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
    finally:
        listener.close()
        await listener.wait_closed()


def answering(*parts: bytes, stays: bool = False) -> Conversation:
    """One request, and its answer in parts with a pause between. stays: the other side is to end the connection."""

    async def conversation(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for number, part in enumerate(parts):
            await asyncio.sleep(0.05 if number else 0)
            writer.write(part)
            await writer.drain()
        if stays:
            await reader.read()

    return conversation


@asynccontextmanager
async def server(answer: bytes = Server.answer) -> AsyncIterator[Server]:
    """A server on a free port of 127.0.0.1."""
    kept = Server(answer)
    async with listening(kept.serve) as kept.url:
        yield kept


async def failure(client: httpx2.AsyncClient, url: str, **options: Any) -> httpx2.TransportError:
    """Of a POST there: it is tried again, counts against the target, and shows nothing of the URL but the host."""
    with pytest.raises(httpx2.TransportError) as raised:
        await client.post(f"{url}/secret-path?key=s3cret", content=b"x", **options)
    verdict = classify(raised.value)
    assert verdict.unreachable
    assert not verdict.dead
    assert "s3cret" not in verdict.reason + str(raised.value)
    assert "secret-path" not in verdict.reason + str(raised.value)
    return raised.value
