"""Power loss, as far as it can be simulated: at any moment, whatever was not synced is lost, reordered or torn."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from benchmarks.chaos.check import left_to_deliver, look_through
from benchmarks.chaos.crash import crashes, read
from benchmarks.chaos.hub import HubProcess
from benchmarks.chaos.native import library
from benchmarks.chaos.scene import Form, Result, Scene, scene
from hub.errors import LogError
from hub.log.sqlite import SqliteLog

SETTLED = """
SELECT e.seq, e.delivery FROM subscriptions s JOIN events e ON e.seq <= s.position
LEFT JOIN deliveries d ON d.sub = s.id AND d.seq = e.seq WHERE s.name = 'store' AND d.seq IS NULL
"""


async def power(form: Form) -> Result:
    """One hub under load is recorded; then many power losses are tried on what the disk may hold at that moment."""
    async with scene("power", form) as s:
        trace, data = s.folder / "trace", s.folder / "data"
        s.hub.environment = {
            "LD_PRELOAD": str(library("disk", s.folder)),
            "CHAOS_DISK": str(data),
            "CHAOS_TRACE": str(trace),
        }
        s.configure()
        await s.hub.start()
        async with s.sender.load(clients=16, rate=form.pick(150, 250)):
            await asyncio.sleep(form.pick(2, 8))
            s.hub.kill()
        records, answered = read(trace), s.sender.ledger.answered
        states, without = int(form.pick(20, 300)), int(form.pick(5, 30))
        started = 0
        for number, (moment, files) in enumerate(crashes(records, states, form.seed)):
            folder = put(s, f"state-{number}", files)
            promised = {one for one, at in answered.items() if at < moment}
            problem = await wrong(s, folder, promised)
            s.result.expect(not problem, f"power loss {number}: {problem}")
            if number % 20 == 19 and not problem:
                await starts(s, folder, promised)
                started += 1
            shutil.rmtree(folder)
        found = 0
        for number, (moment, files) in enumerate(crashes(records, without, form.seed + 1, ignored="hub.db-wal")):
            folder = put(s, f"without-{number}", files)
            found += bool(await wrong(s, folder, {one for one, at in answered.items() if at < moment}))
            shutil.rmtree(folder)
        s.result.expect(found > 0, "a disk that does not sync the write-ahead log lost nothing, so this proves nothing")
        s.result.expect(len(answered) > 0, "nothing was answered 200, so nothing is proven")
        s.result.answered, s.result.peak = len(answered), s.hub.peak
        s.result.facts |= {
            "writes and syncs": len(records),
            "power losses": states,
            "of them a hub was started on": started,
            "found wrong on a disk that does not sync the write-ahead log": f"{found} of {without}",
        }
        return s.result


def put(s: Scene, name: str, files: Mapping[str, bytes]) -> Path:
    """A folder with these files as its data."""
    folder = s.folder / name
    (folder / "data").mkdir(parents=True)
    for file, content in files.items():
        (folder / "data" / file).write_bytes(content)
    return folder


async def wrong(s: Scene, folder: Path, promised: set[int]) -> str:
    """What is wrong with the files of a power loss; "" if nothing is.

    promised: the numbers that were answered 200 before it.
    """
    log = SqliteLog(folder / "data" / "hub.db")
    try:
        await log.open()
        times, altered = await look_through(log, s.numbers)
    except LogError as error:
        return str(error)
    finally:
        await log.close()
    wrongs = {
        "answered and not in the log": len(promised - times.keys()),
        "twice in the log": sum(count > 1 for count in times.values()),
        "altered": len(altered),
        "delivered and not in the store": len(delivered(folder) - stored(folder)),
    }
    return ", ".join(f"{count} {what}" for what, count in wrongs.items() if count)


def delivered(folder: Path) -> set[str]:
    """What the log says that the store has."""
    with closing(sqlite3.connect(folder / "data" / "hub.db")) as log:
        (opened,) = log.execute("SELECT open FROM subscriptions WHERE name = 'store'").fetchone() or ("[]",)
        return {delivery for seq, delivery in log.execute(SETTLED) if seq not in json.loads(opened)}


def stored(folder: Path) -> set[str]:
    """What the store has."""
    with closing(sqlite3.connect(folder / "data" / "events.db")) as store:
        if not store.execute("SELECT 1 FROM sqlite_schema WHERE name = 'events'").fetchone():
            return set()
        return {delivery for (delivery,) in store.execute("SELECT deliveryid FROM events")}


async def starts(s: Scene, folder: Path, promised: set[int]) -> None:
    """Start a hub on it: it delivers the rest, and the store has everything once."""
    hub = HubProcess(folder)
    hub.configure()
    try:
        await hub.start()
        left = await left_to_deliver(hub.log, within=60)
        s.result.expect(not left, f"after a power loss: {left}")
        code = await hub.terminate()
        s.result.expect(code == 0, f"after a power loss the hub ended with {code}")
    finally:
        hub.kill()
    kept = {s.numbers.number(delivery) for delivery in stored(folder)}
    s.result.expect(promised <= kept, f"after a power loss {len(promised - kept)} never got to the store")
