"""`kill -9` of a receiver at random moments under full load, then of the last one, too."""

import asyncio
import os
import signal

from benchmarks.chaos.scene import Form, Result, scene

CLIENTS = 64


async def receivers(form: Form) -> Result:
    """The hub's own process takes over; what was being answered is sent again, as platforms do."""
    rounds = int(form.pick(1, 15))
    async with scene("receivers", form) as s:
        await s.add_target()
        s.configure(server="receivers = 2\n")
        kills = 0
        async with s.sender.load(CLIENTS) as ledger:
            for _ in range(rounds):
                await s.starts()
                for left in (1, 0):
                    await asyncio.sleep(s.random.uniform(0.1, form.pick(0.3, 1.0)))
                    before = len(ledger.answered)
                    os.kill(s.random.choice(s.hub.receivers), signal.SIGKILL)
                    kills += 1
                    await asyncio.sleep(form.pick(0.5, 1.0))
                    s.result.expect(len(s.hub.receivers) == left, f"{left} receivers should be left")
                    s.result.expect(len(ledger.answered) > before, "nothing was answered after a receiver was killed")
                code = await s.hub.terminate()
                s.result.expect(code == 0, f"after SIGTERM the hub ended with {code}")
            await s.starts()
        s.result.facts |= {"receivers killed": kills}
        return await s.finish()
