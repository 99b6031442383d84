"""The hub itself: what must not come out wrong when several things happen at once, or go wrong one after the other."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from hub.errors import KeyUnavailable, LogError, LogUnavailable
from hub.keys import Keys
from hub.provider import Fetch
from hub.testing import running

CONFIG = """
[server]
log = "quiet"
[providers.notion]
[providers.open]
plugin = "generic"
verify = false
"""


async def test_a_slow_look_at_the_secrets_does_not_undo_a_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path, CONFIG) as running_hub:
        hub = running_hub.hub
        look, looked, go_on = hub.log.learned, asyncio.Event(), asyncio.Event()

        async def slow(source: str) -> list[tuple[str, str, bool]]:
            found = await look(source)
            if not looked.is_set():
                looked.set()
                await go_on.wait()
            return found

        monkeypatch.setattr(hub.log, "learned", slow)
        earlier = asyncio.create_task(hub.bind("notion"))
        await looked.wait()
        await hub.log.learn("notion", "secret", "secret_that-a-person-accepted", True)
        later = asyncio.create_task(hub.bind("notion"))
        await asyncio.sleep(0.05)
        go_on.set()
        await asyncio.gather(earlier, later)
        assert hub.sources["notion"].options["secret"] == ["secret_that-a-person-accepted"]


async def test_an_event_that_cannot_be_kept_while_the_log_is_down_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path, CONFIG) as running_hub:

        def failing(error: Exception) -> Any:
            async def fail(*_: object) -> None:
                raise error

            return fail

        monkeypatch.setattr(running_hub.hub.log, "append", failing(LogError("the log cannot keep this event")))
        monkeypatch.setattr(running_hub.hub.log, "reject", failing(LogUnavailable("the disk is full")))
        answer = await running_hub.post("open", b'{"type":"x"}')
    assert answer.status_code == 503
    assert "retry-after" in answer.headers


@pytest.mark.parametrize(
    "url",
    [
        "https://keys.example:x/a",
        "https://keys.example:99999/a",
        "https://[keys.example/a",
        "https://keys.example/\x00",
    ],
)
async def test_a_url_that_is_none_is_no_host_of_the_platform(url: str) -> None:
    with pytest.raises(KeyUnavailable):
        await Keys().get(Fetch(url, ("keys.example",)))


async def test_a_call_that_breaks_does_not_keep_the_hub_from_ending(tmp_path: Path) -> None:
    async def broken() -> None:
        raise RuntimeError("a defect")

    async with running(tmp_path, CONFIG) as running_hub:
        running_hub.hub._following.add(asyncio.create_task(broken()))
    again = running_hub.hub.log
    await again.open()  # the lock was let go of
    await again.close()


MINE = """
import json
from pathlib import Path
from hub import Event, on

@on("*")
async def changes(event: Event) -> None:
    event.data.clear()

@on("*")
async def looks(event: Event) -> None:
    with (Path(__file__).parent.parent / "seen.jsonl").open("a") as file:
        file.write(json.dumps(event.data) + "\\n")
"""


@pytest.mark.parametrize(
    ("body", "data"),
    [
        ('{"type": "x", "a": [1]}', {"type": "x", "a": [1]}),
        ("type=x&a=1", {"type": "x", "a": "1"}),
    ],
)
async def test_what_a_subscriber_changes_in_its_event_nobody_else_sees(
    tmp_path: Path, body: str, data: dict[str, Any]
) -> None:
    kind = "application/json" if body[0] == "{" else "application/x-www-form-urlencoded"
    async with running(tmp_path, CONFIG, {"mine.py": MINE}) as running_hub:
        for _ in range(5):
            assert (await running_hub.post("open", body, {"content-type": kind})).status_code == 200
        async with asyncio.timeout(10):
            while not (tmp_path / "seen.jsonl").exists() or len((tmp_path / "seen.jsonl").read_text().split("\n")) < 6:
                await asyncio.sleep(0.05)
    assert [json.loads(line) for line in (tmp_path / "seen.jsonl").read_text().splitlines()] == [data] * 5
