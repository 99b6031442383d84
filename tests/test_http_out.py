"""What subscribers send over HTTP, beside what httpx2's own connections would send, and how it fails."""

import asyncio
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from subscriber_kit import server

from hub.client import make_client
from hub.connections import Connections
from hub.retry import classify


@pytest.fixture
async def client(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    async with make_client(5.0) as client:
        yield client


@asynccontextmanager
async def raw(conversation, **options):
    """A server that holds one conversation a connection; its address."""

    async def serve(reader, writer):
        try:
            await conversation(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, **options)
    try:
        yield f"{'https' if options else 'http'}://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    finally:
        listener.close()
        await listener.wait_closed()


async def streamed():
    yield b"one "
    yield b"two"


MULTIPART = {"content-type": "multipart/form-data; boundary=b"}
REQUESTS = {
    "json": {"method": "POST", "url": "/hook", "json": {"a": "ä"}},
    "bytes": {"method": "POST", "url": "/a%2Fb%20c?x=%zz&y=a+b&y=;:@", "content": b"\x00\xff" * 5000},
    "large": {"method": "PUT", "url": "/", "content": bytes(3_000_000)},
    "empty": {"method": "POST", "url": "/", "content": b""},
    "get": {"method": "GET", "url": "/?q=a%26b"},
    "delete": {"method": "DELETE", "url": "/x"},
    "odd": {"method": "PURGE", "url": "/x", "content": b"y"},
    "form": {"method": "POST", "url": "/", "data": {"a": "1 2", "b": "ü"}},
    "file": {"method": "POST", "url": "/", "files": {"f": ("n.txt", b"abc")}, "headers": MULTIPART},
    "twice": {
        "method": "POST",
        "url": "/",
        "content": b"x",
        "headers": [("X-Twice", "1"), ("x-Other", "3"), ("X-Twice", "2"), ("Content-Type", "text/x")],
    },
    "latin-1": {"method": "POST", "url": "/", "content": b"x", "headers": [(b"X-Name", b"Zo\xeb \xff")]},
    "ours": {"method": "POST", "url": "/", "headers": {"user-agent": "me", "accept": "a/b", "host": "h"}},
    "streamed": {"method": "POST", "url": "/", "content": streamed, "headers": {"content-length": "7"}},
}


@pytest.mark.parametrize("name", REQUESTS)
async def test_what_is_sent_is_what_httpx2_would_send(client, name):
    given = dict(REQUESTS[name])
    path = given.pop("url")
    seen = []
    async with server() as target:
        for one in (client, make_client(5.0)):
            if one is not client:
                await one._transport.aclose()
                one._transport = httpx2.AsyncHTTPTransport()
            content = {"content": given["content"]()} if callable(given.get("content")) else {}
            answer = await one.request(**{**given, **content}, url=target.url + path)
            assert (answer.status_code, answer.text, answer.reason_phrase) == (200, "ok", "OK")
            line, headers, body = target.requests[-1]
            # of an empty body both may be said, or nothing
            seen.append((line, sorted(pair for pair in headers if pair != ("content-length", "0")), body))
        await one.aclose()
    assert seen[0] == seen[1]


NO_HEADERS = [("x", "a\r\nX-Y: b"), ("x", "a\x00b"), ("x y", "1"), ("", "1"), ("x", " 1")]


@pytest.mark.parametrize(("name", "value"), NO_HEADERS)
async def test_what_is_no_header_is_refused_before_anything_is_sent(client, name, value):
    async with server() as target:
        with pytest.raises(httpx2.LocalProtocolError, match="Illegal header"):
            await client.post(target.url, headers={name: value})
    assert not target.requests


async def test_a_user_and_a_password_in_the_url(client):
    async with server() as target:
        await client.post(target.url.replace("//", "//me:p%40ss@") + "/x", content=b"1")
    assert target.headers["authorization"] == "Basic bWU6cEBzcw=="
    assert target.headers["host"] == target.url.removeprefix("http://")


async def test_connections_are_used_again_but_not_those_that_the_server_has_closed(client):
    connections = 0

    async def two_then_close(reader, writer):
        nonlocal connections
        connections += 1
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()

    async with raw(two_then_close) as url:
        for _ in range(6):
            assert (await client.post(url)).status_code == 204
            await asyncio.sleep(0.02)
    assert connections == 3


async def failure(client, url, **options):
    with pytest.raises(httpx2.TransportError) as raised:
        await client.post(f"{url}/secret-path?key=s3cret", content=b"x", **options)
    verdict = classify(raised.value)
    assert verdict.unreachable
    assert not verdict.dead
    assert "s3cret" not in verdict.reason + str(raised.value)
    assert "secret-path" not in verdict.reason + str(raised.value)
    return raised.value


async def test_nobody_listens(client, unused_tcp_port):
    error = await failure(client, f"http://127.0.0.1:{unused_tcp_port}")
    assert isinstance(error, httpx2.ConnectError)
    assert "127.0.0.1" in str(error)


async def test_an_unknown_host(client):
    assert isinstance(await failure(client, "http://no-such-host.invalid"), httpx2.ConnectError)


async def test_no_answer_in_time(client):
    async def silent(reader, writer):
        await reader.read()

    async with raw(silent) as url:
        error = await failure(client, url, timeout=httpx2.Timeout(0.2))
    assert isinstance(error, httpx2.ReadTimeout)
    assert str(error) == "no answer from 127.0.0.1 in time"


async def test_no_connection_in_time(client):
    # the handshake of TLS is a part of it
    async def silent(reader, writer):
        await reader.read()

    async with raw(silent) as url:
        error = await failure(client, url.replace("http:", "https:"), timeout=httpx2.Timeout(5, connect=0.2))
    assert isinstance(error, httpx2.ConnectTimeout)


async def test_an_answer_that_stops_in_the_middle(client):
    async def stops(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
        await writer.drain()

    async with raw(stops) as url:
        assert isinstance(await failure(client, url), httpx2.RemoteProtocolError)


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n"])
async def test_no_http(client, answer):
    async def other(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    async with raw(other) as url:
        assert isinstance(await failure(client, url), httpx2.RemoteProtocolError)


async def test_a_reset_connection(client):
    async def resets(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    async with raw(resets) as url:
        assert isinstance(await failure(client, url), httpx2.TransportError)


ENDLESS = {
    "header": b"HTTP/1.1 200 OK\r\nX-Endless: ",
    "trailer": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Endless: ",
    "answers": b"HTTP/1.1 100 Continue\r\n\r\n" * 2000,
}


@pytest.mark.parametrize("start", ENDLESS.values(), ids=ENDLESS)
async def test_a_head_without_an_end(client, start):
    async def endless(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(start)
        while True:
            writer.write(start if start.endswith(b"\r\n\r\n") else b"x" * 65536)
            await writer.drain()

    async with raw(endless) as url:
        error = await failure(client, url)
    assert "head is larger" in str(error)


async def test_a_connection_is_not_used_when_the_server_is_about_to_close_it(client, monkeypatch):
    monkeypatch.setattr("hub.connections.KEEP_ALIVE", 0.1)
    connections = 0

    async def fine(reader, writer):
        nonlocal connections
        connections += 1
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with raw(fine) as url:
        for pause in (0, 0.12):
            await client.post(url)
            await asyncio.sleep(pause)
        await client.post(url)
    assert connections == 2


async def test_what_is_closed_gives_no_more(client):
    async with server() as target, client.stream("POST", target.url) as answer:
        chunks = answer.stream.__aiter__()
        assert await anext(chunks) == b"ok"
        await answer.aclose()
        await client.post(target.url)
        with pytest.raises(StopAsyncIteration):
            await anext(chunks)


async def test_over_ipv6_and_by_name(client):
    async def fine(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()
        writer.close()

    async with raw(fine) as url:
        assert (await client.post(url.replace("127.0.0.1", "localhost"))).status_code == 204
    try:
        listener = await asyncio.start_server(fine, "::1", 0)
    except OSError:
        return  # no IPv6 here
    async with listener:
        assert (await client.post(f"http://[::1]:{listener.sockets[0].getsockname()[1]}")).status_code == 204


async def test_a_chunk_that_is_none(client):
    async def later(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")
        await asyncio.sleep(0.05)
        writer.write(b"no number\r\n")
        await reader.read()

    async with raw(later) as url:
        assert isinstance(await failure(client, url), httpx2.RemoteProtocolError)


async def test_a_body_that_stops_coming(client):
    async def stalls(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")
        await reader.read()

    async with raw(stalls) as url:
        assert isinstance(await failure(client, url, timeout=httpx2.Timeout(0.2)), httpx2.ReadTimeout)


@pytest.mark.parametrize("size", [10_000, 20_000_000])
async def test_a_target_that_does_not_read(client, size):
    async def deaf(reader, writer):
        await asyncio.sleep(5)

    async with raw(deaf) as url:
        with pytest.raises(httpx2.TimeoutException):
            await client.post(url, content=bytes(size), timeout=httpx2.Timeout(0.2))


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
async def test_a_good_answer_of_a_sloppy_server_is_one(client, name):
    asked = 0

    async def sloppy(reader, writer):
        nonlocal asked
        while await reader.readuntil(b"\r\n\r\n"):
            asked += 1
            step = 1000 if name == "in pieces" else len(SLOPPY[name])
            for start in range(0, len(SLOPPY[name]), step):
                writer.write(SLOPPY[name][start : start + step])
                await asyncio.sleep(0.002)

    async with raw(sloppy) as url:
        for number in range(1, 4):
            answer = await client.post(url)
            assert answer.is_success
            assert asked == number
            assert "link" not in answer.headers


@pytest.mark.parametrize("name", ["transfer-encoding: chunked", "content-length: 2", "expect: x", "connection: close"])
async def test_headers_that_say_where_a_body_ends_are_httpx2s_business(client, name):
    ours, theirs = make_client(2.0), make_client(2.0)
    await theirs._transport.aclose()
    theirs._transport = httpx2.AsyncHTTPTransport()
    seen = []
    for one in (ours, theirs):
        async with server() as target, one:
            try:
                await one.post(target.url, content=b"abcd", headers=dict([name.split(": ")]))
            except Exception as error:  # h11's own, too
                seen.append(type(error))
            else:
                seen.append((target.requests[0][0], sorted(target.requests[0][1])[:3]))
    assert seen[0] == seen[1] or name == "connection: close"


async def test_many_at_once(client):
    async with server() as target:
        answers = await asyncio.gather(*(client.post(target.url, content=b"%d" % number) for number in range(150)))
    assert {answer.text for answer in answers} == {"ok"}
    assert len({body for _, _, body in target.requests}) == 150


async def test_an_attempt_that_is_given_up_takes_its_connection_with_it(client):
    ended = asyncio.Event()

    async def silent(reader, writer):
        await reader.read()
        ended.set()

    async with raw(silent) as url:
        task = asyncio.create_task(client.post(url, content=b"x"))
        await asyncio.sleep(0.05)
        task.cancel()
        async with asyncio.timeout(5):
            await ended.wait()


async def test_idle_connections_are_closed(client, monkeypatch):
    monkeypatch.setattr("hub.connections.KEEP_ALIVE", 0.1)
    ended = asyncio.Event()

    async def waits(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await reader.read()
        ended.set()

    async with raw(waits) as url:
        await client.post(url)
        async with asyncio.timeout(5):
            await ended.wait()


async def test_large_headers_of_an_answer(client):
    async with server(b"HTTP/1.1 200 OK\r\nx-large: " + b"x" * 30_000 + b"\r\ncontent-length: 0\r\n\r\n") as target:
        assert len((await client.post(target.url)).headers["x-large"]) == 30_000


async def test_repeated_headers_of_an_answer(client):
    async with server(b"HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: \xe9\r\ncontent-length: 0\r\n\r\n") as target:
        answer = await client.post(target.url)
    assert [value for name, value in answer.headers.raw if name == b"X-A"] == [b"1", b"\xe9"]


async def test_a_chunked_answer_and_one_that_ends_with_the_connection(client):
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    async with server(chunked) as target:
        assert (await client.post(target.url)).text == "abcde"

    async def closes(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 OK\r\n\r\nuntil the end")

    async with raw(closes) as url:
        assert (await client.get(url)).text == "until the end"


def certificate(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + made.public_bytes(serialization.Encoding.PEM)
    (folder / "both.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return context


async def test_a_certificate_that_nobody_trusts_is_refused(client, tmp_path):
    async def never(reader, writer):
        raise AssertionError("it was sent")

    async with raw(never, ssl=certificate(tmp_path)) as url:
        error = await failure(client, url)
    assert isinstance(error, httpx2.ConnectError)
    assert "certificate verify failed" in str(error)


async def test_a_proxy_of_the_environment_is_used(client, monkeypatch):
    async with server() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        async with make_client(5.0) as proxied:
            await proxied.post("http://target.invalid/x", content=b"1")
    assert proxy.requests[0][0] == "POST http://target.invalid/x HTTP/1.1"


async def test_what_is_not_read_to_its_end_closes_its_connection():
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

    async with raw(endless) as url, httpx2.AsyncClient(transport=Connections()) as client:
        async with client.stream("GET", url) as answer:
            async for _ in answer.aiter_bytes():
                break
        async with asyncio.timeout(5):
            await ended.wait()
