"""A scene: one hub with its store and its target, the platform that sends to it, and the count at the end."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.chaos.check import Count, at_target, in_log, in_store, left_to_deliver
from benchmarks.chaos.hub import HubProcess
from benchmarks.chaos.numbers import Numbers
from benchmarks.chaos.sender import Sender
from benchmarks.chaos.target import Target

TARGET = """
[subscribers.{name}]
plugin = "http"
url = "http://127.0.0.1:{port}/"
start = "beginning"
timeout = "{timeout}"
retry = {{ attempts = 1000, first = "0.2s", max = "1s" }}
"""
MEMORY = 300 << 20
"""Bytes that no hub may exceed in any scene."""


@dataclass(frozen=True)
class Form:
    """Which form of the chaos runs, where, and what its choices come from. long: also times are judged."""

    folder: Path
    seed: int
    long: bool = False

    def pick(self, short: float, long: float) -> float:
        """The amount for this form."""
        return long if self.long else short


@dataclass
class Result:
    """What came of one fault. back: the longest time, in seconds, until the hub accepted events again; peak: the most
    memory of a hub, in bytes; facts: more figures for the report; problems: what did not hold."""

    fault: str
    counts: list[Count] = field(default_factory=list)
    answered: int = 0
    refused: int = 0
    back: float = 0.0
    peak: int = 0
    facts: dict[str, int | float | str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def expect(self, holds: bool, otherwise: str) -> None:
        """Note a problem unless something holds."""
        if not holds:
            self.problems.append(otherwise)


class Scene:
    """One hub and those around it."""

    def __init__(self, fault: str, form: Form, environment: Mapping[str, str] | None = None) -> None:
        self.form = form
        self.folder = form.folder / fault
        self.folder.mkdir(parents=True)
        self.random = random.Random(f"{form.seed}:{fault}")
        self.numbers = Numbers.of(form.seed)
        self.hub = HubProcess(self.folder, environment or {})
        self.sender = Sender(self.hub.port, self.numbers)
        self.targets: dict[str, Target] = {}
        self.result = Result(fault)
        self._config = ""

    async def add_target(self, name: str = "target", timeout: str = "2s", **how: object) -> Target:
        """One more target and the config of its subscription."""
        target = self.targets[name] = Target(self.numbers, **how)  # type: ignore[arg-type]  # its own keywords
        await target.start()
        self._config += TARGET.format(name=name, port=target.port, timeout=timeout)
        return target

    def configure(self, more: str = "", server: str = "") -> None:
        """Write the config with all targets. server: more of its [server] table; more: further tables."""
        self.hub.configure(self._config + more, server)

    async def recovers(self, within: float = 60.0) -> float:
        """Seconds until the hub accepts an event again, without anybody doing anything."""
        began, before = time.monotonic(), len(self.sender.ledger.answered)
        while len(self.sender.ledger.answered) == before:
            if time.monotonic() - began > within or self.hub.ended is not None:
                self.result.problems.append(f"the hub did not recover within {within:g} s")
                break
            await asyncio.sleep(0.01)
        took = round(time.monotonic() - began, 2)
        self.result.back = max(self.result.back, took)
        return took

    async def starts(self) -> None:
        """Start the hub, while the platform is trying to send."""
        await self.hub.start()
        took = await self.recovers()
        self.result.back = max(self.result.back, round(self.hub.starts[-1] + took, 2))

    async def drained(self, within: float = 300.0, names: frozenset[str] | None = None) -> None:
        """Wait until subscriptions (all of them if no names are given) have got everything."""
        left = await left_to_deliver(self.hub.log, within, names)
        self.result.expect(not left, left)

    async def finish(self) -> Result:
        """Send again what is owed, wait for the deliveries, stop the hub as an operator would, and count."""
        result, ledger = self.result, self.sender.ledger
        await self.sender.settle()
        await self.drained()
        self.hub.look()
        code = await self.hub.terminate()
        result.expect(code == 0, f"after SIGTERM the hub ended with {code}")
        await self.count()
        slowest = {f"slowest {status}, s": round(took, 2) for status, took in sorted(ledger.slowest.items())}
        result.answered, result.refused = len(ledger.answered), ledger.statuses[503]
        result.peak = self.hub.peak
        result.facts |= {
            "sent": len(ledger.sent),
            "recognized as sent before": ledger.duplicates,
            "without an answer": ledger.broken,
            **slowest,
        }
        others = {status: count for status, count in ledger.statuses.items() if status not in (200, 503)}
        result.expect(not others, f"answers other than 200 and 503: {others}")
        result.expect(not ledger.impolite, f"{ledger.impolite} answers 503 had no Retry-After")
        result.expect(self.hub.peak < MEMORY, f"the hub used {self.hub.peak >> 20} MiB")
        result.expect("a defect of the hub" not in self.hub.said, "the hub wrote of a defect of its own")
        return result

    async def count(self) -> None:
        """Compare what was promised with what is there."""
        result, ledger = self.result, self.sender.ledger
        result.counts += [
            await in_log(self.hub.log, self.numbers, ledger),
            in_store(self.hub.store, self.numbers, ledger),
            *(at_target(target, ledger, name) for name, target in self.targets.items()),
        ]
        result.expect(bool(ledger.answered), "nothing was answered 200, so nothing is proven")
        for count in result.counts:
            wrong = {"missing": count.missing, "altered": count.altered, "stray": count.stray}
            if count.place in ("log", "store"):
                wrong["doubled"] = count.doubled
            for what, number in wrong.items():
                result.expect(not number, f"{number} {what} in {count.place}")


@contextlib.asynccontextmanager
async def scene(fault: str, form: Form, environment: Mapping[str, str] | None = None) -> AsyncIterator[Scene]:
    """A scene; whatever happens in it, its processes and sockets are gone after it."""
    made = Scene(fault, form, environment)
    try:
        yield made
    finally:
        made.hub.kill()
        for target in made.targets.values():
            await target.stop()
