"""The report: a table on the terminal, JSON, and the page in the docs."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

from benchmarks.chaos.scene import Result

ROOT = Path(__file__).parents[2]
COLUMNS = ("fault", "answered 200", "503", "missing", "doubled", "altered", "again", "back, s", "MiB", "holds")
INTRO = """# Chaos

What was answered `200` is in the log, gets to every subscriber, and is not altered, whatever breaks. This page is what
one run of `make chaos` counted; it is written by that run. A short form of the same program runs in `make test`.

A program outside the hub sends numbered, signed GitHub pushes of about 7 kB to a hub that is started by `hub run`,
breaks something, and notes which events were answered `200`. What was not is sent again with the same id, as
platforms do. At the end it compares, by SHA-256 of the body, what it was promised with what is in the log (through the
hub's own reading), in the SQLite store, and at HTTP targets that it runs itself.

- **missing**: answered `200`, and not in the log, in the store, or at a target that is good in the end.
- **doubled**: more than once in the log or in the store. **again**: got more than once by an HTTP target or a plugin,
  which at-least-once delivery allows; the event's id tells.
- **altered**: other bytes than were sent.
- **back**: the longest time until the hub, without anybody's help, accepted events again after the fault was over
  (after `kill -9`: after it was started again).
- **MiB**: the most memory that a hub used.
- **holds**: nothing missing, doubled or altered; no answer but `200` and `503`, each `503` with `Retry-After`; every
  hub ended with 0 after SIGTERM; memory below 300 MiB; and what the fault's own text says.
"""
LIMITS = """## What this does not prove

- Power loss is simulated: a library in the hub's process records every write, cut and sync of its databases in their
  order. What the disk holds after a power loss is everything that was synced before a random moment, and of the rest
  an arbitrary part: writes are left out, or torn at a sector of 512 bytes; names that were made or removed and not
  synced come and go in order. It proves that the hub and SQLite wait for every sync that they need before the answer.
  It does not prove that a disk obeys: one that lies about syncs loses events whatever runs on it. That such a loss
  would be found is tried with a disk that ignores the syncs of the write-ahead log.
- The clock is stepped for the hub's process alone, by a library that adds an offset to the wall clock. The monotonic
  clock goes on, as it does when a real clock is set.
- A write-ahead log that lost its end is recognized by the `-shm` file beside it, which `kill -9` leaves and a power
  loss may not; a bad sector in its middle is recognized by what follows it. Pages of a log above 64 MiB are checked at
  start only where they are newest, the others when they are read.
- A subscriber that blocks the event loop (`time.sleep` in an `async` function) delays everybody for that long, and
  what a plugin's tasks hold on to is held: a plugin runs inside the hub. Nothing is lost by it.
- All of it ran on one machine, over loopback, with the log in SQLite.
"""


def row(result: Result) -> tuple[str, ...]:
    """A line of the table."""
    counts = result.counts
    kept = [count for count in counts if count.place in ("log", "store")]
    others = [count for count in counts if count.place not in ("log", "store")]
    return (
        result.fault,
        f"{result.answered:,}",
        f"{result.refused:,}",
        str(sum(count.missing for count in counts)),
        str(sum(count.doubled for count in kept)),
        str(sum(count.altered for count in counts)),
        str(sum(count.doubled for count in others)),
        f"{result.back:.1f}" if result.back else "",
        str(result.peak >> 20),
        "no" if result.problems else "yes",
    )


def table(results: Iterable[Result]) -> str:
    """For a terminal."""
    rows = [COLUMNS, *(row(result) for result in results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(cells, widths) for cells in rows)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
    return "  ".join([cells[0].ljust(widths[0]), *padded])


def machine(folder: Path) -> dict[str, str]:
    """What it ran on."""
    cpu = next(
        (line.partition(":")[2].strip() for line in _text("/proc/cpuinfo").splitlines() if "model name" in line),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": _said("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"),
        "machine": f"{cpu}, {os.cpu_count()} cores, {memory / (1 << 30):.0f} GiB",
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "load average before": f"{os.getloadavg()[0]:.1f} (other work on the machine makes the times longer)",
        "file system": _said("stat", "--file-system", "--format=%T", str(folder)),
        "Python": platform.python_version(),
        "SQLite": f"{sqlite3.sqlite_version}, WAL, synchronous=FULL",
        "hub": version("webhook-hub"),
        "uvicorn": version("uvicorn"),
    }


def write(results: Sequence[Result], about: dict[str, str], titles: dict[str, str]) -> None:
    """benchmarks/results/chaos.json and docs/chaos.md."""
    raw = {"about": about, "results": [asdict(result) for result in results]}
    file = ROOT / "benchmarks" / "results" / "chaos.json"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(orjson.dumps(raw, option=orjson.OPT_INDENT_2) + b"\n")
    (ROOT / "docs" / "chaos.md").write_text(page(results, about, titles), encoding="utf-8")


def page(results: Sequence[Result], about: dict[str, str], titles: dict[str, str]) -> str:
    """The page in the docs."""
    parts = [INTRO, _markdown(COLUMNS, map(row, results))]
    parts.append("\n".join(f"{name}: {text}  " for name, text in about.items()) + "\n")
    parts.append("The raw figures: [chaos.json](../benchmarks/results/chaos.json).\n")
    for result in results:
        parts.append(f"## {result.fault}\n\n{titles[result.fault]}\n")
        if result.facts:
            parts.append(_markdown(("figure", ""), ((name, _shown(fact)) for name, fact in result.facts.items())))
        if result.counts:
            heads = ("place", "events", "missing", "doubled", "altered")
            counts = [(c.place, c.events, c.missing, c.doubled, c.altered) for c in result.counts]
            parts.append(_markdown(heads, ([_shown(cell) for cell in cells] for cells in counts)))
        parts += [f"- **does not hold**: {problem}\n" for problem in result.problems]
    return "\n".join([*parts, LIMITS])


def _markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _text(path: str) -> str:
    return Path(path).read_text(encoding="utf-8") if Path(path).exists() else ""


def _said(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
