"""A torn write-ahead log, damaged pages: start refuses and says why, `hub doctor --recover` saves what can be read."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import struct
import subprocess
from pathlib import Path

from benchmarks.chaos.check import look_through, reading
from benchmarks.chaos.hub import COMMAND, HubProcess
from benchmarks.chaos.scene import Form, Result, Scene, scene
from hub.log.sqlite_files import PAGE

HEADER = 32
FRAME = 24 + PAGE
ROWS, ENTRIES = 0x0D, 0x0A
"""What the first byte of a page says: a leaf of a table, or of an index (https://sqlite.org/fileformat2.html)."""


async def damage(form: Form) -> Result:
    """What the disk destroyed is lost. The hub has to say so, and to lose nothing more than that."""
    async with scene("damage", form) as s:
        s.configure()
        unmoved = 0
        while unmoved < 2:  # a kill may come just when all was moved into the file
            await s.hub.start()
            async with s.sender.load(clients=32):
                await asyncio.sleep(form.pick(0.7, 3))
                s.hub.kill()
            moved, committed = frames(s.hub.log)
            unmoved = committed - moved
        killed = shutil.copytree(s.folder / "data", s.folder / "killed")
        for number in range(int(form.pick(1, 8))):
            await torn(s, killed, cut=number % 2 == 0)
        await s.hub.start()
        result = await s.finish()
        stopped = shutil.copytree(s.folder / "data", s.folder / "stopped")
        for number in range(int(form.pick(1, 12))):
            await page(s, stopped, ENTRIES if number % 4 == 3 else ROWS)
        return result


async def torn(s: Scene, killed: Path, cut: bool) -> None:
    """After `kill -9`, the write-ahead log loses its end, or a sector in the middle of it."""
    hub = copy_of(s, killed)
    wal = hub.log.with_name("hub.db-wal")
    content = bytearray(wal.read_bytes())
    moved, committed = frames(hub.log)
    start = HEADER + s.random.randrange(moved, moved + (committed - moved) // 2) * FRAME + 1000
    if cut:
        del content[start:]
    else:
        content[start : start + 512] = s.random.randbytes(512)
    wal.write_bytes(content)
    lost = await recovered(s, hub)
    s.result.expect(lost < len(s.sender.ledger.answered), "nothing was saved")
    what = "cut" if cut else "with a bad sector"
    tell(s, f"lost, of the synced events in a write-ahead log {what}", lost)


def frames(log: Path) -> tuple[int, int]:
    """How many pages of the write-ahead log were moved into the file, and how many were committed."""
    index = log.with_name("hub.db-shm").read_bytes()
    (committed,), (moved,) = struct.unpack_from("=I", index, 16), struct.unpack_from("=I", index, 96)
    return moved, committed


async def page(s: Scene, stopped: Path, kind: int) -> None:
    """After an orderly end, one page of the database is overwritten."""
    hub = copy_of(s, stopped)
    content = bytearray(hub.log.read_bytes())
    start = s.random.choice(leaves(content, kind))
    rows = int.from_bytes(content[start + 3 : start + 5], "big") if kind == ROWS else 0
    content[start : start + PAGE] = s.random.randbytes(PAGE)
    hub.log.write_bytes(content)
    lost = await recovered(s, hub)
    s.result.expect(lost <= rows, f"{lost} events were lost with a page of {rows} rows")
    tell(s, f"lost with a page of {'rows' if rows else 'an index'}", lost)


def leaves(content: bytes, kind: int) -> list[int]:
    """Where pages begin that hold more than a few rows, or entries of an index."""
    return [at for at in range(PAGE, len(content), PAGE) if content[at] == kind and content[at + 4] > 5]


def copy_of(s: Scene, data: Path) -> HubProcess:
    """Another hub, with a copy of this data."""
    folder = s.folder / f"case-{len(list(s.folder.glob('case-*')))}"
    shutil.copytree(data, folder / "data")
    hub = HubProcess(folder)
    hub.configure()
    return hub


async def recovered(s: Scene, hub: HubProcess) -> int:
    """It refuses, is recovered, runs again, reads again what it can; how many of the events are not in the log then."""
    result, before = s.result, digests(hub)
    refused = command(hub, "run")
    result.expect(refused.returncode == 1, f"hub run on a damaged log ended with {refused.returncode}")
    result.expect("is damaged" in refused.stderr and "hub doctor --recover" in refused.stderr, refused.stderr[-300:])
    result.expect("Traceback" not in refused.stderr, "a traceback instead of a message")
    result.expect(digests(hub) == before, "the damaged files were changed by a start that refused")
    done = command(hub, "doctor", "--recover")
    result.expect(done.returncode == 0, f"hub doctor --recover ended with {done.returncode}: {done.stderr[-300:]}")
    try:
        await hub.start()
        command(hub, "rejected", "accept", "--stage", "read")
        async with reading(hub.log) as log:
            times, altered = await look_through(log, s.numbers)
        code = await hub.terminate()
        result.expect(code == 0, f"the hub with the recovered log ended with {code}")
    finally:
        hub.kill()
    result.expect(not altered, f"{len(altered)} events were altered by the recovery")
    result.expect(max(times.values(), default=0) <= 1, "the recovery doubled events")
    result.expect(times.keys() <= s.sender.ledger.sent, "the recovered log has events that were never sent")
    return len(s.sender.ledger.answered.keys() - times.keys())


def digests(hub: HubProcess) -> dict[str, str]:
    """Of the log's files that hold something."""
    files = (hub.log, hub.log.with_name("hub.db-wal"))
    contents = {file.name: file.read_bytes() for file in files if file.exists()}
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items() if content}


def command(hub: HubProcess, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the hub to its end."""
    return subprocess.run(
        [COMMAND, *arguments], cwd=hub.folder, capture_output=True, text=True, timeout=60, check=False
    )


def tell(s: Scene, what: str, lost: int) -> None:
    """Put a figure into the report: one for each case, in a list."""
    known = s.result.facts.get(what)
    s.result.facts[what] = str(lost) if known is None else f"{known}, {lost}"
