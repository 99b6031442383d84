"""What the HTTP client of subscribers makes of the answers of targets: good ones, sloppy ones, and what is none."""

import asyncio

import httpx2
import pytest
from subscriber_kit import answering, failure, listening, server


async def test_no_answer_in_time(http_client):
    async def silent(reader, writer):
        await reader.read()

    async with listening(silent) as url:
        error = await failure(http_client, url, timeout=httpx2.Timeout(0.2))
    assert isinstance(error, httpx2.ReadTimeout)
    assert str(error) == "no answer from 127.0.0.1 in time"


async def test_an_answer_that_stops_in_the_middle(http_client):
    async with listening(answering(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")) as url:
        assert isinstance(await failure(http_client, url), httpx2.RemoteProtocolError)


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n"])
async def test_no_http(http_client, answer):
    async with listening(answering(answer)) as url:
        assert isinstance(await failure(http_client, url), httpx2.RemoteProtocolError)


async def test_a_reset_connection(http_client):
    async def resets(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    async with listening(resets) as url:
        assert isinstance(await failure(http_client, url), httpx2.TransportError)


ENDLESS = {
    "header": b"HTTP/1.1 200 OK\r\nX-Endless: ",
    "trailer": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Endless: ",
    "answers": b"HTTP/1.1 100 Continue\r\n\r\n" * 2000,
}


@pytest.mark.parametrize("start", ENDLESS.values(), ids=ENDLESS)
async def test_a_head_without_an_end(http_client, start):
    async def endless(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(start)
        while True:
            writer.write(start if start.endswith(b"\r\n\r\n") else b"x" * 65536)
            await writer.drain()

    async with listening(endless) as url:
        error = await failure(http_client, url)
    assert "head is larger" in str(error)


async def test_what_is_closed_gives_no_more(http_client):
    async with server() as target, http_client.stream("POST", target.url) as answer:
        chunks = answer.stream.__aiter__()
        assert await anext(chunks) == b"ok"
        await answer.aclose()
        await http_client.post(target.url)
        with pytest.raises(StopAsyncIteration):
            await anext(chunks)


async def test_a_chunk_that_is_none(http_client):
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"
    async with listening(answering(chunked, b"no number\r\n", stays=True)) as url:
        assert isinstance(await failure(http_client, url), httpx2.RemoteProtocolError)


async def test_a_body_that_stops_coming(http_client):
    async with listening(answering(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", stays=True)) as url:
        assert isinstance(await failure(http_client, url, timeout=httpx2.Timeout(0.2)), httpx2.ReadTimeout)


HEAD = b"HTTP/1.1 200 OK\r\n"
SLOPPY = {
    "204 with a body": b"HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\nok",
    "204 that only says so": b"HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\n",
    "204 with a last chunk": b"HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "204 with other bytes": b"HTTP/1.1 204 No Content\r\n\r\nok",
    "too many bytes": HEAD + b"content-length: 2\r\n\r\nok and more",
    "a length and chunks": HEAD + b"content-length: 7\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "many headers": HEAD + b"x-a: b\r\n" * 500 + b"content-length: 0\r\n\r\n",
    "informational ones before": b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + HEAD + b"content-length: 0\r\n\r\n",
    "continue": b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"content-length: 0\r\n\r\n",
    "no reason": b"HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n",
    "1.0": b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
    "lines without CR": b"HTTP/1.1 200 OK\ncontent-length: 2\n\nok",
    "a folded header": HEAD + b"x-a: b\r\n c\r\ncontent-length: 0\r\n\r\n",
    "a space behind a chunk's size": HEAD + b"transfer-encoding: chunked\r\n\r\n2 \r\nok\r\n0\r\n\r\n",
    "a trailer": HEAD + b"transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-sum: 1\r\n\r\n",
    "in pieces": b"HTTP/1.1 200 OK\r\nX-Long-Name: " + b"y" * 3000 + b"\r\ncontent-length: 5\r\n\r\nhello",
}


@pytest.mark.parametrize("name", SLOPPY)
async def test_a_good_answer_of_a_sloppy_server_is_one(http_client, name):
    asked = 0

    async def sloppy(reader, writer):
        nonlocal asked
        while await reader.readuntil(b"\r\n\r\n"):
            asked += 1
            step = 1000 if name == "in pieces" else len(SLOPPY[name])
            for start in range(0, len(SLOPPY[name]), step):
                writer.write(SLOPPY[name][start : start + step])
                await asyncio.sleep(0.002)

    async with listening(sloppy) as url:
        for number in range(1, 4):
            answer = await http_client.post(url)
            assert answer.is_success
            assert asked == number
            assert "link" not in answer.headers


async def test_large_headers_of_an_answer(http_client):
    async with server(b"HTTP/1.1 200 OK\r\nx-large: " + b"x" * 30_000 + b"\r\ncontent-length: 0\r\n\r\n") as target:
        assert len((await http_client.post(target.url)).headers["x-large"]) == 30_000


async def test_repeated_headers_of_an_answer(http_client):
    async with server(b"HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: \xe9\r\ncontent-length: 0\r\n\r\n") as target:
        answer = await http_client.post(target.url)
    assert [value for name, value in answer.headers.raw if name == b"X-A"] == [b"1", b"\xe9"]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_chunked_answer_and_one_that_ends_with_the_connection(http_client, method):
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    async with server(chunked) as target:
        assert (await http_client.request(method, target.url)).text == "abcde"

    async with listening(answering(b"HTTP/1.0 200 OK\r\n\r\nuntil ", b"the end")) as url:
        assert (await http_client.request(method, url)).text == "until the end"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_is_not_read_to_its_end_closes_its_connection(http_client, method):
    ended = asyncio.Event()

    async def endless(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                writer.write(bytes(65536))
                await writer.drain()
        finally:
            ended.set()

    async with listening(endless) as url:
        async with http_client.stream(method, url) as answer:
            async for _ in answer.aiter_bytes():
                break
        async with asyncio.timeout(5):
            await ended.wait()
