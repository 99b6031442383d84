"""The benchmark: `make bench`, or `python benchmarks/run.py --quick`. Writes every round and a report into results/.

Everything runs on this machine and talks to 127.0.0.1 only. Nothing else should run meanwhile. The hub is the one of
the checkout; HUB_COMMAND=/path/to/bin/hub measures another one.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import alone
import compare
from compare import Options
from load import MISSING, tool
from machine import IN_MEMORY, machine
from process import WORK
from report import markdown
from servers import Server, servers

RESULTS = Path(__file__).parent / "results"
NEEDS = {"full": "wrk", "connections": "wrk", "paced": "vegeta", "lag": "vegeta", "filled": "wrk vegeta"}
DRAWN = ("hub", "ceiling", "fastapi", "django")
"""The servers in the plots: the two that say something new about the limit."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for; 1 if something could not be measured."""
    asked = options().parse_args(arguments)
    chosen = [server for server in servers() if not asked.only or server.name in asked.only]
    parts = [part for part in PARTS if not asked.parts or part in asked.parts]
    missing = [f"{name} is missing: {hint}" for name, hint in MISSING.items() if tool(name) is None]
    missing += [server.missing for server in chosen if server.missing]
    chosen = [server for server in chosen if not server.missing]
    timing = Options(
        seconds=asked.seconds or (2 if asked.quick else 10),
        warm=1 if asked.quick else 3,
        rounds=asked.rounds or (1 if asked.quick else 5),
        quick=asked.quick,
        say=say,
    )
    result: dict[str, Any] = {
        "machine": machine(),
        "options": {"seconds": timing.seconds, "warm": timing.warm, "rounds": timing.rounds, "quick": timing.quick},
        "servers": {server.name: {"title": server.title, "counts": server.counts} for server in chosen},
        "missing": missing,
        "failures": timing.failures,
    }
    warn(result, timing)
    file = (WORK if asked.quick else RESULTS) / f"{result['machine']['at'][:16].replace(':', '')}.json"
    for part in parts:
        if any(tool(name) is None for name in NEEDS.get(part, "").split()):
            continue
        say(f"\n{part}")
        result[part] = timing.tried(part, partial(PARTS[part], chosen, timing))
        file.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    report = markdown(result)
    file.with_suffix(".md").write_text(report, encoding="utf-8")
    say(f"\n{report}")
    warn(result, timing)
    say(f"raw rounds: {file}\npublish in the docs: python benchmarks/report.py {file} --docs")
    return 1 if timing.failures else 0


def drawn(measure: Callable[[Sequence[Server], Options], Any]) -> Callable[[Sequence[Server], Options], Any]:
    """A measurement of the servers in the plots only."""
    return lambda chosen, timing: measure([server for server in chosen if server.name in DRAWN], timing)


PARTS: dict[str, Callable[[Sequence[Server], Options], Any]] = {
    "full": compare.at_full_load,
    "paced": drawn(compare.by_rate),
    "connections": drawn(compare.by_connections),
    "startup": lambda _, timing: alone.startup(timing),
    "idle": lambda _, timing: alone.idle(timing),
    "lag": lambda _, timing: alone.lag(timing),
    "backlog": lambda _, timing: alone.backlog(timing),
    "filled": lambda _, timing: alone.filled(timing),
}


def options() -> argparse.ArgumentParser:
    """The command line."""
    names = [server.name for server in servers()]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a smoke run of a few minutes; its figures say nothing")
    parser.add_argument("--only", type=listed(names), metavar="SERVERS", help=f"some of {', '.join(names)}")
    parser.add_argument("--parts", type=listed(list(PARTS)), metavar="PARTS", help=f"some of {', '.join(PARTS)}")
    parser.add_argument("--seconds", type=float, help="of each measurement (10)")
    parser.add_argument("--rounds", type=int, help="of the comparison (5)")
    return parser


def listed(names: Sequence[str]) -> Callable[[str], list[str]]:
    """A parser of `a,b`."""

    def parse(text: str) -> list[str]:
        found = [name.strip() for name in text.split(",") if name.strip()]
        for name in found:
            if name not in names:
                raise argparse.ArgumentTypeError(f"there is no {name!r}; there are {', '.join(names)}")
        return found

    return parse


def warn(result: dict[str, Any], timing: Options) -> None:
    """Say aloud what makes the figures worth less."""
    found = result["machine"]
    for line in [*result["missing"], *timing.failures]:
        say(f"!! {line}")
    if found["disk"]["file_system"].split()[0] in IN_MEMORY:
        say("!! the checkout is on a file system in memory: syncing costs nothing there, and the figures are worthless")
    if found["load_before"] > 0.3 * found["processors"]:
        say(f"!! the machine was busy before the start (load {found['load_before']:.1f}): stop what else runs")


def say(text: str) -> None:
    """To whoever waits."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
