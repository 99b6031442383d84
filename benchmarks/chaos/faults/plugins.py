"""Subscriber plugins that raise, hang, cling to their cancellation, block, leak tasks, or call `sys.exit`."""

import asyncio
import shutil
from collections import Counter
from pathlib import Path

from benchmarks.chaos.check import Count
from benchmarks.chaos.scene import Form, Result, scene

HOW = ("raises", "hangs", "clings", "blocks", "leaks", "exits", "exits-later", "interrupts")
SUBSCRIPTION = """
[subscribers.{how}]
plugin = "rude"
how = "{how}"
timeout = "1s"
start = "beginning"
retry = {{ attempts = 1000, first = "0.2s", max = "1s" }}
"""


async def plugins(form: Form) -> Result:
    """All of them in one hub, beside a good target and the store, which must not notice."""
    async with scene("plugins", form) as s:
        await s.add_target()
        s.configure("".join(SUBSCRIPTION.format(how=how) for how in HOW))
        (s.folder / "plugins").mkdir()
        shutil.copy(Path(__file__).with_name("rude.py"), s.folder / "plugins")
        await s.hub.start()
        async with s.sender.load(clients=8, rate=form.pick(50, 100)):
            await asyncio.sleep(form.pick(3, 45))
            s.result.expect(s.hub.ended is None, f"a plugin ended the hub: {s.hub.ended}")
        await s.sender.settle()
        await s.drained(60, frozenset({"target", "store"}))
        (s.folder / "well").touch()
        result = await s.finish()
        for how in HOW:
            file = s.folder / f"{how}.txt"
            ids = file.read_text().split() if file.exists() else []
            times = Counter(-1 if (number := s.numbers.number(one)) is None else number for one in ids)
            count = Count.of(how, times, (), s.sender.ledger)
            result.counts.append(count)
            result.expect(not count.missing, f"{count.missing} missing at the plugin that {how}")
        return result
