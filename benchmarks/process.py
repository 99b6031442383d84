"""Runs one server: a fresh folder and process, ready when it answers, measured over its whole process tree."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from payload import ROOT, SECRET
from servers import Place, Server

WORK = ROOT / ".bench"
"""On the disk of the checkout: on a file system in memory, syncing costs nothing and the figures would lie."""
TICKS = os.sysconf("SC_CLK_TCK")
MIB = 1 << 20


@dataclass
class Running:
    """A server that runs. startup: seconds from its start to its first answer."""

    server: Server
    process: subprocess.Popen[bytes]
    place: Place
    startup: float

    @property
    def address(self) -> str:
        """Where it takes webhooks."""
        return f"http://127.0.0.1:{self.place.port}{self.server.path}"

    def cpu(self) -> float:
        """Seconds of processor time that the process and all it started have used."""
        return sum(_cpu(pid) for pid in tree(self.process.pid))

    def memory(self) -> int:
        """Resident bytes of its processes together; what several of them share is counted once."""
        return sum(_resident(pid) for pid in tree(self.process.pid))


@dataclass
class Watch:
    """What happened during a measurement. seconds: how long it took; cpu: seconds of the server; memory: its most
    resident bytes; busy: seconds of all processors, also those of the load and of strangers."""

    seconds: float = 0.0
    cpu: float = 0.0
    memory: int = 0
    busy: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """An empty folder on the disk of the checkout, removed afterwards."""
    WORK.mkdir(exist_ok=True)
    path = Path(tempfile.mkdtemp(dir=WORK))
    try:
        yield path
    finally:
        shutil.rmtree(path)


@contextlib.contextmanager
def running(server: Server, where: Path, patience: float = 120.0) -> Iterator[Running]:
    """Start it in a folder and wait until it answers; stop it in order.

    Raises:
        RuntimeError: it ended, or does not answer; with the end of what it wrote.
    """
    place = Place(where, free_port(), free_port())
    command = server.command(place)
    # what a shell sets for its own use must not change how a server runs
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "HUB_"))}
    environment["GITHUB_SECRET"] = SECRET
    output = where / "output.txt"
    with output.open("ab") as stream:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=where, env=environment, stdout=stream, stderr=stream, start_new_session=True
        )
    try:
        _wait(process, place.port, server.ready, patience, output)
        yield Running(server, process, place, time.perf_counter() - began)
    finally:
        _end(process)


@contextlib.contextmanager
def watching(server: Running) -> Iterator[Watch]:
    """Measure what it uses while the block runs."""
    watch = Watch()

    def sample() -> None:
        while not watch._stop.wait(1.0):  # a look takes the server some milliseconds
            watch.memory = max(watch.memory, server.memory())

    sampler = threading.Thread(target=sample)
    began, cpu, busy = time.perf_counter(), server.cpu(), _busy()
    sampler.start()
    try:
        yield watch
    finally:
        watch.seconds = time.perf_counter() - began
        watch.cpu = server.cpu() - cpu
        watch.busy = _busy() - busy
        watch._stop.set()
        sampler.join()
        watch.memory = max(watch.memory, server.memory())


def size(where: Path) -> int:
    """Bytes of the databases in a folder; without the hub's reserve, which is always 64 MiB."""
    files = [file for file in where.rglob("*.db*") if file.suffix not in (".reserve", ".lock")]
    return sum(file.stat().st_size for file in files)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def tree(pid: int) -> list[int]:
    """The process and all below it."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            for thread in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (thread / "children").read_text().split())
    return found


def _cpu(pid: int) -> float:
    """With that of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


def _busy() -> float:
    """Of all processors since the machine started; what a hypervisor took away counts too."""
    user, nice, system, _idle, _waiting, *rest = map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:9])
    return (user + nice + system + sum(rest)) / TICKS


def _resident(pid: int) -> int:
    """Its proportional set size: its own pages, and its part of those that it shares (man 5 proc)."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _wait(process: subprocess.Popen[bytes], port: int, path: str, patience: float, output: Path) -> None:
    deadline = time.monotonic() + patience
    while process.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.005)
        finally:
            connection.close()
    state = "does not answer" if process.poll() is None else f"ended with {process.returncode}"
    raise RuntimeError(f"the server {state}:\n{output.read_text(errors='replace')[-2000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """In order; if that takes too long, at once."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(60)
    # its own group: nobody else is in it
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
