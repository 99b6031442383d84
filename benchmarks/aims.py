"""What was aimed at, the floor below which it is a failure, and what was measured: one row for each figure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

Result = dict[str, Any]

CONNECTIONS, BACKLOG, MILLION = 64, 100_000, 1_000_000


@dataclass(frozen=True)
class Aim:
    """A figure. values: what was measured of it, [] if it was not; more: is more better?"""

    figure: str
    aim: Sequence[float]
    floor: Sequence[float]
    values: Callable[[Result], Sequence[float]]
    more: bool = True
    unit: str = ""

    def verdict(self, result: Result) -> Literal["aim", "floor", "missed", "not measured"]:
        """Where the measured stands."""
        values = self.values(result)
        if not values:
            return "not measured"
        if self._reached(values, self.aim):
            return "aim"
        return "floor" if self._reached(values, self.floor) else "missed"

    def _reached(self, values: Sequence[float], bounds: Sequence[float]) -> bool:
        return all(
            (value >= bound) if self.more else (value <= bound) for value, bound in zip(values, bounds, strict=True)
        )


def rounds(result: Result, server: str) -> dict[int, Any]:
    """The rounds of a server at full load, by number."""
    return {row["round"]: row for row in result.get("full") or () if row["server"] == server}


def compared(rival: str, number: Callable[[Any], float]) -> Callable[[Result], Sequence[float]]:
    """The hub's number as a share of a rival's: the median over the rounds, each against the rival's in that round."""

    def values(result: Result) -> Sequence[float]:
        ours, theirs = rounds(result, "hub"), rounds(result, rival)
        shares = [number(ours[one]) / number(theirs[one]) for one in ours.keys() & theirs.keys()]
        return [median(shares)] if shares else []

    return values


def _rate(row: Any) -> float:
    return float(row["rate"])


def _p99(row: Any) -> float:
    return float(row["latency"]["p99"])


def _paced(result: Result) -> Sequence[float]:
    rows = [row for row in result.get("paced") or () if row["server"] == "hub" and row["offered"] == 300]
    return [rows[0]["latency"]["p50"], rows[0]["latency"]["p99"]] if rows else []


def _drain(result: Result) -> Sequence[float]:
    found = result.get("backlog")
    return [found["store"]["rate"]] if found and found["events"] >= BACKLOG else []


def _lag(result: Result) -> Sequence[float]:
    return [max(result["lag"][name]["p99"] for name in ("store", "http"))] if result.get("lag") else []


def _with_a_million(result: Result) -> Sequence[float]:
    found = result.get("filled")
    if not found:
        return []
    pairs = list(zip(found["grown"], found["fresh"], strict=True))
    shares = [grown["rate"] / fresh["rate"] for grown, fresh in pairs if grown["level"] >= MILLION]
    return [median(shares)] if shares else []


def _waiting(result: Result) -> Sequence[float]:
    found = result.get("filled")
    return [found["waiting"]["memory"] / 1e6] if found and found["waiting"]["events"] >= MILLION else []


def _bytes(result: Result) -> Sequence[float]:
    rows = [row["bytes_per_event"] for row in rounds(result, "hub").values()]
    return [median(rows) / result["machine"]["body"]] if rows else []


AIMS = (
    Aim("accepted and synced, of the ceiling's rate", [1.0], [0.7], compared("ceiling", _rate)),
    Aim("accepted and synced, of the Django view's rate", [10], [6], compared("django", _rate)),
    Aim("accepted and synced, of adnanh/webhook's rate (which stores nothing)", [2], [1.2], compared("webhook", _rate)),
    Aim("p99 at full load, of the ceiling's p99", [1.0], [2], compared("ceiling", _p99), more=False),
    Aim("p50 / p99 at 300 a second, unloaded machine", [3, 15], [5, 35], _paced, more=False, unit="ms"),
    Aim("events a second drained from a backlog into the SQLite store", [10_000], [4_000], _drain),
    Aim("lag p99 at 500 a second, two subscriptions", [50], [150], _lag, more=False, unit="ms"),
    Aim("rate with 1,000,000 events in the log, of the rate with none", [0.95], [0.85], _with_a_million),
    Aim("memory with 1,000,000 events waiting", [120], [200], _waiting, more=False, unit="MB"),
    Aim("bytes on disk per event, of the request's size", [0.5], [1.3], _bytes, more=False),
)
