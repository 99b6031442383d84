"""Processes that receive for the hub: one log, one decision, and nobody left behind when one of them ends."""

from __future__ import annotations

import asyncio
import hmac
import http.client
import json
import multiprocessing.process
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
import uuid
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hub.config import load_config
from hub.core import Hub
from hub.errors import LogError
from hub.log.base import Query
from hub.receivers import Receivers
from hub.receivers.channel import Channel, make_line
from hub.receivers.pool import Fork, Link
from hub.receivers.receiver import Receiver
from hub.request import Request
from hub.source import Outcome
from hub.web.webhooks import Arrived, Webhooks
from tests.cli_kit import environ, free_ports, wait_for

if sys.platform != "linux":
    pytest.skip("receivers are for Linux: elsewhere the hub's own process receives", allow_module_level=True)

CONFIG = """
[server]
log = "json"
port = {port}
receivers = 2
[console]
port = {console}
[providers.github]
secret = "s"
[providers.mine]
secret = "s"
"""
MINE = '''"""Mine."""
import os

from hub import Provider, hookimpl
from hub.signatures import HMAC

mine = Provider(
    name="mine", title="Mine", docs="https://example.com", verify=HMAC("X-Signature", "{hex}"),
    type=lambda request: "tick", data=lambda request: {"process": os.getpid()},
)


@hookimpl
def register_providers():
    return [mine]
'''


@dataclass
class Running:
    """A hub with two receivers. children: the processes of those."""

    folder: Path
    port: int
    console: int
    process: subprocess.Popen[str]

    @property
    def children(self) -> list[int]:
        return children(self.process.pid)

    def send(self, source: str = "github", secret: str = "s", delivery: str = "") -> int:
        """One request on a connection of its own; the status."""
        headers, body = signed(source, secret, delivery)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", f"/webhooks/{source}", body, headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def rows(self, query: str) -> list[Any]:
        with closing(sqlite3.connect(self.folder / "data" / "hub.db")) as connection:
            return connection.execute(query).fetchall()


def signed(source: str, secret: str = "s", delivery: str = "") -> tuple[dict[str, str], bytes]:
    body = b'{"action":"opened"}'
    digest = hmac.digest(secret.encode(), body, "sha256").hex()
    if source == "mine":
        return {"X-Signature": digest}, body
    headers = {"X-Hub-Signature-256": f"sha256={digest}", "X-GitHub-Event": "issues"}
    return {**headers, "X-GitHub-Delivery": delivery or str(uuid.uuid4())}, body


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def start(folder: Path, port: int, console: int) -> subprocess.Popen[str]:
    (folder / "plugins").mkdir(exist_ok=True)
    (folder / "plugins" / "mine.py").write_text(MINE, encoding="utf-8")
    (folder / "config.toml").write_text(CONFIG.format(port=port, console=console), encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, "-m", "hub", "run"],
        cwd=folder,
        env=environ(),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Running]:
    port, console = free_ports(2)
    process = start(tmp_path, port, console)
    try:
        wait_for(port, process)
        yield Running(tmp_path, port, console, process)
    finally:
        process.kill()
        process.communicate(timeout=20)


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def gone(pid: int) -> bool:
    try:
        return "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True


def test_one_log_and_one_decision(hub: Running) -> None:
    assert len(hub.children) == 2
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(lambda number: hub.send(), range(60))) == {200}
        # the same delivery at all of them at once is one event
        assert set(pool.map(lambda number: hub.send(delivery="d"), range(20))) == {200}
        assert set(pool.map(lambda number: hub.send(secret="wrong"), range(10))) == {403}
        # what keeps something in memory has one memory: the hub's
        assert set(pool.map(lambda number: hub.send("mine"), range(20))) == {200}
        assert set(pool.map(lambda number: hub.send("nobody"), range(3))) == {404}
    data = [row for (row,) in hub.rows("SELECT data FROM events WHERE data IS NOT NULL")]
    assert len(hub.rows("SELECT 1 FROM events")) == 60 + 1 + 20
    assert len(data) == 20 and all(str(hub.process.pid).encode() in one for one in data)
    eventually(lambda: len(hub.rows("SELECT 1 FROM rejections")) == 10)
    metrics = urllib.request.urlopen(f"http://127.0.0.1:{hub.console}/metrics", timeout=10).read().decode()
    assert 'hub_requests_total{source="github",status="200"} 80.0' in metrics
    assert 'hub_rejections_total{reason="mismatch",source="github"} 10.0' in metrics
    os.killpg(hub.process.pid, signal.SIGINT)  # as a terminal does
    _, said = hub.process.communicate(timeout=20)
    assert hub.process.returncode == 0, said
    assert "Traceback" not in said


def test_the_hub_takes_over_from_a_receiver_that_ended(hub: Running) -> None:
    for count in (1, 2):
        os.kill(hub.children[0], signal.SIGKILL)
        eventually(lambda left=2 - count: len(hub.children) == left)  # type: ignore[misc]
        assert [hub.send() for _ in range(20)] == [200] * 20
    hub.process.terminate()
    _, said = hub.process.communicate(timeout=20)
    assert hub.process.returncode == 0, said
    assert said.count("a receiver has ended (-9)") == 2


def test_no_receiver_outlives_the_hub(hub: Running) -> None:
    receivers = hub.children
    hub.process.kill()
    hub.process.wait(timeout=10)
    eventually(lambda: all(gone(pid) for pid in receivers))
    with socket.create_server(("127.0.0.1", hub.port)):
        pass


def test_a_port_that_another_hub_has(hub: Running, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    second = start(other, hub.port, free_ports(1)[0])
    _, said = second.communicate(timeout=20)
    assert second.returncode == 1
    assert f"port {hub.port} on 127.0.0.1 is in use" in said


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
        assert receiver._asked == {}


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


@pytest.mark.parametrize("trouble", ["no line for answers", "one cannot be kept", "an answer fails", "answered twice"])
async def test_a_group_is_answered_whatever_happens_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], trouble: str
) -> None:
    async with linked(tmp_path, '[providers.github]\nsecret = "s"\n') as (hub, receiver, link):
        headers, body = signed("github")
        keep, groups = hub.log.keep, list[int]()

        def not_this_one(ready: Any, done: Any, synced: Any) -> None:
            groups.append(len(ready))
            done(LogError("one of them is bad")) if len(groups) == 1 else keep(ready, done, synced)

        if trouble == "no line for answers":
            link._fork.line.answers.close()
        elif trouble == "one cannot be kept":
            monkeypatch.setattr(hub.log, "keep", not_this_one)
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
        assert receiver._asked == {}
        said = capsys.readouterr().out
        assert ("could not be answered" in said) == (trouble == "an answer fails")
        assert "could not be taken" not in said
        if trouble == "one cannot be kept":
            assert max(groups) > 1


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


def test_a_fork_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.toml").write_text("[providers.generic]\nverify = false\n")
    config = load_config(tmp_path / "config.toml", {})
    started: list[Any] = []
    start = multiprocessing.process.BaseProcess.start

    def fail(process: Any) -> None:
        if started:
            raise BlockingIOError(11, "no more processes")
        start(process)
        started.append(process)

    monkeypatch.setattr(multiprocessing.process.BaseProcess, "start", fail)
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # this process has threads
        with pytest.raises(BlockingIOError):
            Receivers.fork(config, sockets, [])
    assert not started[0].is_alive()
    for sock in sockets:
        sock.close()
