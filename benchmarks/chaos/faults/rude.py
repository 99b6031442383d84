"""A plugin whose subscribers do everything that they must not, until a file named `well` is beside config.toml."""

import asyncio
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from hub import Event, Subscriber, hookimpl


@dataclass
class Rude(Subscriber):
    """Keeps the ids of what it got in a file; before that, it does what `how` says."""

    name = "rude"
    how: str

    async def deliver(self, event: Event) -> None:
        if not self.well:
            await getattr(self, self.how.replace("-", "_"))()
        with (self.context.folder / f"{self.how}.txt").open("a") as file:
            file.write(event.deliveryid + "\n")

    @property
    def well(self) -> bool:
        return Path(self.context.folder / "well").exists()

    async def raises(self) -> None:
        raise KeyError("a defect of the plugin")

    async def hangs(self) -> None:
        await asyncio.Event().wait()

    async def clings(self) -> None:
        while not self.well:
            try:
                await asyncio.sleep(0.2)
            except asyncio.CancelledError:
                continue

    async def blocks(self) -> None:
        self.calls = getattr(self, "calls", 0) + 1
        if self.calls % 50 == 1:
            time.sleep(0.5)

    async def leaks(self) -> None:
        self.leaked = [*getattr(self, "leaked", []), *(asyncio.create_task(asyncio.sleep(3600)) for _ in range(5))]

    async def exits(self) -> None:
        sys.exit("a plugin wanted to end the hub")

    async def exits_later(self) -> None:
        async def end() -> None:
            sys.exit("a plugin's task wanted to end the hub")

        self.ending = asyncio.create_task(end())

    async def interrupts(self) -> None:
        raise KeyboardInterrupt


@hookimpl
def register_subscribers() -> list[type[Subscriber]]:
    return [Rude]
