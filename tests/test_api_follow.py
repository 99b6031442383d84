"""The live stream: server-sent events, from where the reader left off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from api_kit import Running, acme_folder, running
from cli_kit import append, event

from hub.web import api


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(acme_folder(tmp_path)) as one:
        yield one


async def messages(lines: AsyncIterator[str], count: int) -> list[tuple[str, dict[str, Any]]]:
    """The next events of a stream: (id, CloudEvents form)."""
    found: list[tuple[str, dict[str, Any]]] = []
    position = ""
    async for line in lines:
        if line.startswith("id: "):
            position = line[4:]
        elif line.startswith("data: "):
            found.append((position, orjson.loads(line[6:])))
            if len(found) == count:
                break
    return found


async def begun(response: httpx2.Response) -> AsyncIterator[str]:
    """The lines of a stream that has begun."""
    lines = response.aiter_lines()
    assert (await anext(lines)).startswith(":")
    return lines


async def test_events_come_as_they_are_kept(console: Running) -> None:
    await append(console.hub.log, [event(1)])
    async with console.client.stream("GET", "/api/follow") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = await begun(response)
        await append(console.hub.log, [event(2, data={"text": "line\nline\r\n"})])
        ((_, form),) = await messages(lines, 1)
    assert form["deliveryid"] == "delivery-2"
    assert form["data"] == {"text": "line\nline\r\n"}


async def test_a_reader_goes_on_where_it_was(console: Running) -> None:
    stored = await append(console.hub.log, [event(1), event(2), event(3)])
    async with console.client.stream("GET", "/api/follow", params={"after": stored[0].position}) as response:
        lines = response.aiter_lines()
        first = await messages(lines, 1)
    assert [form["deliveryid"] for _, form in first] == ["delivery-2"]
    headers = {"last-event-id": first[0][0]}
    async with console.client.stream("GET", "/api/follow", headers=headers) as response:
        lines = response.aiter_lines()
        assert [form["deliveryid"] for _, form in await messages(lines, 1)] == ["delivery-3"]


async def test_only_what_was_asked_for_comes(console: Running) -> None:
    events = [event(1), event(2, type="github.issues.opened"), event(3, source="eu"), event(4)]
    await append(console.hub.log, events)
    asked = {"after": 0, "type": "github.p*", "source": "github"}
    async with console.client.stream("GET", "/api/follow", params=asked) as response:
        lines = response.aiter_lines()
        found = await messages(lines, 2)
    assert [form["deliveryid"] for _, form in found] == ["delivery-1", "delivery-4"]


async def test_a_silent_stream_shows_that_it_lives(console: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "HEARTBEAT", 0.01)
    async with console.client.stream("GET", "/api/follow") as response:
        lines = response.aiter_lines()
        beats = [line async for line in _first(lines, 6)]
    assert beats[2] == ": "


async def _first(lines: AsyncIterator[str], count: int) -> AsyncIterator[str]:
    for _ in range(count):
        yield await anext(lines)


async def test_streams_are_bounded_and_given_back(console: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "FOLLOWERS", 1)
    async with console.client.stream("GET", "/api/follow") as response:
        await begun(response)
        refused = await console.client.get("/api/follow")
        assert refused.status_code == 503
        assert "retry-after" in refused.headers
    async with asyncio.timeout(5):
        while True:
            async with console.client.stream("GET", "/api/follow") as response:
                if response.status_code == 200:
                    break


async def test_a_stream_ends_with_the_log(console: Running) -> None:
    async with console.client.stream("GET", "/api/follow") as response:
        lines = await begun(response)
        await console.hub.log.close()
        async with asyncio.timeout(5):
            assert await messages(lines, 1) == []
