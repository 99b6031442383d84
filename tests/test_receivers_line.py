"""The line between the hub and a receiver, both in one loop: what goes over it, and what may happen to that."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from disk_kit import hang

from hub.config import load_config
from hub.core import Hub
from hub.errors import LogError
from hub.log.base import Query
from hub.log.sqlite import SqliteLog
from hub.log.sqlite_append import Appended
from hub.log.sqlite_writer import Writer
from hub.receivers import channel
from hub.receivers import receiver as receiver_module
from hub.receivers.channel import Channel, make_line
from hub.receivers.groups import Groups
from hub.receivers.pool import Fork, Link
from hub.receivers.receiver import Receiver
from hub.request import Request
from hub.source import Outcome
from hub.web.webhooks import Arrived, Webhooks
from tests.receiver_kit import MINE, signed

if sys.platform != "linux":
    pytest.skip("receivers are for Linux: elsewhere the hub's own process receives", allow_module_level=True)


async def test_the_line_takes_messages_of_any_size_in_any_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "READ", 1000)
    ours, theirs = make_line()
    got: list[tuple[Any, ...]] = []
    over = asyncio.Event()
    sent = [("kind", number, os.urandom(size)) for number, size in enumerate([0, 1, 3_000_000, 999, 70_000] * 9)]

    def take(*message: Any) -> None:
        got.append(message)
        if message[1] == 3:
            raise ValueError("a defect")

    one, other = Channel(ours.messages, lambda *message: None, lambda: None), Channel(theirs.messages, take, over.set)
    for message in sent:
        one.send(*message, at_once=message[1] % 2 == 0)
    async with asyncio.timeout(20):
        while len(got) < len(sent):
            await asyncio.sleep(0.01)
        one.close()
        await over.wait()
    other.send("to nobody")
    await asyncio.sleep(0)
    for end in (ours, theirs):
        end.close()
    assert got == sent


@asynccontextmanager
async def linked(folder: Path, config: str, plugin: str = "") -> AsyncIterator[tuple[Hub, Receiver, Link]]:
    """A hub and what runs in a receiver's process, in one loop."""
    (folder / "config.toml").write_text('[server]\nlog = "quiet"\n' + config, encoding="utf-8")
    if plugin:
        (folder / "plugins").mkdir()
        (folder / "plugins" / "mine.py").write_text(plugin, encoding="utf-8")
    hub = Hub(load_config(folder / "config.toml", {}))
    await hub.start()
    ours, theirs = make_line()
    link, receiver = Link(Fork(None, socket.socket(), ours), hub, lambda sock: None), Receiver(hub.config, lambda: None)  # type: ignore[arg-type]
    await receiver.connect(theirs)
    try:
        yield hub, receiver, link
    finally:
        link.stop()
        receiver.close()
        await link.ended
        await hub.stop(1.0)
        ours.close()


async def test_a_source_whose_secrets_change_is_the_hubs(tmp_path: Path) -> None:
    async with linked(tmp_path, '[providers.github]\nsecret = "old"\n') as (hub, receiver, link):
        hub.on_bound = lambda name: link.send("leave", name)

        async def status(secret: str) -> int:
            headers, body = signed("github", secret)
            return (await receiver.receive("github", Request.make(headers=headers, body=body))).status

        assert [await status(secret) for secret in ("old", "new")] == [200, 403]
        await hub.log.learn("github", "secret", "new", True)
        await hub.bind("github")
        await asyncio.sleep(0.05)
        assert [await status(secret) for secret in ("old", "new")] == [200, 200]
        assert await hub.log.count(Query()) == 3


ODD = MINE.replace("type=", "handshake=lambda request: odd(request.text), type=").replace(
    "import os\n",
    """import http
import os
import sys

from hub import Reply


class Text(str):
    pass


def odd(text):
    if text == "none":
        return "not a reply"
    if text == "exit":
        sys.exit(3)
    return Reply(http.HTTPStatus.ACCEPTED, Text("own"), {Text("x-own"): Text("types")}) if text == "own" else None


""",
)


async def test_what_a_plugin_does_wrong_is_answered_and_hurts_nobody_else(tmp_path: Path) -> None:
    config = '[providers.github]\nsecret = "s"\n[providers.mine]\nsecret = "s"\n'
    async with linked(tmp_path, config, ODD) as (_, receiver, _):
        headers, body = signed("github")

        async def status(source: str, text: bytes = body) -> int:
            return (await receiver.receive(source, Request.make(headers=headers, body=text))).status

        async with asyncio.timeout(10):
            odd = [status("mine", text) for text in (b"none", b"own", b"exit")]
            found = await asyncio.gather(odd[0], status("github"), odd[1], status("github"), odd[2], status("github"))
        assert found[1::2] == [200, 200, 200]
        assert found[0::2] == [500, 202, 500]
        assert receiver._waiting == {}


@pytest.mark.parametrize("never_kept", [False, True])
async def test_what_arrives_together_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, never_kept: bool
) -> None:
    config = '[providers.github]\nsecret = "s"\n[providers.other]\nplugin = "github"\nsecret = "t"\n'
    async with linked(tmp_path, config) as (hub, receiver, _):
        if never_kept:
            prepared = Mock(side_effect=LogError("one of them can never be kept"))
            monkeypatch.setattr(receiver._log, "prepare", prepared)

        async def status(source: str, secret: str, text: bytes | None = None, method: str = "POST") -> int:
            headers, body = signed("github", secret, text=text)
            return (await receiver.receive(source, Request.make(method, headers=headers, body=body))).status

        kinds = [
            (200, ("github", "s")),
            (403, ("github", "t")),
            (200, ("other", "t")),
            (404, ("nowhere", "s")),
            (200, ("github", "s", b"no JSON")),
            (405, ("other", "t", None, "PUT")),
            (200, ("github", "s", b'{"text": "%s"}' % (b"x" * 70_000))),
        ]
        async with asyncio.timeout(20):
            found = await asyncio.gather(*[status(*given) for _ in range(9) for _, given in kinds])  # type: ignore[arg-type]
        assert found == [wanted for wanted, _ in kinds] * 9
        assert await hub.log.count(Query(sources=("github",))) == 18
        assert await hub.log.count(Query(sources=("other",))) == 9
        assert receiver._waiting == {}
        assert not never_kept or prepared.called


async def test_a_batch_of_which_some_are_known(tmp_path: Path) -> None:
    async with linked(tmp_path, "[providers.sendgrid]\nverify = false\n") as (hub, receiver, _):

        async def send(*numbers: int) -> dict[str, Any]:
            events = [{"event": "open", "sg_event_id": f"e{number}", "email": "a@b.c"} for number in numbers]
            request = Request.make(headers={"content-type": "application/json"}, body=json.dumps(events))
            answer: dict[str, Any] = json.loads((await receiver.receive("sendgrid", request)).body)
            return answer

        first = await send(1)
        assert (await send(1, 2)) == {"status": "accepted", "id": first["id"]}
        assert (await send(2, 1))["status"] == "duplicate"
        assert await hub.log.count(Query()) == 2


TROUBLES = ["no line", "no room", "no answers", "one cannot be kept", "an answer fails", "answered twice"]


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_group_is_answered_whatever_happens_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], trouble: str
) -> None:
    async with linked(tmp_path, '[providers.github]\nsecret = "s"\n') as (hub, receiver, link):
        headers, body = signed("github")
        write, batches = Writer._write, list[int]()

        def not_these(writer: Writer, works: Any) -> Any:
            size = sum(len(work.appends) for work in works)
            if size == 0 or batches:
                return write(writer, works)
            batches.append(size)
            return [(work, LogError("one of them is bad")) for work in works], Appended()

        if trouble == "no line":
            link._fork.line.groups.close()
        elif trouble == "no room":
            monkeypatch.setattr(receiver_module, "PACKET", 100)
        elif trouble == "no answers":
            monkeypatch.setattr(Groups, "tell", lambda *arguments: False)
        elif trouble == "one cannot be kept":
            monkeypatch.setattr(Writer, "_write", not_these)
        elif trouble == "an answer fails":
            receiver.receive_soon("github", Request.make(headers=headers, body=body), lambda outcome: 1 / 0)  # type: ignore[arg-type, return-value]
        else:
            link.send("kept", 12345, {})
            link.send("decided", 12345, 503, {}, b"")

        async def send() -> Any:
            headers, body = signed("github")
            return await receiver.receive("github", Request.make(headers=headers, body=body))

        async with asyncio.timeout(10):
            found = await asyncio.gather(*[send() for _ in range(30)])
        bodies = [json.loads(outcome.body) for outcome in found]
        assert [outcome.status for outcome in found] == [200] * 30
        assert len({body["id"] for body in bodies}) == 30
        for body in bodies:
            assert await hub.log.get(body["id"]) is not None
        assert receiver._waiting == {}
        said = "".join(capsys.readouterr())
        assert ("could not be answered" in said) == (trouble == "an answer fails")
        assert "could not be taken" not in said
        if trouble == "one cannot be kept":
            assert batches[0] > 1


async def test_a_disk_that_hangs_answers_receivers_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.log.sqlite_writer.PATIENCE", 0.05)
    async with linked(tmp_path, '[providers.github]\nsecret = "s"\n') as (hub, receiver, _):

        async def status() -> int:
            headers, body = signed("github")
            return (await receiver.receive("github", Request.make(headers=headers, body=body))).status

        assert isinstance(hub.log, SqliteLog)
        hanging, again = await hang(hub.log)
        assert await asyncio.gather(*[status() for _ in range(30)]) == [503] * 30
        assert not hanging.done()
        again.set()
        await hanging
        assert await status() == 200
        assert await hub.log.count(Query()) == 1


def test_the_largest_body_has_room_at_each_of_many_receivers(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[server]\nmax_body = "100 MiB"\n[providers.github]\nsecret = "s"\n')
    hub = Hub(load_config(tmp_path / "config.toml", {}))
    assert Webhooks(hub, 1 / 16)._max_pending == 100 * 2**20
    assert Webhooks(hub)._max_pending == 256 * 2**20


async def test_a_hub_that_does_not_answer_holds_no_more_than_it_may(tmp_path: Path) -> None:
    config = '[server]\nmax_pending = "1 MiB"\n[providers.github]\nsecret = "s"\n'
    (tmp_path / "config.toml").write_text(config, encoding="utf-8")
    ours, theirs = make_line()
    receiver = Receiver(load_config(tmp_path / "config.toml", {}), lambda: None)
    connecting = asyncio.create_task(receiver.connect(theirs))
    one = Channel(ours.messages, lambda *message: None, lambda: None)
    one.send("go", None, ["github"])
    await connecting
    asyncio.get_running_loop().remove_reader(ours.messages)
    webhooks = Webhooks(receiver)
    answers: list[Outcome] = []
    large = b"x" * (26 * 2**20)
    for number in range(200):
        head = ((b"host", b"h"), (b"x-large", b"x" * 60_000))
        arrived = Arrived("POST", "/webhooks/github", "/webhooks/github", "", "http", head, "", 62_000)
        webhooks.whole(arrived, answers.append)
        name = f"/webhooks/{number}" + "n" * 60_000
        webhooks.whole(Arrived("POST", name, name, "", "http", head[:1], "", 62_000, large), answers.append)
    await asyncio.sleep(0.05)
    assert {outcome.status for outcome in answers} == {413, 503}
    assert len(receiver._channel._unsent) < 4 * 2**20
    receiver.close()
    one.close()
    ours.close()
