"""Processes that receive for the hub: one log, one decision, and nobody left behind when one of them ends."""

from __future__ import annotations

import http.client
import multiprocessing.process
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hub.config import load_config
from hub.receivers import Receivers
from tests.cli_kit import environ, free_ports, wait_for
from tests.receiver_kit import MINE, signed

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


def test_receivers_share_what_start_up_made(hub: Running) -> None:
    assert {hub.send() for _ in range(40)} == {200}
    for pid in hub.children:
        lines = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
        kilobytes = {name: int(count) for name, count, _ in lines}
        assert kilobytes["Private_Dirty:"] < 0.5 * kilobytes["Anonymous:"]


def test_a_port_that_another_hub_has(hub: Running, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    second = start(other, hub.port, free_ports(1)[0])
    _, said = second.communicate(timeout=20)
    assert second.returncode == 1
    assert f"port {hub.port} on 127.0.0.1 is in use" in said


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
