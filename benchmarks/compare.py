"""The measurements that compare servers: full load, more and fewer connections, and a given rate of requests."""

import sqlite3
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from aims import CONNECTIONS
from load import full, paced
from payload import DELIVERY, ROOT, deliveries, payload
from process import Running, Watch, folder, running, size, watching
from servers import Server

Row = dict[str, Any]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """How long and how often. seconds: of one measurement; warm: seconds of load before it; quick: a smoke run, whose
    figures say nothing; say: tells whoever waits how it goes; failures: what could not be measured, and why."""

    seconds: float
    warm: float
    rounds: int
    quick: bool
    say: Say
    failures: list[str] = field(default_factory=list)

    def scaled(self, number: int, quick: int) -> int:
        """A size of the whole benchmark, or of a smoke run."""
        return quick if self.quick else number

    def tried(self, what: str, measure: Callable[[], Any]) -> Any:
        """What a measurement gives; None if it fails, which must not end hours of other ones."""
        try:
            return measure()
        except (RuntimeError, OSError, ArithmeticError, ValueError, subprocess.SubprocessError, sqlite3.Error) as error:
            # results are published: no path of this machine
            self.failures.append(f"{what}: {error}".replace(f"{ROOT}/", ""))
            self.say(f"FAILED: {self.failures[-1]}")
            return None


def at_full_load(chosen: Sequence[Server], options: Options) -> list[Row]:
    """Every server in every round, in another order each time."""
    rows: list[Row] = []
    for number in range(options.rounds):
        for server in _rotated(chosen, number):
            row = options.tried(f"{server.name} at full load", partial(under_load, server, CONNECTIONS, options))
            rows += [{"round": number, **row}] if row else []
    return rows


def by_connections(chosen: Sequence[Server], options: Options) -> list[Row]:
    """The rate with few and with many connections."""
    rows: list[Row] = []
    for number, wide in enumerate((1, 4, 16, 64, 256, 1024)):
        for server in _rotated(chosen, number):
            what = f"{server.name} with {wide} connections"
            row = options.tried(what, partial(under_load, server, wide, options))
            rows += [row] if row else []
    return rows


def by_rate(chosen: Sequence[Server], options: Options) -> list[Row]:
    """Latencies at rates that do not wait for answers, until a server no longer keeps up."""
    rows: list[Row] = []
    beaten: set[str] = set()
    rates = (100, 300, 1000) if options.quick else (100, 300, 500, 1000, 1500, 2000, 3000, 4000, 5000, 6000, 8000)
    for number, rate in enumerate(rates):
        for server in _rotated([one for one in chosen if one.name not in beaten], number):
            what = f"{server.name} at {rate} a second"
            row = options.tried(what, partial(at_rate, server, rate, options))
            rows += [row] if row else []
            if row is None or row["rate"] < 0.95 * rate or row["failed"]:
                beaten.add(server.name)
    return rows


def under_load(server: Server, connections: int, options: Options) -> Row:
    """One fresh process and folder, as fast as it answers."""
    with folder() as where, folder() as scratch:
        with running(server, where) as up:
            refuses(up)
            row = loaded(up, connections, options, scratch)
            if server.kept is not None and server.delivered is not None:
                row["undelivered"] = server.kept(where) - server.delivered(where)
        return {**row, **kept(server, where, row)}


def refuses(up: Running) -> None:
    """Raises: RuntimeError: the server takes a request with a wrong signature, so its rate means nothing."""
    headers = {**dict(payload().headers), "X-Hub-Signature-256": "sha256=" + "0" * 64, DELIVERY: next(deliveries())}
    request = urllib.request.Request(up.address, payload().body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            raise RuntimeError(f"a wrong signature is answered {answer.status}")
    except urllib.error.HTTPError:
        pass


def loaded(up: Running, connections: int, options: Options, scratch: Path) -> Row:
    """Load on a server that runs: a warm-up, then what counts."""
    warm = full(up.address, connections, options.warm, scratch)
    with watching(up) as watch:
        row = full(up.address, connections, options.seconds, scratch)
    options.say(
        f"{up.server.name:<10} {connections:>5} connections {row['rate']:>9,.0f}/s"
        f"  p50 {row['latency']['p50']:>6.1f}  p99 {row['latency']['p99']:>6.1f} ms  {_failures(row)}"
    )
    used = {"answered_before": warm["answered"], "startup": up.startup, **usage(watch, row)}
    return {"server": up.server.name, **row, **used}


def at_rate(server: Server, rate: int, options: Options) -> Row:
    """One fresh process and folder, at a given rate."""
    with folder() as where, folder() as scratch:
        with running(server, where) as up:
            warm = paced(up.address, min(rate, 300), options.warm, scratch)
            with watching(up) as watch:
                row = paced(up.address, rate, options.seconds, scratch)
        options.say(
            f"{server.name:<10} {rate:>5} a second {row['rate']:>12,.0f}/s"
            f"  p50 {row['latency']['p50']:>6.1f}  p99 {row['latency']['p99']:>6.1f} ms  {_failures(row)}"
        )
        row = {"server": server.name, "answered_before": warm["answered"], **row, **usage(watch, row)}
        return {**row, **kept(server, where, row)}


def usage(watch: Watch, row: Row) -> Row:
    """What the server used. others: processors that neither it nor a generator known to us kept busy."""
    known = watch.cpu / watch.seconds + row.get("generator_cpu", 0.0)
    return {
        "cpu": watch.cpu / watch.seconds,
        "cpu_per_request": watch.cpu / max(row["answered"], 1),
        "memory": watch.memory,
        "others": max(0.0, watch.busy / watch.seconds - known),
    }


def kept(server: Server, where: Path, row: Row) -> Row:
    """What is on disk after an orderly stop, and whether all that was answered is there."""
    if server.kept is None:
        return {}
    number, answered = server.kept(where), row["answered"] + row["answered_before"]
    return {"kept": number, "lost": max(0, answered - number), "bytes_per_event": size(where) / max(number, 1)}


def _rotated(servers: Sequence[Server], by: int) -> Iterator[Server]:
    by %= max(len(servers), 1)
    yield from servers[by:]
    yield from servers[:by]


def _failures(row: Row) -> str:
    return f"{row['failed']:,} FAILED" if row["failed"] else ""
