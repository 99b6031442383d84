"""What subscribers send over HTTP, beside what httpx2's own connections would send, and over which connections."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from subscriber_kit import NO_CONTENT, answering, failure, listening, server

from hub.client import make_client


async def httpx2s():
    """The same http_client, over httpx2's own connections."""
    client = make_client(2.0)
    await client._transport.aclose()
    client._transport = httpx2.AsyncHTTPTransport()
    return client


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
async def test_what_is_sent_is_what_httpx2_would_send(http_client, name):
    given = dict(REQUESTS[name])
    path = given.pop("url")
    seen = []
    async with server() as target:
        for one in (http_client, await httpx2s()):
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
async def test_what_is_no_header_is_refused_before_anything_is_sent(http_client, name, value):
    async with server() as target:
        with pytest.raises(httpx2.LocalProtocolError, match="Illegal header"):
            await http_client.post(target.url, headers={name: value})
    assert not target.requests


async def test_a_user_and_a_password_in_the_url(http_client):
    async with server() as target:
        await http_client.post(target.url.replace("//", "//me:p%40ss@") + "/x", content=b"1")
    assert target.headers["authorization"] == "Basic bWU6cEBzcw=="
    assert target.headers["host"] == target.url.removeprefix("http://")


async def test_connections_are_used_again_but_not_those_that_the_server_has_closed(http_client):
    connections = 0

    async def two_then_close(reader, writer):
        nonlocal connections
        connections += 1
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(NO_CONTENT)
            await writer.drain()

    async with listening(two_then_close) as url:
        for _ in range(6):
            assert (await http_client.post(url)).status_code == 204
            await asyncio.sleep(0.02)
    assert connections == 3


async def test_nobody_listens(http_client, unused_tcp_port):
    error = await failure(http_client, f"http://127.0.0.1:{unused_tcp_port}")
    assert isinstance(error, httpx2.ConnectError)
    assert "127.0.0.1" in str(error)


async def test_an_unknown_host(http_client):
    assert isinstance(await failure(http_client, "http://no-such-host.invalid"), httpx2.ConnectError)


async def test_no_connection_in_time(http_client):
    # the handshake of TLS is a part of it
    async def silent(reader, writer):
        await reader.read()

    async with listening(silent) as url:
        error = await failure(http_client, url.replace("http:", "https:"), timeout=httpx2.Timeout(5, connect=0.2))
    assert isinstance(error, httpx2.ConnectTimeout)


async def test_a_connection_is_not_used_when_the_server_is_about_to_close_it(http_client, monkeypatch):
    monkeypatch.setattr("hub.connections.KEEP_ALIVE", 0.1)
    connections = 0

    async def fine(reader, writer):
        nonlocal connections
        connections += 1
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(NO_CONTENT)

    async with listening(fine) as url:
        for pause in (0, 0.12):
            await http_client.post(url)
            await asyncio.sleep(pause)
        await http_client.post(url)
    assert connections == 2


async def test_over_ipv6_and_by_name(http_client):
    async with listening(answering(NO_CONTENT)) as url:
        assert (await http_client.post(url.replace("127.0.0.1", "localhost"))).status_code == 204
    try:
        async with listening(answering(NO_CONTENT), "::1") as url:
            assert (await http_client.post(url)).status_code == 204
    except OSError:
        return  # no IPv6 here


@pytest.mark.parametrize("size", [10_000, 20_000_000])
async def test_a_target_that_does_not_read(http_client, size):
    async def deaf(reader, writer):
        await asyncio.sleep(5)

    async with listening(deaf) as url:
        with pytest.raises(httpx2.TimeoutException):
            await http_client.post(url, content=bytes(size), timeout=httpx2.Timeout(0.2))


@pytest.mark.parametrize("name", ["transfer-encoding: chunked", "content-length: 2", "expect: x", "connection: close"])
async def test_headers_that_say_where_a_body_ends_are_httpx2s_business(http_client, name):
    seen = []
    for one in (make_client(2.0), await httpx2s()):
        async with server() as target, one:
            try:
                await one.post(target.url, content=b"abcd", headers=dict([name.split(": ")]))
            except Exception as error:  # h11's own, too
                seen.append(type(error))
            else:
                line, headers, body = target.requests[0]
                seen.append((line, sorted(pair for pair in headers if pair[0] != "host"), body))
    assert seen[0] == seen[1]


async def test_many_at_once(http_client):
    async with server() as target:
        answers = await asyncio.gather(*(http_client.post(target.url, content=b"%d" % number) for number in range(150)))
    assert {answer.text for answer in answers} == {"ok"}
    assert len({body for _, _, body in target.requests}) == 150


async def test_an_attempt_that_is_given_up_takes_its_connection_with_it(http_client):
    ended = asyncio.Event()

    async def silent(reader, writer):
        await reader.read()
        ended.set()

    async with listening(silent) as url:
        task = asyncio.create_task(http_client.post(url, content=b"x"))
        await asyncio.sleep(0.05)
        task.cancel()
        async with asyncio.timeout(5):
            await ended.wait()


async def test_idle_connections_are_closed(http_client, monkeypatch):
    monkeypatch.setattr("hub.connections.KEEP_ALIVE", 0.1)
    ended = asyncio.Event()

    async def waits(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(NO_CONTENT)
        await reader.read()
        ended.set()

    async with listening(waits) as url:
        await http_client.post(url)
        async with asyncio.timeout(5):
            await ended.wait()


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


async def test_a_certificate_that_nobody_trusts_is_refused(http_client, tmp_path):
    async def never(reader, writer):
        raise AssertionError("it was sent")

    async with listening(never, ssl=certificate(tmp_path)) as url:
        error = await failure(http_client, url)
    assert isinstance(error, httpx2.ConnectError)
    assert "certificate verify failed" in str(error)


async def test_a_proxy_of_the_environment_is_used(http_client, monkeypatch):
    async with server() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        async with make_client(5.0) as proxied:
            await proxied.post("http://target.invalid/x", content=b"1")
    assert proxy.requests[0][0] == "POST http://target.invalid/x HTTP/1.1"
