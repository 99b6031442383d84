"""Draws the plots of the docs as SVG files that are the same for the same result."""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl

mpl.use("svg")
mpl.rcParams |= {
    "svg.hashsalt": "hub",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "legend.frameon": False,
}

import matplotlib.pyplot as plt  # noqa: E402 (it asks for the backend)

COLOURS = {"hub": "#0b62d6", "ceiling": "#555555", "fastapi": "#00805a", "django": "#b3540b"}
Rows = list[dict[str, Any]]


def draw(result: dict[str, Any], folder: Path) -> None:
    """All plots whose figures were measured."""
    folder.mkdir(parents=True, exist_ok=True)
    if result.get("paced"):
        _plot(
            folder / "latency.svg", "offered a second", "ms from due to answered", lambda axes: _latency(axes, result)
        )
    if result.get("connections"):
        _plot(folder / "connections.svg", "connections", "answered a second", lambda axes: _connections(axes, result))
    if result.get("filled"):
        _plot(
            folder / "events.svg", "events already in the log", "accepted a second", lambda axes: _events(axes, result)
        )


def _plot(file: Path, across: str, up: str, lines: Callable[[Any], None]) -> None:
    figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
    lines(axes)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    figure.legend(loc="outside right upper")
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)


def _latency(axes: Any, result: dict[str, Any]) -> None:
    for name, rows in _by_server(result["paced"]).items():
        # a server that no longer keeps up has no latency, only a queue that grows
        kept_up = [row for row in rows if row["rate"] >= 0.95 * row["offered"] and not row["failed"]]
        offered = [row["offered"] for row in kept_up]
        for key, style in (("p50", "-"), ("p99", "--")):
            values = [row["latency"][key] for row in kept_up]
            axes.plot(offered, values, style, marker="o", markersize=3, color=COLOURS[name], label=f"{name} {key}")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks([100, 300, 1000, 3000])
    _plain(axes.xaxis)
    _plain(axes.yaxis)


def _connections(axes: Any, result: dict[str, Any]) -> None:
    for name, rows in _by_server(result["connections"]).items():
        wide, rates = [row["connections"] for row in rows], [row["rate"] for row in rows]
        axes.plot(wide, rates, marker="o", markersize=3, color=COLOURS[name], label=name)
    axes.set_xscale("log", base=4)
    axes.set_ylim(bottom=0)
    _plain(axes.xaxis)
    _plain(axes.yaxis)


def _events(axes: Any, result: dict[str, Any]) -> None:
    found: dict[int, list[float]] = defaultdict(list)
    for row in [*result["filled"]["fresh"], *result["filled"]["grown"]]:
        found[row.get("level", 0)].append(row["rate"])
    levels = sorted(found)
    middle = [median(found[level]) for level in levels]
    below = [one - min(found[level]) for one, level in zip(middle, levels, strict=True)]
    above = [max(found[level]) - one for one, level in zip(middle, levels, strict=True)]
    axes.errorbar(
        levels, middle, [below, above], marker="o", capsize=3, color=COLOURS["hub"], label="hub, median and range"
    )
    axes.set_ylim(bottom=0)
    _plain(axes.xaxis)
    _plain(axes.yaxis)


def _by_server(rows: Rows) -> dict[str, Rows]:
    found: dict[str, Rows] = defaultdict(list)
    for row in rows:
        found[row["server"]].append(row)
    return {name: found[name] for name in COLOURS if name in found}


def _plain(axis: Any) -> None:
    axis.set_minor_formatter(mpl.ticker.NullFormatter())
    axis.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: f"{value:,.10g}"))
