"""SIGTERM under load: the hub ends by itself, and what it answered is kept."""

import asyncio

from benchmarks.chaos.scene import Form, Result, scene

CLIENTS = 64


async def terminate(form: Form) -> Result:
    """Stop it and start it, as a deployment does."""
    rounds = int(form.pick(2, 10))
    async with scene("terminate", form) as s:
        await s.add_target()
        s.configure()
        slowest = 0.0
        async with s.sender.load(CLIENTS):
            for _ in range(rounds):
                await s.starts()
                await asyncio.sleep(s.random.uniform(0.1, form.pick(0.4, 1.5)))
                began = asyncio.get_running_loop().time()
                code = await s.hub.terminate()
                slowest = max(slowest, asyncio.get_running_loop().time() - began)
                s.result.expect(code == 0, f"after SIGTERM the hub ended with {code}")
            await s.starts()
        s.result.facts |= {"stops": rounds, "slowest stop, s": round(slowest, 2)}
        return await s.finish()
