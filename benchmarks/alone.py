"""The measurements of the hub alone: a backlog, lag, a log that is full already, memory, idleness, start-up."""

import contextlib
import http.client
import json
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from aims import BACKLOG, CONNECTIONS, MILLION
from compare import Options, Row, loaded, usage
from load import paced, percentiles
from process import folder, free_port, running, size, watching
from servers import FORWARD, FROM_THE_BEGINNING, STORE, Place, Server, hub, hub_command, rows

HERE = Path(__file__).parent
STORED = "data/events.db"
SHIPPED = (
    STORE
    + """
[subscribers.live]
plugin = "console"

[providers.typeform]
secret = { env = "GITHUB_SECRET" }
"""
)
"""With the configuration above, what the config.toml of the checkout has."""
STALLED = 60.0
"""Seconds without progress after which waiting is no use."""


def target() -> Server:
    """Where the hub forwards to."""

    def command(place: Place) -> list[str]:
        return [sys.executable, str(HERE / "target.py"), str(place.port)]

    return Server("target", "HTTP target", "deliveries", command)


def fill(where: Path, events: int) -> None:
    """Append to the log of a folder until it has so many."""
    config = where / "config.toml"
    hub("hub", "").command(Place(where, free_port(), free_port()))
    python = Path(hub_command()).with_name("python")
    subprocess.run([str(python), str(HERE / "fill.py"), str(config), str(events)], check=True)


def backlog(options: Options) -> Row:
    """How fast a new subscription works off what is in the log."""
    events = options.scaled(BACKLOG, 5_000)
    with folder() as where, folder() as elsewhere:
        options.say(f"filling a log with {events:,} events")
        fill(where, events)
        result: Row = {"events": events, "bytes_per_event": size(where) / events}
        with running(hub("hub", "", STORE + FROM_THE_BEGINNING), where) as up, watching(up) as watch:
            rate = _drained(lambda: _rows(where / STORED), events)
        result["store"] = {"rate": rate, "cpu": watch.cpu / watch.seconds, "memory": watch.memory}
        options.say(f"backlog into the SQLite store {rate:>9,.0f}/s")
        with running(target(), elsewhere) as app:
            more = FORWARD.format(url=app.address) + FROM_THE_BEGINNING
            with running(hub("hub", "", more), where) as up, watching(up) as watch:
                rate = _drained(lambda: int(_seen(app.place.port)["count"]), events, pause=0.5)
            seen = _seen(app.place.port)
        rate = (seen["count"] - 1) / (seen["last"] - seen["first"])
        twice = seen["count"] - seen["different"]
        result["http"] = {"rate": rate, "cpu": watch.cpu / watch.seconds, "memory": watch.memory, "twice": twice}
        options.say(f"backlog into an HTTP target   {rate:>9,.0f}/s")
    return result


def lag(options: Options) -> Row:
    """From arrival at the hub to two subscribers, at 500 a second."""
    rate = 500
    with (
        folder() as where,
        folder() as elsewhere,
        folder() as scratch,
        running(target(), elsewhere) as app,
        running(hub("hub", "", STORE + FORWARD.format(url=app.address)), where) as up,
    ):
        paced(up.address, 100, options.warm, scratch)
        time.sleep(1)
        before = int(_seen(app.place.port)["count"])
        store = Follower(where / STORED)
        with watching(up) as watch, store:
            row = paced(up.address, rate, options.seconds, scratch)
            _drained(lambda: int(_seen(app.place.port)["count"]), before + row["answered"])
            _drained(lambda: len(store.lags), row["answered"])
        lags = sorted(_seen(app.place.port)["lags"][before:])
    result = {"offered": rate, **row, **usage(watch, row), "http": percentiles(lags)}
    result["store"] = percentiles(sorted(store.lags))
    for name in ("store", "http"):
        options.say(f"lag to {name:<6} p50 {result[name]['p50']:>6.1f}  p99 {result[name]['p99']:>6.1f} ms")
    return result


def filled(options: Options) -> Row:
    """The rate as the log grows; then memory and start-up with all of that waiting for a target that is dead."""
    levels = (100_000, 300_000, MILLION) if not options.quick else (5_000, 20_000)
    fresh: list[Row] = []
    grown: list[Row] = []
    with folder() as where, folder() as scratch:
        for level in levels:
            options.say(f"filling a log up to {level:,} events")
            fill(where, level)
            if level == levels[-1]:
                bytes_per_event = size(where) / rows("data/hub.db")(where)
            for _ in range(options.rounds):
                # one beside the other: the machine may not be the same an hour later
                fresh.append(_rate(None, scratch, options))
                grown.append(_rate(where, scratch, options) | {"level": level})
        waiting = _waiting(where, scratch, options)
    return {"fresh": fresh, "grown": grown, "waiting": waiting, "bytes_per_event": bytes_per_event}


def idle(options: Options) -> Row:
    """A hub that nobody sends anything, with the sources and subscriptions of the shipped config.toml."""
    seconds = options.scaled(60, 3)
    with folder() as where, running(hub("hub", "", SHIPPED), where) as up:
        time.sleep(2)
        with watching(up) as watch:
            time.sleep(seconds)
    options.say(f"idle: {watch.cpu / watch.seconds:.2%} of a processor, {watch.memory / 1e6:,.0f} MB")
    return {"seconds": seconds, "cpu": watch.cpu / watch.seconds, "memory": watch.memory}


def startup(options: Options) -> Row:
    """From the command to the first answer, with an empty folder; the first one, which compiles, not counted."""
    times = []
    for _ in range(options.scaled(7, 3)):
        with folder() as where, running(hub("hub", "", SHIPPED), where) as up:
            times.append(up.startup)
    options.say(f"start-up {sorted(times[1:])[len(times) // 2 - 1]:.2f} s")
    return {"seconds": times[1:]}


def _rate(where: Path | None, scratch: Path, options: Options) -> Row:
    """At full load, on a log that is there or on an empty one."""
    with folder() if where is None else contextlib.nullcontext(where) as place:
        server = hub("hub", "")
        before = server.kept(place) if where is not None and server.kept is not None else 0
        with running(server, place) as up:
            return {"events": before, **loaded(up, CONNECTIONS, options, scratch)}


def _waiting(where: Path, scratch: Path, options: Options) -> Row:
    """All events wait for a target that does not answer, while more come in."""
    events = rows("data/hub.db")(where)
    dead = FORWARD.format(url=f"http://127.0.0.1:{free_port()}/") + FROM_THE_BEGINNING
    with running(hub("hub", "", dead), where) as up, watching(up) as watch:
        paced(up.address, 300, max(options.seconds, options.scaled(20, 2)), scratch)
    options.say(f"{events:,} events waiting: {watch.memory / 1e6:,.0f} MB, start-up {up.startup:.2f} s")
    return {"events": events, "memory": watch.memory, "startup": up.startup}


class Follower(threading.Thread):
    """Sees rows appear in the SQLite store. lags: ms from their arrival at the hub until they could be read, up to a
    few ms too long because it looks every 2 ms."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.lags: list[float] = []
        self._path = path
        self._stop_asked = threading.Event()

    def __enter__(self) -> "Follower":
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop_asked.set()
        self.join()

    def run(self) -> None:
        with closing(sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True)) as connection:
            (last,) = connection.execute("SELECT coalesce(max(rowid), 0) FROM events").fetchone()
            while not self._stop_asked.wait(0.002):
                new = connection.execute(
                    "SELECT rowid, receivedat FROM events WHERE rowid > ? ORDER BY rowid", (last,)
                ).fetchall()
                now = time.time()
                self.lags += [(now - datetime.fromisoformat(received).timestamp()) * 1000 for _, received in new]
                last = new[-1][0] if new else last


def _drained(count: Any, wanted: int, pause: float = 0.05) -> float:
    """Wait until as many are there; how many a second came, from the first that were seen.

    Raises:
        RuntimeError: no progress
    """
    first: tuple[float, int] | None = None
    last = (time.perf_counter(), 0)
    while last[1] < wanted:
        time.sleep(pause)
        now, number = time.perf_counter(), count()
        if number > last[1]:
            last = (now, number)
            first = first or last
        elif now - last[0] > STALLED:
            raise RuntimeError(f"{number:,} of {wanted:,} have arrived, and no more for {STALLED:.0f} s")
    assert first is not None
    return (last[1] - first[1]) / (last[0] - first[0]) if last[0] > first[0] else float(wanted)


def _rows(file: Path) -> int:
    if not file.exists():
        return 0
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        try:
            return int(connection.execute("SELECT coalesce(max(rowid), 0) FROM events").fetchone()[0])
        except sqlite3.OperationalError:  # not made yet
            return 0


def _seen(port: int) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/")
        told: dict[str, Any] = json.loads(connection.getresponse().read())
        return told
    finally:
        connection.close()
