"""Console: print a line for each event."""

import asyncio
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated

from rich.console import Console as Terminal
from rich.text import Text

from hub import Event, Subscriber, hookimpl

LONGEST = 200


@dataclass
class Console(Subscriber):
    """Time of arrival, source, type, subject and id, in colours where standard output is a terminal (NO_COLOR is
    respected)."""

    name = "console"
    batch = 100
    data: Annotated[bool, "Print the event's data too, its first 2000 characters."] = False

    async def open(self) -> None:
        self.terminal = Terminal(soft_wrap=True)
        # a terminal that is held (Ctrl-S, a pager) holds this thread, not the hub
        self.thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="console")

    async def deliver_batch(self, events: Sequence[Event]) -> None:
        with self.terminal.capture() as captured:
            for event in events:
                self.terminal.print(self.line(event))
        await asyncio.get_running_loop().run_in_executor(self.thread, write, captured.get())

    def line(self, event: Event) -> Text:
        """The event as one line. Text is never taken for markup."""
        parts = [
            (f"{event.receivedat:%H:%M:%SZ}", "dim"),
            (shown(event.source), "cyan"),
            (shown(event.type), "bold green"),
            (shown(event.subject or ""), "yellow"),
            (shown(event.id), "dim"),
        ]
        if self.data:
            parts.append((shown(event.data_json().decode(), 2000), ""))
        return Text("  ").join(Text(text, style) for text, style in parts if text)

    async def close(self) -> None:
        self.thread.shutdown(wait=False, cancel_futures=True)


def shown(text: str, longest: int = LONGEST) -> str:
    """Text from outside for a terminal: what is not printable is shown as an escape and never obeyed."""
    text = text if len(text) <= longest else text[:longest] + "…"
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


@hookimpl
def register_subscribers() -> list[type[Subscriber]]:
    return [Console]
