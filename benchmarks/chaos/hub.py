"""A hub of its own folder, started by its real command, and everything that can be done to its process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.chaos.numbers import SECRET

COMMAND = Path(sys.executable).with_name("hub")
CONFIG = """
[server]
port = {server}
log = "json"
{more_server}
[console]
port = {console}
[providers.github]
secret = "{secret}"
[subscribers.store]
plugin = "sqlite"
path = "data/events.db"
start = "beginning"
retry = {{ attempts = 1000, first = "0.2s", max = "1s" }}
"""


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@dataclass
class HubProcess:
    """One hub. environment: more of it; peak: the most memory that it used, in bytes."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    peak: int = 0
    starts: list[float] = field(default_factory=list)
    _process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.port, self.console = free_ports(2)

    def configure(self, more: str = "", server: str = "") -> None:
        """Write its config.toml. server: more of its [server] table; more: further tables."""
        text = CONFIG.format(server=self.port, console=self.console, secret=SECRET, more_server=server)
        (self.folder / "config.toml").write_text(text + more, encoding="utf-8")

    @property
    def log(self) -> Path:
        """Its log, the truth."""
        return self.folder / "data" / "hub.db"

    @property
    def store(self) -> Path:
        """The database that its SQLite store fills."""
        return self.folder / "data" / "events.db"

    @property
    def said(self) -> str:
        """What it wrote on its error output."""
        return (self.folder / "stderr.txt").read_text(encoding="utf-8", errors="replace")

    @property
    def pid(self) -> int:
        """The process; it must run."""
        assert self._process is not None
        return self._process.pid

    def launch(self) -> None:
        """Start it, without waiting for it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
        with (self.folder / "stderr.txt").open("ab") as errors:
            self._process = subprocess.Popen(
                [COMMAND, "run"],
                cwd=self.folder,
                env={**kept, **self.environment},
                stderr=errors,
                stdout=errors,
                start_new_session=True,
            )

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        began = time.monotonic()
        self.launch()
        await self.answers()
        self.starts.append(time.monotonic() - began)

    async def answers(self, within: float = 60.0) -> None:
        """Wait until it takes a connection and says that it is well.

        Raises:
            RuntimeError: it ended, or it does not in time.
        """
        end = time.monotonic() + within
        while time.monotonic() < end:
            if self.ended is not None:
                raise RuntimeError(f"the hub ended with {self.ended}: {self.said[-2000:]}")
            with suppress(OSError, EOFError):
                if await get(self.port, "/healthz") == 200:
                    return
            await asyncio.sleep(0.02)
        raise RuntimeError(f"the hub does not answer after {within:g} s: {self.said[-2000:]}")

    @property
    def ended(self) -> int | None:
        """Its exit code, once it has ended."""
        return None if self._process is None else self._process.poll()

    @property
    def receivers(self) -> list[int]:
        """The ids of its receivers' processes."""
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii")
            return [int(child) for child in text.split()]
        return []

    def look(self) -> int:
        """How much memory it and its receivers use now, in bytes; the most of all looks is kept in `peak`.

        What they share counts for each of them.
        """
        used = peak = 0
        for pid in (self.pid, *self.receivers):
            with contextlib.suppress(OSError):
                status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
                sizes = dict(re.findall(r"^(Vm\w+):\s+(\d+) kB", status, re.MULTILINE))
                used += int(sizes.get("VmRSS", 0)) * 1024
                peak += int(sizes.get("VmHWM", 0)) * 1024
        self.peak = max(self.peak, peak)
        return used

    def kill(self) -> None:
        """`kill -9`."""
        if self._process is not None and self._process.poll() is None:
            self.look()
            self._process.kill()
            self._process.wait()

    async def terminate(self, within: float = 40.0) -> int:
        """SIGTERM, and its exit code; -9 if it does not end in time and is killed."""
        self.look()
        os.kill(self.pid, signal.SIGTERM)
        end = time.monotonic() + within
        while self.ended is None and time.monotonic() < end:
            await asyncio.sleep(0.02)
        self.kill()
        assert self.ended is not None
        return self.ended


async def get(port: int, path: str) -> int:
    """GET, on a connection of its own; the status."""
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
            return int((await reader.readuntil(b"\r\n"))[9:12])
        finally:
            writer.close()
