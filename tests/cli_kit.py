"""What the tests of the commands share: a folder with a config, running a command, a log with events in it."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.cli import main
from hub.event import Event, new_id
from hub.log.base import Log, Stored
from hub.log.sqlite import SqliteLog
from hub.request import Request

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Done:
    """A finished command."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The JSON Lines that it printed."""
        return [json.loads(line) for line in self.out.splitlines()]


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> Done:
    """Run a command in this process."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    code = ended.value.code
    streams = capsys.readouterr()
    return Done(code if isinstance(code, int) else 0, streams.out, streams.err)


def process(*arguments: str, folder: Path, **environment: str) -> Done:
    """Run a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "hub", *arguments],
        cwd=folder,
        env=environ(**environment),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def environ(**more: str) -> dict[str, str]:
    """The environment of a command: the hub can be imported, and no config is named."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    return {**kept, "PYTHONPATH": str(REPOSITORY), **more}


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait_for(port: int, process: subprocess.Popen[str]) -> None:
    """Until the webhook listener answers."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(process.communicate()[1])
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/healthz")
            assert connection.getresponse().status == 200
            connection.close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError("the hub did not start")


def event(number: int = 1, **values: Any) -> Event:
    """An event; the number makes its id and its time."""
    at = START + timedelta(minutes=number)
    known: dict[str, Any] = {
        "id": new_id(at.timestamp()),
        "source": "github",
        "type": "github.push",
        "provider": "github",
        "deliveryid": f"delivery-{number}",
        "receivedat": at,
        "data": {"number": number},
    }
    return Event(**{**known, **values})


def request_of(one: Event, body: bytes = b"{}") -> Request:
    """A request that the event may have come in."""
    headers = {"content-type": "application/json"}
    return Request.make("POST", f"http://h/webhooks/{one.source}", headers, body, one.receivedat, "192.0.2.1")


def fill(folder: Path, work: Callable[[Log], Awaitable[Any]]) -> Any:
    """Do something to the folder's log, as a hub would."""

    async def run() -> Any:
        log = SqliteLog(folder / "data" / "hub.db")
        await log.open()
        try:
            return await work(log)
        finally:
            await log.close()

    return asyncio.run(run())


async def append(log: Log, events: Sequence[Event]) -> list[Stored]:
    """Each event with a request of its own."""
    return [stored for one in events for stored in await log.append(request_of(one), [one])]


def hub_folder(folder: Path, monkeypatch: pytest.MonkeyPatch, config: str = "") -> Iterator[Path]:
    """A working directory with a config.toml."""
    server, console = free_ports(2)
    text = f"[server]\nport = {server}\n[console]\nport = {console}\n{config}"
    (folder / "config.toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("HUB_CONFIG", raising=False)
    yield folder
