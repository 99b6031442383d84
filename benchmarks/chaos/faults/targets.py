"""HTTP targets that are down, slow, fail, reset connections, answer garbage, or answer 200 too late."""

import asyncio

from benchmarks.chaos.scene import Form, Result, scene
from benchmarks.chaos.target import Behaviour

BAD: tuple[Behaviour, ...] = ("down", "slow", "fails", "reset", "garbage", "late")


async def targets(form: Form) -> Result:
    """Six bad targets beside a good one and the store: those two must not notice, and all six get everything."""
    async with scene("targets", form) as s:
        await s.add_target("good")
        for behaviour in BAD:
            await s.add_target(behaviour, behaviour=behaviour, late=form.pick(5, 60))
        s.configure()
        await s.hub.start()
        async with s.sender.load(clients=8, rate=form.pick(100, 200)):
            await asyncio.sleep(form.pick(2.5, 65))
        began = asyncio.get_running_loop().time()
        await s.drained(30, frozenset({"good", "store"}))
        s.result.facts["good and store had all after, s"] = round(asyncio.get_running_loop().time() - began, 2)
        for behaviour in BAD:
            target = s.targets[behaviour]
            s.result.facts[f"{behaviour}: asked, had"] = f"{target.asked}, {len(target.got)}"
            await target.turn("good")
        return await s.finish()
