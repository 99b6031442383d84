"""The http subscriber, against a real HTTP server; CloudEvents and Standard Webhooks as their specifications say."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
import standardwebhooks
from subscriber_kit import EVENT, running, server

from hub.errors import Reject
from hub.request import Request

ORIGINAL = Request.make(
    url="https://hub.example/webhooks/github?token=1&x=%20",
    headers=[
        ("Host", "hub.example"),
        ("Content-Length", "17"),
        ("Content-Type", "application/json"),
        ("Connection", "keep-alive, X-Hop"),
        ("X-Hop", "1"),
        ("Keep-Alive", "5"),
        ("TE", "trailers"),
        ("Transfer-Encoding", "chunked"),
        ("Accept-Encoding", "gzip"),
        ("User-Agent", "GitHub-Hookshot/1"),
        ("X-Hub-Signature-256", "sha256=abc"),
        ("X-Twice", "1"),
        ("X-Twice", "2"),
        ("Hub-Event-Id", "a stranger's"),
        ("X-Name", "Zoë"),
    ],
    body=b'{"ref" :  "\xff\x00"}',
)


async def test_the_original_is_forwarded_byte_for_byte(tmp_path):
    async with server() as target, running("http", tmp_path, kept=ORIGINAL, url=f"{target.url}/in?a=b") as http:
        await http.deliver(replace(EVENT, type="github.a b%"))
    line, headers, body = target.requests[0]
    assert line == "POST /in?a=b&token=1&x=%20 HTTP/1.1"
    assert body == ORIGINAL.body
    assert sorted(headers) == sorted(
        [
            ("host", target.url.removeprefix("http://")),
            ("accept", "*/*"),
            ("accept-encoding", "identity"),
            ("connection", "keep-alive"),
            ("content-length", "15"),
            ("content-type", "application/json"),
            ("user-agent", "GitHub-Hookshot/1"),
            ("x-hub-signature-256", "sha256=abc"),
            ("x-twice", "1"),
            ("x-twice", "2"),
            ("x-name", "Zo\xeb"),
            ("hub-event-id", EVENT.id),
            ("hub-event-type", "github.a%20b%25"),
            ("hub-event-source", "github"),
        ]
    )


@pytest.mark.parametrize(("option", "method"), [("", "GET"), ("PUT", "PUT")])
async def test_the_method_is_the_originals_unless_told(tmp_path, option, method):
    kept = Request.make("GET", "https://hub.example/webhooks/x?a=1")
    async with server() as target, running("http", tmp_path, kept=kept, url=target.url, method=option) as http:
        await http.deliver(EVENT)
    assert target.requests[0][0] == f"{method} /?a=1 HTTP/1.1"


async def test_an_original_that_is_no_longer_kept_is_given_up(tmp_path):
    async with running("http", tmp_path, kept=None, url="http://127.0.0.1:9") as http:
        with pytest.raises(Reject, match="no longer kept"):
            await http.deliver(EVENT)


async def test_structured_mode_is_cloudevents_json(tmp_path):
    async with server() as target, running("http", tmp_path, url=target.url, mode="structured") as http:
        await http.deliver(EVENT)
    assert target.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert json.loads(target.body) == EVENT.cloudevent()


async def test_binary_mode_has_the_attributes_in_headers(tmp_path):
    event = replace(EVENT, subject='Euro € 😀 "50%"', data={"a": "half \ud83d"})
    async with server() as target, running("http", tmp_path, url=target.url, mode="binary") as http:
        await http.deliver(event)
    attributes = {name[3:]: value for name, value in target.headers.items() if name.startswith("ce-")}
    # the example of the specification, 3.1.3.2, is "Euro € 😀"
    assert attributes.pop("subject") == "Euro%20%E2%82%AC%20%F0%9F%98%80%20%2250%25%22"
    expected = event.cloudevent()
    assert attributes == {
        name: expected[name] for name in ("specversion", "id", "source", "type", "provider", "deliveryid")
    } | {"time": "2026-05-01T11:59:58Z", "receivedat": "2026-05-01T12:00:00.250000Z"}
    assert target.headers["content-type"] == "application/json"
    assert json.loads(target.body) == event.data


async def test_headers_from_outside_can_neither_break_lines_nor_grow(tmp_path):
    event = replace(EVENT, subject="a\r\nX-Evil: 1\ud83d", deliveryid="x" * 10**6, time=None)
    async with server() as target, running("http", tmp_path, url=target.url, mode="binary") as http:
        await http.deliver(event)
    assert target.headers["ce-subject"] == "a%0D%0AX-Evil:%201?"
    assert unquote(target.headers["ce-deliveryid"]) == "x" * 1000
    assert "ce-time" not in target.headers
    assert "x-evil" not in target.headers


async def test_standard_webhooks_are_signed_as_its_library_verifies(tmp_path):
    secret = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    options = {"mode": "standard-webhooks", "secret": secret}
    async with server() as target, running("http", tmp_path, url=target.url, **options) as http:
        await http.deliver(replace(EVENT, type='github."x"'))
        assert secret[6:] not in repr(http)
    payload = standardwebhooks.Webhook(secret).verify(target.body, target.headers)
    assert payload == {"type": 'github."x"', "timestamp": "2026-05-01T11:59:58Z", "data": EVENT.data}
    assert target.headers["webhook-id"] == EVENT.id
    assert abs(int(target.headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 60


@pytest.mark.parametrize("mode", ["original", "structured", "binary"])
async def test_headers_of_the_configuration_win(tmp_path, mode):
    headers = {"Authorization": "Bearer s3cret-of-the-target", "User-Agent": "mine", "X-Hub-Signature-256": "none"}
    async with (
        server() as target,
        running("http", tmp_path, kept=ORIGINAL, url=target.url, mode=mode, headers=headers) as http,
    ):
        await http.deliver(EVENT)
        assert "s3cret" not in repr(http)
    got = [(name, value) for name, value in target.requests[0][1] if name in {key.lower() for key in headers}]
    assert sorted(got) == sorted((name.lower(), value) for name, value in headers.items())


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"url": "ftp://x"}, "url starts with"),
        ({"headers": {"A b": "x"}}, "'A b' cannot be a header"),
        ({"headers": {"Authorization": "s3cret\n"}}, "'Authorization' cannot be a header"),
        ({"mode": "standard-webhooks"}, "needs it"),
        ({"mode": "standard-webhooks", "secret": "s3cret!"}, "secret is"),
        ({"mode": "binary", "secret": "whsec_s3cret"}, "belongs to mode"),
    ],
)
async def test_wrong_options_are_found_before_the_first_event(tmp_path, options, problem):
    with pytest.raises(ValueError, match=problem) as error:
        async with running("http", tmp_path, **{"url": "http://127.0.0.1", **options}):
            pass
    assert "s3cret" not in str(error.value)
