"""A process that appends and settles until it is killed, and says on stdout what it was answered."""

import asyncio
import sys
from pathlib import Path

from log_contract import keep, settle, subscribe

from hub.event import new_id
from hub.log.sqlite import SqliteLog


async def main(path: Path) -> None:
    log = SqliteLog(path)
    await log.open()
    feed = await subscribe(log, start="beginning")

    async def append() -> None:
        while True:
            stored = await keep(log, new_id())
            sys.stdout.write(f"kept {stored.event.deliveryid}\n")
            sys.stdout.flush()

    async def deliver() -> None:
        while True:
            taken = await feed.take(3, 1)
            await settle(feed, taken)
            sys.stdout.write("".join(f"done {one.event.deliveryid}\n" for one in taken))
            sys.stdout.flush()

    await asyncio.gather(*[append() for _ in range(8)], *[deliver() for _ in range(2)])


asyncio.run(main(Path(sys.argv[1])))
