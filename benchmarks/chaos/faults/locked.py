"""The databases locked by another process."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.chaos.scene import Form, Result, scene

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""
ANSWERED_WITHIN = 8.0
"""Seconds: a platform has to hear the 503 before it gives up; GitHub waits for ten."""


async def locked(form: Form) -> Result:
    """A process writes to the log and does not end its transaction; another one does so to the store."""
    seconds = form.pick(5, 30)
    async with scene("locked", form) as s:
        await s.add_target()
        s.configure()
        await s.hub.start()
        async with s.sender.load(clients=16) as ledger:
            await asyncio.sleep(form.pick(0.5, 3))
            with holding(s.hub.log), holding(s.hub.store):
                await asyncio.sleep(seconds)
            s.result.facts["locked for, s"] = seconds
            s.result.facts["back after, s"] = await s.recovers()
        s.result.expect(ledger.statuses[503] > 0, "nothing was answered 503: the log was not locked")
        slowest = ledger.slowest.get(503, 0.0)
        s.result.expect(not form.long or slowest < ANSWERED_WITHIN, f"a 503 took {slowest:.1f} s")
        return await s.finish()


@contextlib.contextmanager
def holding(path: Path) -> Iterator[None]:
    """Another process holds the write lock of a database."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", HOLD, path], stdin=pipe, stdout=pipe) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == b"locked\n"
            yield
        finally:
            process.stdin.close()
            process.wait()
