"""What the SQLite log's thread takes by itself."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from pathlib import Path
from typing import Any

from log_contract import event_of, incoming, keep

from hub.log.base import Group, Query
from hub.log.sqlite import SqliteLog


class Box:
    """An intake; each byte on its socket is a group."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.theirs.setblocking(False)
        self._groups: deque[Group] = deque()

    def put(self, group: Group) -> None:
        self._groups.append(group)
        self.ours.send(b"\0")

    def fileno(self) -> int:
        return self.theirs.fileno()

    def take(self) -> Group | None:
        try:
            if not self.theirs.recv(1):
                raise EOFError
        except BlockingIOError:
            return None
        return self._groups.popleft()


class Broken(Box):
    """Another one, which fails."""

    def take(self) -> Group | None:
        raise ValueError("a defect")


async def test_groups_of_an_intake_are_kept_whatever_else_comes_in_there(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "hub.db")
    await log.open()
    intake, broken, told = Box(), Broken(), asyncio.Queue[Any]()
    wrong: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: wrong.append(context))
    log.attend(intake)
    log.attend(broken)
    broken.ours.send(b"\0")
    for number in range(3):
        request = incoming()
        ready = log.prepare([(request, [event_of(request, f"{number}-{each}")]) for each in range(2)])
        intake.put(Group(ready, told.put_nowait))
        if number == 1:
            intake.put(Group(["not prepared"], told.put_nowait))
    async with asyncio.timeout(10):
        results = [await told.get() for _ in range(4)]
        intake.ours.close()
        assert not (await keep(log)).duplicate
    kept = [result for result in results if not isinstance(result, Exception)]
    assert [stored.event.deliveryid for group in kept for (stored,) in group] == [
        f"{number}-{each}" for number in range(3) for each in range(2)
    ]
    assert await log.count(Query()) == 7
    assert len(wrong) == 1
    await log.close()
    for end in (intake.theirs, broken.ours, broken.theirs):
        end.close()
