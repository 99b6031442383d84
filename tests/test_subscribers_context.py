"""What subscribers are lent: the HTTP client against real servers, and templates."""

import logging
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from subscriber_kit import EVENT, listening, server

from hub.context import SubscriberContext
from hub.errors import Reject
from hub.request import Request


@pytest.fixture
async def context():
    async def request(event):
        return Request.make(body=event.id)

    lent = SubscriberContext("sales", Path("/etc"), request, timeout=5)
    yield lent
    await lent.close()


def answer(status, body=b"", **headers):
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join([f"HTTP/1.1 {status}", f"content-length: {len(body)}", *lines])
    return head.encode() + b"\r\n\r\n" + body


async def test_it_knows_its_name_folder_and_request(context):
    assert (context.name, context.folder) == ("sales", Path("/etc"))
    assert (await context.request(EVENT)).body == EVENT.id.encode()


async def test_a_good_answer_is_returned_over_one_connection(context):
    async with server() as target:
        for _ in range(2):
            assert (await context.http.post(target.url, content=b"x")).text == "ok"
        assert context.http is context.http
    assert target.headers["user-agent"] == "webhook-hub"
    assert target.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("status", ["300 Choices", "304 Not Modified", "400 Bad Request", "503 Unavailable"])
async def test_every_status_but_2xx_is_an_error(context, status):
    async with server(answer(status)) as target:
        with pytest.raises(httpx2.HTTPStatusError, match=f"^{status}$"):
            await context.http.post(target.url)


async def test_the_error_has_the_answer_and_its_headers(context):
    body = b'{"error":\n  "no_such_channel"}'
    async with server(answer("429 Slow Down", body, **{"retry-after": "30"})) as target:
        with pytest.raises(httpx2.HTTPStatusError, match=r'^429 Slow Down: {"error": "no_such_channel"}$') as error:
            await context.http.post(target.url)
    assert error.value.response.headers["retry-after"] == "30"
    assert error.value.response.json() == {"error": "no_such_channel"}


async def test_errors_and_logs_hide_what_may_be_a_credential(context, caplog):
    caplog.set_level(logging.INFO)
    url, token = "/services/T0000/B0000000/abcdefghijklmnopqrstuvwx", "s3cret-token-of-mine"
    echo = f"cannot POST {url}?key={token}; abcdefghijklmnopqrstuvwx; token {token}; Bearer {token}".encode()
    async with server(answer("404 Not Found", echo)) as target:
        with pytest.raises(httpx2.HTTPStatusError) as error:
            await context.http.post(f"{target.url}{url}?key={token}", headers={"authorization": f"Bearer {token}"})
    assert str(error.value) == "404 Not Found: cannot POST [hidden]; [hidden]; token [hidden]; [hidden]"
    assert "abcdefghijklmnopqrstuvwx" not in caplog.text + repr(error.value)


async def test_a_redirect_is_not_followed_and_names_the_new_address(context):
    async with server(answer("301 Moved", location="https://new.example/hook")) as target:
        with pytest.raises(httpx2.HTTPStatusError, match=r"^301 Moved to https://new\.example/hook"):
            await context.http.post(target.url)
    assert len(target.requests) == 1


async def test_cookies_are_not_kept(context):
    async with server(answer("200 OK", **{"set-cookie": "a=b"})) as target:
        await context.http.post(target.url)
        await context.http.post(target.url)
    assert "cookie" not in target.headers


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_endless_answer_ends(context, method):
    async def endless(reader, writer):
        status = (await reader.readuntil(b"\r\n\r\n")).split()[1][1:]
        writer.write(b"HTTP/1.1 " + status + b" X\r\ncontent-type: text/plain\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async with listening(endless) as url:
        with pytest.raises(httpx2.HTTPStatusError) as error:
            await context.http.request(method, f"{url}/500")
        assert len(error.value.response.content) == 65536
        assert len(str(error.value)) < 250
        with pytest.raises(httpx2.ReadError, match="larger than 10485760 bytes"):
            await context.http.request(method, f"{url}/200")
        await context.close()


async def test_after_close_there_is_a_new_client(context):
    first = context.http
    await context.close()
    await context.close()
    assert first.is_closed
    assert context.http is not first


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ event.source }}: {{ event.type }}", "github: github.push"),
        ("{{ event.data.ref }} {{ event.data.commits[0].message }}", "refs/heads/main Fix"),
        ("[{{ event.data.no.such.thing }}] [{{ event.data.commits[7].message }}]", "[] []"),
        ("{{ event.data.none }}|{{ event.data.yes }}|{{ event.data.n }}", "|true|7"),
        ("{{ event.time }} {{ event.receivedat }}", "2026-05-01T11:59:58Z 2026-05-01T12:00:00.250000Z"),
        ("{{ event.data.commits }} {{ event.data.none | tojson }}", '[{"message":"Fix"}] null'),
        ("{{ event.data.nothing | tojson }} {{ event.data.amp | tojson }}", 'null "<a & b>"'),
        ("{{ event.data.items }} {{ event.data.keys() | list | length }}", "[1] 8"),
        ("{% for c in event.data.commits %}{{ c.message }}{% endfor %}", "Fix"),
        ("{{ event.data.amp }} {{ event.data.half }}\n", "<a & b> x\ufffdy\n"),
        ("{{ event.data.title or 'untitled' }}", "untitled"),
    ],
)
async def test_templates(context, template, text):
    data = {**EVENT.data, "none": None, "yes": True, "n": 7, "items": [1], "amp": "<a & b>", "half": "x\ud83dy"}
    assert context.render(template, replace(EVENT, data=data)) == text


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("line\n{{ event.type", "error in line 2: unexpected end"),
        ("{{ evnt.type }}", "it names evnt, but there is only `event`"),
        ("{{ event.typ }}", "an event has no 'typ'; what the platform sent is in `event.data`"),
        ("{{ event.data.ref + 1 }}", "TypeError"),
        ("{{ event.__class__ }}", "'__class__' of 'Event' object is unsafe"),
        ("{{ event.cloudevent.__globals__ }}", "unsafe"),
        ("{{ event.data.update({'ref': 1}) }}", "is unsafe"),
        ("{{ event.data.commits.append(1) }}", "is unsafe"),
        ("{% include '/etc/passwd' %}", "no loader"),
    ],
)
async def test_a_template_that_fails_says_why(context, template, problem):
    with pytest.raises(Reject, match=problem):
        context.render(template, EVENT)
    assert EVENT.data["ref"] == "refs/heads/main"


async def test_templates_made_by_code_do_not_pile_up(context):
    for number in range(300):
        assert context.render(f"{number} {{{{ event.id }}}}", EVENT) == f"{number} {EVENT.id}"
    kept = context._templates._compiled.cache_info()
    assert kept.currsize == 256
    context.render("299 {{ event.id }}", EVENT)
    assert context._templates._compiled.cache_info().hits == kept.hits + 1
