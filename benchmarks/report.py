"""The report of a run: `report.py RESULT.json` prints it, `--docs` puts it with its plots into docs/performance.md."""

import argparse
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from aims import AIMS, CONNECTIONS, Result, compared, rounds
from payload import ROOT

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- benchmark: begin -->", "<!-- benchmark: end -->"
VERDICTS = {"aim": "aim reached", "floor": "above the floor", "missed": "**missed**", "not measured": "not measured"}
STRANGERS = 0.4
"""Processors that others may keep busy before the report says so; the kernel's share of the work is among them."""
QUICK = "**A smoke run of seconds: these figures say nothing.**"
METHOD = f"""\
Every server gets the same requests: a real GitHub push, signed, each with a delivery id of its own. Each measurement
has a fresh process and a fresh folder; the order changes from round to round; shares are medians over the rounds, each
against the other server in the same round. Each server was seen to refuse a wrong signature. Full load is wrk's, over
{CONNECTIONS} connections that each wait for an answer before the next request; wrk corrects its latencies for
coordinated omission. A given rate is vegeta's, which does not wait; a latency runs from the moment that the request was
due. CPU and memory are those of the server's whole process tree; memory that its processes share is counted once.
`lost` are events that were answered 200 and are not in the database afterwards. The lag ends when another process has
the event. `make bench` repeats all of it."""
PLOTS = {
    "latency.svg": ("Latency against offered rate", "paced"),
    "connections.svg": ("Accepted a second against connections", "connections"),
    "events.svg": ("Accepted a second against events already in the log", "filled"),
}
"""Title, and the part of a result that is drawn."""


def markdown(result: Result, plots: str = "") -> str:
    """The whole report. plots: the folder of the plots, as the page sees it; none are shown without it."""
    parts = [QUICK if result["options"]["quick"] else "", _where(result), _aims(result), _full(result)]
    parts += [_paced(result), _alone(result), _caveats(result), METHOD]
    parts += [f"![{title}]({plots}/{name})" for name, (title, part) in PLOTS.items() if plots and result.get(part)]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table that can be read on a terminal too. Columns after the first are aligned to the right."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    marks = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    for line in lines:
        line[:] = [
            line[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)),
        ]
    return "\n".join("| " + " | ".join(line) + " |" for line in [lines[0], marks, *lines[1:]])


def number(value: float) -> str:
    """Three digits that matter."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _where(result: Result) -> str:
    found = result["machine"]
    sync, chosen = found["disk"]["sync_ms"], result["options"]
    processors = f"{found['processors']} processors ({found['processor']})"
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    return (
        f"{processors}, {found['memory'] / 2**30:.0f} GiB, {found['system']}, "
        f"{found['disk']['file_system']}; a 16 KiB write with fdatasync takes {number(sync['p50'])} ms "
        f"(p99 {number(sync['p99'])}). SQLite in WAL mode with `synchronous = FULL` wherever something is kept. "
        f"Server and load share the machine. Measured {found['at'][:10]} at commit {found['commit'] or 'unknown'}: "
        f"{chosen['rounds']} rounds of {chosen['seconds']:g} s after {chosen['warm']:g} s of warm-up, medians. "
        f"{versions}."
    )


def _aims(result: Result) -> str:
    rows = []
    for aim in AIMS:
        shown = [" / ".join(map(number, part)) for part in (aim.aim, aim.floor, aim.values(result))]
        bounds = [f"{text} {aim.unit}".strip() if text else "" for text in shown]
        rows.append([aim.figure, *bounds, VERDICTS[aim.verdict(result)]])
    return table(["figure", "aim", "floor", "measured", ""], rows)


def _full(result: Result) -> str:
    rows = []
    for name, server in result["servers"].items():
        found = list(rounds(result, name).values())
        if not found:
            continue
        rates = [row["rate"] for row in found]
        of_theirs = compared(name, lambda row: float(row["rate"]))(result)
        rows.append(
            [
                server["title"],
                f"{median(rates):,.0f}",
                f"{min(rates):,.0f}-{max(rates):,.0f}",
                number(of_theirs[0]) if of_theirs and name != "hub" else "",
                *(number(_middle(found, "latency", key)) for key in ("p50", "p95", "p99", "max")),
                f"{1e6 * _middle(found, 'cpu_per_request'):,.0f}",
                f"{_middle(found, 'memory') / 1e6:,.0f}",
                f"{_middle(found, 'bytes_per_event'):,.0f}" if "bytes_per_event" in found[0] else "",
                f"{sum(row['failed'] for row in found):,}",
                f"{sum(row['lost'] for row in found):,}" if "lost" in found[0] else "",
                server["counts"],
            ]
        )
    if not rows:
        return ""
    head = [
        f"{CONNECTIONS} connections",
        "a second",
        "from-to",
        "hub is x times",
        "p50 ms",
        "p95",
        "p99",
        "max",
        "CPU us a request",
    ]
    return table([*head, "memory MB", "disk bytes an event", "failed", "lost", "what is counted"], rows)


def _paced(result: Result) -> str:
    found = result.get("paced") or ()
    rows = [
        [
            f"{row['offered']:,} a second, {row['server']}",
            f"{row['rate']:,.0f}",
            *(number(row["latency"][key]) for key in ("p50", "p95", "p99", "max")),
            f"{100 * row['cpu']:.0f} %",
            f"{row['failed']:,}",
        ]
        for row in sorted(found, key=lambda row: (row["offered"], row["server"]))
    ]
    return table(["offered", "answered", "p50 ms", "p95", "p99", "max", "CPU", "failed"], rows) if rows else ""


def _alone(result: Result) -> str:
    rows = [*_deliveries(result), *_sizes(result)]
    return table(["the hub alone", "measured"], rows) if rows else ""


def _deliveries(result: Result) -> Iterable[Sequence[str]]:
    backlog, lag = result.get("backlog"), result.get("lag")
    if backlog:
        for name, title in (("store", "the SQLite store"), ("http", "an HTTP target")):
            one = backlog[name]
            text = f"{one['rate']:,.0f} a second, {one['memory'] / 1e6:,.0f} MB"
            yield f"backlog of {backlog['events']:,} events into {title}", text
    if lag:
        for name, title in (("store", "the SQLite store"), ("http", "an HTTP target")):
            shown = " / ".join(number(lag[name][key]) for key in ("p50", "p99", "max"))
            yield f"lag to {title} at {lag['offered']} a second, p50 / p99 / max", f"{shown} ms"


def _sizes(result: Result) -> Iterable[Sequence[str]]:
    filled, idle, startup = result.get("filled"), result.get("idle"), result.get("startup")
    if filled:
        waiting = filled["waiting"]
        for level in sorted({row["level"] for row in filled["grown"]}):
            rates = [row["rate"] for row in filled["grown"] if row["level"] == level]
            yield f"accepted a second with {level:,} events in the log", f"{median(rates):,.0f}"
        yield "accepted a second with none, in the same minutes", f"{_middle(filled['fresh'], 'rate'):,.0f}"
        yield f"memory with {waiting['events']:,} events waiting", f"{waiting['memory'] / 1e6:,.0f} MB"
        yield "start-up with all of them", f"{waiting['startup']:.2f} s"
        yield "bytes on disk per event, full log", f"{filled['bytes_per_event']:,.0f}"
    if idle:
        yield "idle", f"{100 * idle['cpu']:.2f} % of a processor, {idle['memory'] / 1e6:,.0f} MB"
    if startup:
        yield "start-up with an empty log", f"{median(startup['seconds']):.2f} s"


def _caveats(result: Result) -> str:
    lines = [*result["missing"], *result["failures"]]
    behind = [row["undelivered"] for row in result.get("full") or () if "undelivered" in row]
    if behind:
        lines.append(f"When the full load ended, {median(behind):,.0f} events were not yet in the hub's SQLite store.")
    others = [row["others"] for part in ("full", "paced") for row in result.get(part) or ()]
    if others and median(others) > STRANGERS:
        lines.append(f"**Other programs kept {median(others):.1f} processors busy meanwhile.**")
    return "\n".join(f"- {line}" for line in lines)


def _middle(rows: Sequence[Any], *keys: str) -> float:
    values = []
    for row in rows:
        for key in keys:
            row = row[key]
        values.append(row)
    return float(median(values))


def publish(result: Result) -> None:
    """The block of the page between its marks, and the plots beside the page; the rest of it is written by hand."""
    from plots import draw

    folder = PAGE.with_suffix("")
    draw(result, folder)
    block = f"{BEGIN}\n{markdown(result, folder.name)}{END}"
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else f"# Performance\n\n{BEGIN}\n{END}\n"
    if BEGIN not in page:
        page += f"\n{BEGIN}\n{END}\n"
    page = re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: block, page, flags=re.DOTALL)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("result", type=Path)
    parser.add_argument("--docs", action="store_true", help="write docs/performance.md and its plots")
    asked = parser.parse_args()
    told = json.loads(asked.result.read_text(encoding="utf-8"))
    if asked.docs:
        publish(told)
    print(markdown(told))
