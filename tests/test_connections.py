"""The listeners' connections: whoever sends slowly, too much, or nothing, does not keep one; pipelining works."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from hub import serve
from hub.settings import Server

Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
POST = b"POST /webhooks/x HTTP/1.1\r\nhost: h\r\ncontent-length: %d\r\n\r\n"
GET = b"GET /early HTTP/1.1\r\nhost: h\r\n\r\n"


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answers with the size of the body; `/early` before it is read."""
    size = 0
    while scope["path"] != "/early":
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    body = str(size).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen()
    sock.setblocking(False)
    server = serve._Server(app, sock, Server())
    server._head_within = 0.3
    running = asyncio.create_task(server.run())
    writers = []

    async def connection() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(*sock.getsockname())
        writers.append(writer)
        return reader, writer

    while not server.started:
        await asyncio.sleep(0.01)
    yield connection
    server.should_exit = True
    for writer in writers:
        writer.close()
    await running
    sock.close()


async def end_of(reader: asyncio.StreamReader) -> bytes:
    return await asyncio.wait_for(reader.read(), 10)


@pytest.mark.parametrize("start", [b"P", b"POST /webhooks/x HTTP/1.1\r\nhost: h\r\n", b"\r\n"])
async def test_a_head_that_does_not_end(connect: Connect, start: bytes) -> None:
    reader, writer = await connect()
    writer.write(start)
    assert (await end_of(reader)).startswith(b"HTTP/1.1 408 ")


async def test_a_head_that_is_too_large(connect: Connect) -> None:
    reader, writer = await connect()
    writer.write(b"POST /webhooks/x HTTP/1.1\r\n")
    for _ in range(3):
        await asyncio.sleep(0.05)
        writer.write(b"x-a: b\r\n" * 4_000)
    assert (await end_of(reader)).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("rest", [b"\r\n", b"GET", GET[:-2]])
async def test_a_second_request_that_does_not_come(connect: Connect, rest: bytes) -> None:
    """uvicorn stops its clock for idle connections at the first byte, even if that begins nothing."""
    reader, writer = await connect()
    writer.write(GET)
    assert (await reader.readuntil(b"\r\n\r\n0")).startswith(b"HTTP/1.1 200 ")
    writer.write(rest)
    assert (await end_of(reader)).startswith(b"HTTP/1.1 408 ")


async def test_the_rest_of_a_body_that_is_answered_already_does_not_come(connect: Connect) -> None:
    reader, writer = await connect()
    writer.write(GET.replace(b"host", b"content-length: 1000000\r\nhost"))
    assert (await reader.readuntil(b"\r\n\r\n0")).startswith(b"HTTP/1.1 200 ")
    writer.write(bytes(200_000))
    assert b"431" not in await end_of(reader)


async def test_a_request_behind_a_body_that_was_answered_already(connect: Connect) -> None:
    reader, writer = await connect()
    writer.write(GET.replace(b"host", b"content-length: 200000\r\nhost"))
    assert (await reader.readuntil(b"\r\n\r\n0")).startswith(b"HTTP/1.1 200 ")
    writer.write(bytes(100_000))
    await asyncio.sleep(0.05)
    writer.write(bytes(100_000) + (POST % 3)[:20])
    await asyncio.sleep(0.05)
    writer.write((POST % 3)[20:] + b"abc")
    assert (await reader.readuntil(b"\r\n\r\n3")).startswith(b"HTTP/1.1 200 ")


async def test_the_next_head_may_stand_behind_a_large_body(connect: Connect) -> None:
    reader, writer = await connect()
    size = 3_000_000
    whole = (POST % size + bytes(size)) * 2
    # so that data ends within a head whatever its pieces are
    for at in range(0, len(whole), 100_000):
        writer.write(whole[at : at + 100_000])
        await writer.drain()
    writer.write_eof()
    answers = await end_of(reader)
    assert answers.count(b"HTTP/1.1 200 ") == 2
    assert answers.count(b"\r\n\r\n3000000") == 2


def test_what_stands_before_a_head_in_the_same_data_is_not_counted() -> None:
    loop = asyncio.new_event_loop()
    try:
        connection, transport = loop.run_until_complete(fed(POST % 100_000 + bytes(100_000) + b"POST /web"))
    finally:
        loop.close()
    assert connection._since is not None
    assert not transport.closed


class Transport(asyncio.Transport):
    """Remembers whether it was closed."""

    closed = False

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def write(self, data: object) -> None: ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


async def fed(data: bytes) -> tuple[serve._Connection, Transport]:
    import uvicorn
    from uvicorn.server import ServerState

    config = uvicorn.Config(app, log_config=None)
    config.load()
    connection, transport = serve._Connection(config, ServerState(), {}), Transport()
    connection.connection_made(transport)
    connection.data_received(data)
    await asyncio.gather(*connection.tasks)
    return connection, transport
