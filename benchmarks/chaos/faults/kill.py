"""`kill -9` at random moments under full load, some of them while the hub is starting."""

import asyncio

from benchmarks.chaos.scene import Form, Result, scene

CLIENTS = 64


async def kill(form: Form) -> Result:
    """Kill it again and again. What was being answered is sent again to the next one, as platforms do."""
    rounds = int(form.pick(8, 60))
    async with scene("kill", form) as s:
        await s.add_target()
        s.configure()
        starting = 0
        async with s.sender.load(CLIENTS) as ledger:
            for number in range(rounds):
                if number % 6 == 5:
                    s.hub.launch()
                    await asyncio.sleep(s.random.uniform(0.05, 0.8))
                    starting += 1
                else:
                    before = len(ledger.answered)
                    await s.starts()
                    await asyncio.sleep(s.random.uniform(0.0, form.pick(0.3, 1.0)))
                    s.result.expect(len(ledger.answered) > before, "a hub was killed before it answered anything")
                s.hub.kill()
            await s.starts()
        s.result.facts |= {"kills": rounds, "of them while starting": starting}
        return await s.finish()
