"""The listeners' connections: whoever sends slowly, too much, or nothing, does not keep one; pipelining works."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from hub.settings import Server
from hub.source import Outcome
from hub.web.listener import Connection, Listener
from hub.web.webhooks import Arrived

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


class Sized:
    """The same app, which takes webhooks in one piece too. later: seconds after which those are answered."""

    def __init__(self, later: float = 0.0) -> None:
        self.later = later
        self.taken: list[Arrived] = []

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        await app(scope, receive, send)

    def whole(self, arrived: Arrived, answer: Callable[[Outcome], None]) -> None:
        self.taken.append(arrived)
        if arrived.path.endswith("/bug"):
            raise RuntimeError("a bug")
        size = str(len(arrived.body)).encode()
        status = 999 if arrived.path.endswith("/status") else 200
        headers = (
            {"a name": "x"}
            if arrived.path.endswith("/name")
            else {"x": "\0"}
            if arrived.path.endswith("/value")
            else {}
        )
        outcome = Outcome(accepted=True, status=status, stage="accepted", headers=headers, body=size)
        asyncio.get_running_loop().call_later(self.later, answer, outcome)


@pytest.fixture
def sized() -> Sized:
    return Sized()


@pytest.fixture(params=["by ASGI", "in one piece"])
async def connect(request: pytest.FixtureRequest, sized: Sized) -> AsyncIterator[Connect]:
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen()
    sock.setblocking(False)
    server = Listener(app if request.param == "by ASGI" else sized, sock, Server())
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


in_one_piece = pytest.mark.parametrize("connect", ["in one piece"], indirect=True)


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


async def test_many_requests_on_one_connection(connect: Connect, sized: Sized) -> None:
    reader, writer = await connect()
    for size in (0, 3, 70_000, 5):
        writer.write(POST % size + bytes(size))
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert await reader.readexactly(len(str(size))) == str(size).encode()
    # an empty connection is not ended early
    await asyncio.sleep(1.5)
    writer.write(POST % 1 + b"a")
    assert (await reader.readuntil(b"\r\n\r\n1")).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("later", [0.0, 0.1])
async def test_requests_behind_each_other_are_answered_in_order(connect: Connect, sized: Sized, later: float) -> None:
    sized.later = later
    reader, writer = await connect()
    writer.write(b"".join(POST % size + bytes(size) for size in range(10, 20)))
    for size in range(10, 20):
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).startswith(b"HTTP/1.1 200 ")
        assert await reader.readexactly(2) == str(size).encode()


@pytest.mark.parametrize(
    "head",
    [POST.replace(b"1.1", b"1.0"), POST.replace(b"host", b"connection: close\r\nhost")],
    ids=["HTTP/1.0", "connection: close"],
)
async def test_the_sender_may_want_one_answer_only(connect: Connect, head: bytes) -> None:
    reader, writer = await connect()
    writer.write(head % 3 + b"abc")
    answer = await end_of(reader)
    assert answer.endswith(b"\r\n\r\n3")
    assert b"\r\nconnection: close\r\n" in answer


@in_one_piece
async def test_a_body_in_pieces_goes_the_long_way(connect: Connect, sized: Sized) -> None:
    reader, writer = await connect()
    writer.write(POST % 6 + b"abc")
    await asyncio.sleep(0.05)
    writer.write(b"def" + POST % 2 + b"gh")
    assert (await reader.readuntil(b"\r\n\r\n6")).startswith(b"HTTP/1.1 200 ")
    assert (await reader.readuntil(b"\r\n\r\n2")).startswith(b"HTTP/1.1 200 ")
    writer.write(POST % 1 + b"i")
    assert (await reader.readuntil(b"\r\n\r\n1")).startswith(b"HTTP/1.1 200 ")
    assert [arrived.body for arrived in sized.taken] == [b"i"]


@in_one_piece
async def test_what_arrived_is_what_was_sent(connect: Connect, sized: Sized) -> None:
    reader, writer = await connect()
    request = b"PUT /webhooks/x/y?a=b HTTP/1.1\r\nHost: h\r\nX-One: 1\r\nx-one: 2\r\ncontent-length: 2\r\n\r\n{}"
    writer.write(request.replace(b"a=b", b"a=b%20c"))
    await reader.readuntil(b"\r\n\r\n2")
    assert not sized.taken  # quoted letters are uvicorn's
    writer.write(request)
    await reader.readuntil(b"\r\n\r\n2")
    (arrived,) = sized.taken
    assert (arrived.method, arrived.path, arrived.query) == ("PUT", "/webhooks/x/y", "a=b")
    assert arrived.raw_path == arrived.path
    assert arrived.headers == ((b"host", b"h"), (b"x-one", b"1"), (b"x-one", b"2"), (b"content-length", b"2"))
    assert (arrived.client, arrived.scheme, arrived.body) == ("127.0.0.1", "http", b"{}")


@in_one_piece
async def test_the_sender_is_told_before_it_sends_a_body(connect: Connect, sized: Sized) -> None:
    reader, writer = await connect()
    writer.write((POST % 3).replace(b"host", b"expect: 100-continue\r\nhost"))
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
    writer.write(b"abc")
    assert (await reader.readuntil(b"\r\n\r\n3")).startswith(b"HTTP/1.1 200 ")


@in_one_piece
@pytest.mark.parametrize("what", [b"/bug", b"/status", b"/name", b"/value"])
async def test_a_bug_is_answered(connect: Connect, sized: Sized, what: bytes) -> None:
    """Also a plugin's answer that HTTP does not have."""
    reader, writer = await connect()
    writer.write(POST.replace(b"/x", what) % 3 + b"abc")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 500 ")


@in_one_piece
async def test_who_went_away_is_not_answered(connect: Connect, sized: Sized) -> None:
    sized.later = 0.1
    _, gone = await connect()
    gone.write(POST % 3 + b"abc")
    gone.transport.abort()
    reader, writer = await connect()
    writer.write(POST % 4 + b"abcd")
    assert (await reader.readuntil(b"\r\n\r\n4")).startswith(b"HTTP/1.1 200 ")


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


async def fed(data: bytes) -> tuple[Connection, Transport]:
    import uvicorn
    from uvicorn.server import ServerState

    config = uvicorn.Config(app, log_config=None)
    config.load()
    connection, transport = Connection(config, ServerState(), {}), Transport()
    connection.connection_made(transport)
    connection.data_received(data)
    await asyncio.gather(*connection.tasks)
    return connection, transport
