"""The guard of the console listener: strangers, other sites' pages and rebound names are kept out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.web.guard import Guard, Receive, Scope, Send, hostname

TOKEN = "correct horse"


async def answer(guard: Guard, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """One request: status, headers, body. An underscore in a header's name is a hyphen."""
    pairs = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await guard({"type": "http", "method": method, "path": "/", "headers": pairs}, receive, send)
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], found, sent[1]["body"]


async def inside(scope: Scope, receive: Receive, send: Send) -> None:
    """What is guarded."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"inside"})


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8001", "localhost:8001", "localhost", "LOCALHOST:1", "[::1]:8001", "[::1]"]
)
async def test_without_a_token_this_machine_is_served(host: str) -> None:
    assert (await answer(Guard(inside, None), host=host))[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8001", "evil.example:127.0.0.1"),
        *("192.168.0.1", "", "::1", "[::1].evil.example", "127.0.0.1@evil.example", "localhost:8001:evil", "\xff"),
    ],
)
async def test_without_a_token_a_rebound_name_is_refused(host: str) -> None:
    status, headers, body = await answer(Guard(inside, None), host=host)
    assert status == 421
    assert headers["content-type"] == "application/problem+json"
    assert json.loads(body)["type"] == "urn:webhook-hub:problem:host"


async def test_without_a_token_a_request_without_host_is_refused() -> None:
    assert (await answer(Guard(inside, None)))[0] == 421


async def test_the_first_of_two_hosts_counts() -> None:
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", b"evil"), (b"host", b"localhost")]}
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {}

    await Guard(inside, None)(scope, receive, send)
    assert sent[0]["status"] == 421


@pytest.mark.parametrize("given", [f"Bearer {TOKEN}", f"bearer  {TOKEN} "])
async def test_the_token_lets_in_from_anywhere(given: str) -> None:
    assert (await answer(Guard(inside, TOKEN), host="hub.example", authorization=given))[0] == 200


@pytest.mark.parametrize(
    "given",
    [None, "", TOKEN, "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", "Bearer \xff"],
)
async def test_without_the_token_nobody_gets_in(given: str | None) -> None:
    headers = {"host": "localhost"} | ({} if given is None else {"authorization": given})
    status, found, body = await answer(Guard(inside, TOKEN), **headers)
    assert status == 401
    assert found["www-authenticate"].startswith("Bearer")
    assert TOKEN.encode() not in body


@pytest.mark.parametrize("media", [None, "text/plain", "application/x-www-form-urlencoded", "text/json", ""])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_a_page_of_another_site_cannot_change_anything(method: str, media: str | None) -> None:
    headers = {} if media is None else {"content_type": media}
    assert (await answer(Guard(inside, None), method, host="localhost", **headers))[0] == 415
    headers["authorization"] = f"Bearer {TOKEN}"
    assert (await answer(Guard(inside, TOKEN), method, host="localhost", **headers))[0] == 415


async def test_json_is_taken() -> None:
    media = "application/json; charset=utf-8"
    assert (await answer(Guard(inside, None), "POST", host="localhost", content_type=media))[0] == 200


async def test_a_preflight_is_not_answered_with_cors() -> None:
    _, headers, _ = await answer(Guard(inside, None), "OPTIONS", host="localhost", origin="https://evil.example")
    assert not [name for name in headers if name.startswith("access-control")]


async def test_a_websocket_is_closed() -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {}

    await Guard(inside, None)({"type": "websocket", "headers": []}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1000}]


def test_a_host_without_its_port() -> None:
    assert [hostname(text) for text in ("A.b:80", "a.b", "[::1]:80", "[::1]", "a:b")] == [
        "a.b",
        "a.b",
        "[::1]",
        "[::1]",
        "a:b",
    ]
