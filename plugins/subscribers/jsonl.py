"""JSON Lines: append events to a file, one CloudEvents JSON object a line; rotated by size."""

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from hub import Event, Retry, Subscriber, hookimpl

BLOCK = 65536
OURS = b'{"specversion":'


@dataclass
class JSONLines(Subscriber):
    """Delivered again, an event is written again: readers that mind drop lines whose `id` they have seen."""

    name = "jsonl"
    batch = 500
    path: Annotated[str, "The file, relative to the folder of config.toml; one subscription only may write it."]
    max_bytes: Annotated[int, "Before events.jsonl grows beyond this, it becomes events.jsonl.1."] = 100_000_000
    keep: Annotated[int, "How many rotated files are kept."] = 5

    def __post_init__(self) -> None:
        if self.max_bytes < 1 or self.keep < 1:
            raise ValueError("max_bytes and keep are at least 1")

    async def open(self) -> None:
        self.file = self.context.folder / self.path
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self.file.open("a+b", buffering=0) as file:
                mend(file.fileno())
        except OSError as error:
            raise Retry(f"cannot write {self.file}: {error.strerror}; is its folder writable?") from error
        # one thread: batches are written one after the other, also when an attempt was cancelled half-way
        self.thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="jsonl")

    async def deliver_batch(self, events: Sequence[Event]) -> None:
        await asyncio.get_running_loop().run_in_executor(self.thread, self.append, events)

    def append(self, events: Sequence[Event]) -> None:
        """Write whole lines to disk, all or none."""
        lines = b"".join(event.json() + b"\n" for event in events)
        there = self.file.stat().st_size if self.file.exists() else 0
        if there and there + len(lines) > self.max_bytes:
            self.rotate()
        with self.file.open("a+b", buffering=0) as file:
            mend(file.fileno())
            size = os.fstat(file.fileno()).st_size
            try:
                write_all(file.fileno(), lines)
                os.fsync(file.fileno())
            except OSError:
                os.ftruncate(file.fileno(), size)
                raise
        if size == 0:
            sync_folder(self.file.parent)

    def rotate(self) -> None:
        """events.jsonl -> events.jsonl.1 -> events.jsonl.2 ...; the oldest goes."""
        for number in range(self.keep - 1, 0, -1):
            if numbered(self.file, number).exists():
                numbered(self.file, number).replace(numbered(self.file, number + 1))
        self.file.replace(numbered(self.file, 1))

    async def close(self) -> None:
        await asyncio.to_thread(self.thread.shutdown)


def numbered(path: Path, number: int) -> Path:
    """events.jsonl.1"""
    return path.with_name(f"{path.name}.{number}")


def mend(file: int) -> None:
    """Cut off a last line that a crash left without its end; its event was not settled and comes again.

    Raises:
        Retry: the last line is not one of ours, so nothing is cut.
    """
    end = os.fstat(file).st_size
    start = last_line(file, end)
    if start == end:
        return
    head = os.pread(file, len(OURS), start)
    if not OURS.startswith(head):
        raise Retry("the file ends in a line without a line break that is no event; end it, or choose another `path`")
    os.ftruncate(file, start)


def last_line(file: int, end: int) -> int:
    """Where the text after the last line break begins."""
    while end > 0:
        start = max(0, end - BLOCK)
        found = os.pread(file, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def write_all(file: int, data: bytes) -> None:
    """One write may take only a part."""
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def sync_folder(folder: Path) -> None:
    """Make a new or renamed file's name durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@hookimpl
def register_subscribers() -> list[type[Subscriber]]:
    return [JSONLines]
