"""The clock stepped an hour forth and back, for the hub alone."""

from __future__ import annotations

import asyncio
import struct
from pathlib import Path

from benchmarks.chaos.check import reading
from benchmarks.chaos.native import library
from benchmarks.chaos.scene import Form, Result, Scene, scene

HOUR = 3600


async def clock(form: Form) -> Result:
    """Before each step the target fails for a while, so that retries are due on both sides of it."""
    async with scene("clock", form) as s:
        offset = s.folder / "offset"
        step(offset, 0)
        s.hub.environment = {"LD_PRELOAD": str(library("clock", s.folder)), "CHAOS_CLOCK": str(offset)}
        target = await s.add_target()
        s.configure()
        await s.hub.start()
        waiting: list[int] = []
        async with s.sender.load(clients=8, rate=form.pick(100, 200)):
            for seconds in (HOUR, 0, -HOUR, 0):
                await target.turn("fails")
                await asyncio.sleep(form.pick(0.4, 3))
                waiting.append(await retries(s))
                step(offset, seconds)
                await target.turn("good")
                await s.recovers()
                await asyncio.sleep(form.pick(0.4, 8))
        s.result.facts["retries that waited at the steps"] = ", ".join(map(str, waiting))
        s.result.expect(any(waiting), "no retry waited at any step, so little is proven")
        return await s.finish()


async def retries(s: Scene) -> int:
    """How many deliveries wait for their next attempt."""
    async with reading(s.hub.log) as log:
        return sum(state.lag.later for state in await log.subscriptions())


def step(offset: Path, seconds: int) -> None:
    """Set the hub's clock so many seconds off, from its next look at it on."""
    with offset.open("r+b" if offset.exists() else "wb") as file:
        file.write(struct.pack("=q", seconds))
