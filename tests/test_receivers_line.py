"""The line between the hub and a receiver, by itself."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import pytest

from hub.receivers import channel
from hub.receivers.channel import Channel, make_line

if sys.platform != "linux":
    pytest.skip("receivers are for Linux: elsewhere the hub's own process receives", allow_module_level=True)


async def test_the_line_takes_messages_of_any_size_in_any_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "READ", 1000)
    ours, theirs = make_line()
    got: list[tuple[Any, ...]] = []
    over = asyncio.Event()
    sent = [("kind", number, os.urandom(size)) for number, size in enumerate([0, 1, 3_000_000, 999, 70_000] * 9)]

    def take(*message: Any) -> None:
        got.append(message)
        if message[1] == 3:
            raise ValueError("a defect")

    one, other = Channel(ours.messages, lambda *message: None, lambda: None), Channel(theirs.messages, take, over.set)
    for message in sent:
        one.send(*message, at_once=message[1] % 2 == 0)
    async with asyncio.timeout(20):
        while len(got) < len(sent):
            await asyncio.sleep(0.01)
        one.close()
        await over.wait()
    other.send("to nobody")
    await asyncio.sleep(0)
    for end in (ours, theirs):
        end.close()
    assert got == sent
