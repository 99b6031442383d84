"""`hub doctor`: is this machine fit for the hub, and is its log well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hub.cli.common import CONFIG, AsJson, ConfigPath, Place, find_place, run

if TYPE_CHECKING:
    from hub.config import Config

SLOW_SYNC = 0.05
"""Seconds; above it a platform with a short timeout may give up under load."""
LITTLE_ROOM = 1 << 30
COLOURS = {"good": typer.colors.GREEN, "doubtful": typer.colors.YELLOW, "bad": typer.colors.RED}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    state: Literal["good", "doubtful", "bad"]
    text: str


def doctor(
    config: ConfigPath = CONFIG,
    as_json: AsJson = False,
    retire: Annotated[
        str | None, typer.Option("--retire", metavar="SUBSCRIPTION", help="Instead, let the log forget this one.")
    ] = None,
    recover: Annotated[
        bool, typer.Option("--recover", help="Instead, save what can be read of a damaged log; the hub must not run.")
    ] = False,
) -> None:
    """Look at versions, clock, disk, log, ports and subscriptions."""
    place = find_place(config)
    run(_recover(place) if recover else _retire(place, retire) if retire else _examine(place, as_json))


async def _recover(place: Place) -> int:
    import asyncio

    from hub.cli.output import counted, say
    from hub.errors import UsageError
    from hub.log import SQLITE
    from hub.log.sqlite_recover import recover

    if not place.log.startswith(SQLITE):
        raise UsageError("only a log in an SQLite file can be recovered; a JetStream cluster keeps replicas")
    done = await asyncio.to_thread(recover, place.folder / place.log.removeprefix(SQLITE))
    say(f"saved: {', '.join(f'{count} {table}' for table, count in sorted(done.kept.items())) or 'nothing'}")
    say(f"bad places: {done.lost}", colour="yellow" if done.lost else None)
    if done.unread:
        say(
            f"{counted(done.unread, 'request')} without their events: hub rejected accept --stage read reads them again"
        )
    say(f"the damaged file is kept as {done.backup}")
    return 0


async def _retire(place: Place, name: str) -> int:
    from urllib.parse import quote

    from hub.cli.console import changing
    from hub.cli.output import say

    async with changing(place) as console:
        await console.post(f"/api/subscriptions/{quote(name, safe='')}/retire", {})
    say(f"the log has forgotten {name}: its place, its retries and its dead letters")
    return 0


async def _examine(place: Place, as_json: bool) -> int:
    from hub.cli.output import counted, json_lines, say
    from hub.config import load_config
    from hub.errors import HubError

    findings = [_versions(), _clock(), *_disk(place)]
    config = None
    try:
        config = load_config(place.file)
        findings.append(Finding("config", "good", f"{place.file}: {counted(len(config.sources), 'source')}"))
    except HubError as error:
        findings.append(Finding("config", "bad", str(error).replace("\n", "; ")))
    running = await _running(place)
    findings.append(running)
    findings += await _log(place, config)
    if config is not None and running.text.startswith("no hub"):
        findings += _ports(config)
    if as_json:
        json_lines({"name": one.name, "state": one.state, "text": one.text} for one in findings)
    else:
        for one in findings:
            say(f"{one.state:<9} {one.name:<8} {one.text}", colour=COLOURS[one.state])
    return 1 if any(one.state == "bad" for one in findings) else 0


def _versions() -> Finding:
    import platform
    import sqlite3
    from importlib.metadata import PackageNotFoundError, version

    try:
        own = version("webhook-hub")
    except PackageNotFoundError:
        own = "from a checkout"
    text = (
        f"webhook-hub {own}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.system()}"
    )
    return Finding("versions", "good", text)


def _clock() -> Finding:
    import time

    # signatures have an age, so a clock that was never set refuses every platform
    year = time.gmtime().tm_year
    if year < 2026:
        return Finding("clock", "bad", f"it says {year}: set it, or every signed time is out of range")
    return Finding("clock", "good", time.strftime("%Y-%m-%d %H:%M:%S UTC; is that right?", time.gmtime()))


def _disk(place: Place) -> Iterator[Finding]:
    """Room, and how long a sync takes: every request waits for one."""
    import os
    import shutil
    import statistics
    import tempfile
    import time

    if not place.log.startswith("sqlite:///"):
        return
    folder = _existing((place.folder / place.log.removeprefix("sqlite:///")).parent)
    free = shutil.disk_usage(folder).free
    state: Literal["good", "doubtful"] = "good" if free > LITTLE_ROOM else "doubtful"
    yield Finding("room", state, f"{free / (1 << 30):.1f} GiB free at {folder}")
    took = []
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            for _ in range(20):
                file.write(bytes(8192))
                file.flush()
                began = time.perf_counter()
                os.fsync(file.fileno())
                took.append(time.perf_counter() - began)
    except OSError as error:
        yield Finding("sync", "bad", f"{folder} cannot be written: {error.strerror}")
        return
    median = statistics.median(took)
    state = "good" if median < SLOW_SYNC else "doubtful"
    yield Finding("sync", state, f"{median * 1000:.2f} ms for the disk to keep 8 KiB")


def _existing(folder: Path) -> Path:
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return folder


async def _running(place: Place) -> Finding:
    from hub.cli.console import running
    from hub.errors import HubError, HubNotRunning

    try:
        async with running(place) as console:
            health = await console.get("/api/health")
        return Finding("hub", "good", f"it runs at {place.console} since {health['started']}")
    except HubNotRunning:
        return Finding("hub", "good", f"no hub runs at {place.console}")
    except HubError as error:
        return Finding("hub", "bad", str(error))


async def _log(place: Place, config: Config | None) -> list[Finding]:
    """Its health, its integrity, and subscriptions that nobody configures."""
    from hub.cli.reading import reading
    from hub.errors import LogError, LogUnavailable

    try:
        async with reading(place) as log:
            health = await log.health()
            known = await log.subscriptions()
    except LogUnavailable as error:
        return [Finding("log", "doubtful", str(error))]
    except LogError as error:
        return [Finding("log", "bad", str(error))]
    text = f"{health.events:,} events, {health.size / (1 << 20):.1f} MiB"
    # opened for reading it is never writable; what is wrong with it is in the detail
    findings = [Finding("log", "bad" if health.detail else "good", f"{text}{health.detail and f': {health.detail}'}")]
    configured = {one.name for one in config.subscriptions} if config else {state.name for state in known}
    for state in known:
        if state.name not in configured:
            findings.append(Finding("log", "doubtful", _forgotten(state.name)))
        elif state.lag.dead:
            findings.append(Finding("dead", "doubtful", f"{state.lag.dead} dead letters of {state.name}: hub dead"))
    return findings


def _forgotten(name: str) -> str:
    return f"it keeps events for {name}, which is not configured (renamed?): hub doctor --retire {name}"


def _ports(config: Config) -> Iterator[Finding]:
    import socket

    for table, host, port in (
        ("[server]", config.server.host, config.server.port),
        ("[console]", config.console.host, config.console.port),
    ):
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            with socket.socket(family, kind, protocol) as probe:
                # what a closed connection left behind does not keep the hub from listening
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except OSError as error:
            yield Finding("port", "bad", f"{table} {host}:{port} is not free: {error.strerror}")
        else:
            yield Finding("port", "good", f"{table} {host}:{port} is free")
