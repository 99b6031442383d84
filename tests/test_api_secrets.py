"""Secrets that handshakes bring: the first one is trusted, later ones wait for a person, none is shown whole."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from api_kit import Running, acme_folder, running

from hub.request import Request

URL = "http://h/webhooks/notion"
HEADERS = {"content-type": "application/json"}
FIRST, SECOND = "secret_of-the-first-handshake", "secret_of-the-second-handshake"


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(acme_folder(tmp_path, "[providers.notion]\n")) as found:
        yield found


async def greet(console: Running, token: str) -> None:
    body = json.dumps({"verification_token": token}).encode()
    outcome = await console.hub.receive("notion", Request.make("POST", URL, HEADERS, body))
    assert (outcome.status, outcome.stage) == (200, "handshake")


async def send(console: Running, secret: str) -> int:
    request = Request.make("POST", URL, HEADERS, b'{"type":"page.created"}')
    signed = console.hub.sources["notion"].provider.verify.sign(request, {"secret": secret})
    return (await console.hub.receive("notion", signed)).status


async def listed(console: Running) -> dict[str, dict[str, Any]]:
    rows = (await console.get("/api/secrets"))["items"]
    assert FIRST not in str(rows) and SECOND not in str(rows)
    return {row["state"]: row for row in rows}


async def test_the_first_one_is_trusted_and_the_next_one_waits(console: Running) -> None:
    assert await send(console, FIRST) == 403
    await greet(console, FIRST)
    assert await send(console, FIRST) == 200
    await greet(console, SECOND)
    assert (await send(console, SECOND), await send(console, FIRST)) == (403, 200)
    rows = await listed(console)
    assert rows.keys() == {"trusted", "waiting"}
    assert rows["waiting"] == {
        "id": rows["waiting"]["id"],
        "source": "notion",
        "option": "secret",
        "state": "waiting",
        "ends": "…hake",
    }


async def test_what_a_person_accepts_is_trusted_at_once_beside_the_first(console: Running) -> None:
    await greet(console, FIRST)
    await greet(console, SECOND)
    wanted = (await listed(console))["waiting"]["id"]
    answer = await console.post("/api/secrets/accept", id=wanted[:8])
    assert [row["id"] for row in answer["accepted"]] == [wanted]
    assert SECOND not in str(answer)
    assert (await send(console, FIRST), await send(console, SECOND)) == (200, 200)


async def test_what_is_dropped_is_refused_and_the_next_first_is_trusted(console: Running) -> None:
    await greet(console, FIRST)
    answer = await console.post("/api/secrets/drop", id=[(await listed(console))["trusted"]["id"]])
    assert len(answer["dropped"]) == 1
    assert await send(console, FIRST) == 403
    await greet(console, SECOND)
    assert await send(console, SECOND) == 200


async def test_the_same_secret_again_changes_nothing(console: Running) -> None:
    for _ in range(2):
        await greet(console, FIRST)
    assert (await listed(console)).keys() == {"trusted"}


async def test_two_at_the_same_moment_are_not_both_the_first(console: Running) -> None:
    await asyncio.gather(greet(console, FIRST), greet(console, SECOND))
    assert (await listed(console)).keys() == {"trusted", "waiting"}


async def test_a_configured_secret_is_the_first(tmp_path: Path) -> None:
    async with running(acme_folder(tmp_path, f'[providers.notion]\nsecret = "{FIRST}"\n')) as console:
        await greet(console, SECOND)
        assert (await send(console, FIRST), await send(console, SECOND)) == (200, 403)
        assert (await listed(console)).keys() == {"waiting"}


async def test_a_flood_of_handshakes_leaves_little(console: Running) -> None:
    for number in range(1000):
        await greet(console, f"secret_{number}")
    rows = (await console.get("/api/secrets"))["items"]
    assert [row["state"] for row in rows].count("trusted") == 1
    assert len(rows) <= 21


async def test_what_is_not_known_changes_nothing(console: Running) -> None:
    await greet(console, FIRST)
    known = (await listed(console))["trusted"]["id"]
    for body in ({}, {"id": []}, {"all": True}, {"id": "zz"}, {"id": [known, "zz"]}):
        for what in ("accept", "drop"):
            await console.post(f"/api/secrets/{what}", 400, **body)
    assert (await listed(console)).keys() == {"trusted"}
