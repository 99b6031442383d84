"""The benchmark's report says what was measured, and no more."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def report(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    import report as module

    return module


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    import load as module

    return module


@pytest.fixture(autouse=True)
def _forget() -> Any:
    """Their names are too common to stay importable."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if str(BENCHMARKS) in (getattr(sys.modules[name], "__file__", None) or ""):
            del sys.modules[name]


def result(hub: float, ceiling: float) -> dict[str, Any]:
    latency = {"p50": 1.0, "p95": 2.0, "p99": 3.0, "max": 4.0}
    common = {"latency": latency, "cpu_per_request": 1e-4, "memory": 5e7, "failed": 0, "others": 0.0}
    mine = {**common, "round": 0, "server": "hub", "rate": hub, "bytes_per_event": 2000, "lost": 0}
    return {
        "machine": {
            "at": "2026-01-02T03:04:05+00:00",
            "processor": "one",
            "processors": 2,
            "memory": 2**34,
            "system": "Linux",
            "body": 8000,
            "commit": "abc",
            "versions": {"Python": "3.11"},
            "disk": {"file_system": "ext4", "sync_ms": {"p50": 0.3, "p99": 1.0}},
        },
        "options": {"rounds": 1, "seconds": 10, "warm": 3, "quick": False},
        "servers": {"hub": {"title": "hub", "counts": "events"}, "ceiling": {"title": "ceiling", "counts": "requests"}},
        "missing": ["webhook is missing: install it"],
        "failures": [],
        "full": [mine, {**common, "round": 0, "server": "ceiling", "rate": ceiling}],
    }


def rows(text: str) -> dict[str, list[str]]:
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    return {line[0]: line[1:] for line in lines}


@pytest.mark.parametrize(("hub", "verdict"), [(1000, "aim reached"), (800, "above the floor"), (600, "**missed**")])
def test_aims_are_shown_against_what_was_measured(report: ModuleType, hub: float, verdict: str) -> None:
    found = rows(report.markdown(result(hub, 1000)))
    assert found["accepted and synced, of the ceiling's rate"] == ["1.00", "0.70", f"{hub / 1000:.2f}", verdict]
    assert found["bytes on disk per event, of the request's size"][2:] == ["0.25", "aim reached"]


def test_what_was_not_measured_is_said(report: ModuleType) -> None:
    text = report.markdown(result(1, 1))
    assert rows(text)["accepted and synced, of the Django view's rate"][2:] == ["", "not measured"]
    assert "- webhook is missing: install it" in text


def test_a_smaller_log_is_not_told_as_a_million(report: ModuleType) -> None:
    small = {"rate": 1.0, "level": 20_000}
    waiting = {"events": 20_000, "memory": 1e6, "startup": 1.0}
    filled = {"grown": [small], "fresh": [{"rate": 1.0}], "waiting": waiting, "bytes_per_event": 1}
    found = rows(report.markdown(result(1, 1) | {"filled": filled}))
    assert found["rate with 1,000,000 events in the log, of the rate with none"][-1] == "not measured"
    assert found["memory with 1,000,000 events waiting"][-1] == "not measured"


def test_what_was_written_by_hand_stays(report: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(report, "PAGE", tmp_path / "performance.md")
    drawn: list[Path] = []
    monkeypatch.setitem(sys.modules, "plots", ModuleType("plots"))
    monkeypatch.setattr(sys.modules["plots"], "draw", lambda result, folder: drawn.append(folder), raising=False)
    (tmp_path / "performance.md").write_text(f"Above.\n\n{report.BEGIN}\nstale words\n{report.END}\n\nBelow.\n")
    report.publish(result(1, 1))
    text = (tmp_path / "performance.md").read_text()
    assert text.startswith("Above.\n")
    assert text.endswith("\nBelow.\n")
    assert "stale words" not in text
    assert drawn == [tmp_path / "performance"]


def test_a_latency_runs_from_the_moment_the_request_was_due(load: ModuleType) -> None:
    """Four requests at 1000 a second; the third left 5 ms late."""
    ms = 1_000_000
    sent = [0, 1 * ms, 7 * ms, 8 * ms]
    table = [[str(at), "200", str(2 * ms), "", "", "", "", "", str(number)] for number, at in enumerate(sent)]
    found = load._summary(table, 1000)
    assert found["answered"] == 4
    assert found["latency"]["p50"] == 2.0
    assert found["latency"]["max"] == 7.0
    assert found["behind"]["max"] == 5.0
