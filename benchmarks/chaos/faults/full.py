"""The disk full, and free again: a small file system where mounting is allowed, else a limit on the hub's files."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.chaos.scene import Form, Result, Scene, scene

SIZE = 256 << 20
"""Bytes of the file system: the hub keeps 64 MiB in reserve and stops taking events below 32 MiB."""
LITTLE = 16 << 20


async def full(form: Form) -> Result:
    """Somebody else fills the disk: first nearly, then to the last byte, for as long as it lasts."""
    async with scene("full", form) as s:
        await s.add_target()
        s.configure()
        (s.folder / "data").mkdir()
        with small_disk(s.folder / "data") as mounted:
            s.result.facts["how"] = "a tmpfs of 256 MiB" if mounted else "a limit on the size of the hub's files"
            await s.hub.start()
            async with s.sender.load(clients=16, rate=200):
                await s.recovers()
                if mounted:
                    # while the write-ahead log is new it has to grow, so that a transaction fails in the middle
                    await to_the_last_byte(s)
                    await asyncio.sleep(form.pick(0.5, 5))
                    await nearly(s)
                else:
                    await no_file_grows(s)
                await asyncio.sleep(form.pick(0.1, 5))
            s.result.facts["writes that failed, among the lines of its log"] = s.hub.said.count("cannot be written: ")
            s.result.expect(s.sender.ledger.statuses[503] > 0, "nothing was answered 503: the disk was not full")
            return await s.finish()


async def nearly(s: Scene) -> None:
    """Less is free than the hub wants: it refuses before anything fails."""
    filler = s.folder / "data" / "filler"
    free = os.statvfs(filler.parent)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - LITTLE)
    await refuses(s)
    await asyncio.sleep(s.form.pick(0.5, 10))
    filler.unlink()
    s.result.facts["back after nearly full, s"] = await s.recovers()


async def to_the_last_byte(s: Scene) -> None:
    """What the hub gives up of its reserve is taken away as well."""
    filler = s.folder / "data" / "filler"
    loop = asyncio.get_running_loop()
    with filler.open("wb", buffering=0) as file:
        take_all(file.fileno())
        await refuses(s)
        end = loop.time() + s.form.pick(1.5, 20)
        while loop.time() < end:
            take_all(file.fileno())
            await asyncio.sleep(0.02)
    filler.unlink()
    s.result.facts["back after full, s"] = await s.recovers()


async def no_file_grows(s: Scene) -> None:
    """Every write of the hub fails."""
    limits = resource.prlimit(s.hub.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(s.hub.pid, resource.RLIMIT_FSIZE, (0, limits[1]))
    await refuses(s)
    await asyncio.sleep(s.form.pick(1.5, 20))
    resource.prlimit(s.hub.pid, resource.RLIMIT_FSIZE, limits)
    s.result.facts["back after full, s"] = await s.recovers()


async def refuses(s: Scene) -> None:
    """Wait for the first 503 of this fault."""
    before = s.sender.ledger.statuses[503]
    async with asyncio.timeout(30):
        while s.sender.ledger.statuses[503] == before:
            await asyncio.sleep(0.01)


def take_all(file: int) -> None:
    """Write until nothing is left."""
    for size in (1 << 20, 4096, 1):
        with contextlib.suppress(OSError):
            while True:
                os.write(file, bytes(size))


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Put a small file system on a folder; False where that is not allowed."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder]
    mounted = sys.platform == "linux" and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", folder], check=True)
