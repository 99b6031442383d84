"""Load from compiled generators: wrk as fast as the server answers, vegeta at a rate that does not wait for answers."""

import csv
import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from payload import DELIVERY, around_the_id, deliveries, payload

SCRIPT = Path(__file__).with_name("wrk.lua")
WORKERS = 2000
"""Requests of vegeta that may be under way at once."""
MISSING = {
    "wrk": "apt-get install wrk; without it there is no rate at full load",
    "vegeta": "go install github.com/tsenart/vegeta/v12@latest; without it there are no latencies at a given rate",
}


def tool(name: str) -> str | None:
    """Its path: beside this interpreter, or installed."""
    return shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


def full(address: str, connections: int, seconds: float, scratch: Path) -> dict[str, Any]:
    """As fast as the connections take it. Latencies in ms.

    wrk corrects its latencies for coordinated omission: those of the requests that it could not send while it waited
    are added.
    """
    before, after = scratch / "before", scratch / "after"
    for file, content in zip((before, after), around_the_id(address), strict=True):
        file.write_bytes(content)
    options = ["-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "30s", "-s", str(SCRIPT)]
    command = [tool("wrk") or "wrk", *options, address, "--", str(before), str(after)]
    used = _cpu_of_generators()
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    told: dict[str, float] = json.loads(next(line for line in output.splitlines() if line.startswith("{")))
    failed = int(sum(told[kind] for kind in ("connect", "read", "write", "status", "timeout")))
    answered = int(told["requests"] - told["status"])
    took = told["microseconds"] / 1e6
    latency = {key: told[key] / 1000 for key in ("p50", "p75", "p90", "p95", "p99", "p99.9", "max", "mean")}
    return {
        "connections": connections,
        "seconds": took,
        "answered": answered,
        "failed": failed,
        "rate": answered / took,
        "latency": latency,
        "generator_cpu": (_cpu_of_generators() - used) / took,
    }


def paced(address: str, rate: int, seconds: float, scratch: Path) -> dict[str, Any]:
    """So many requests a second, whether the earlier ones are answered or not. Latencies in ms.

    A latency runs from the moment that the request was due, so that neither a slow server nor a busy generator hides
    the time that a request had to wait before it could be sent.
    """
    targets, body, results = scratch / "targets.txt", scratch / "body", scratch / "results.bin"
    number = math.ceil(rate * seconds)
    lines = (f"POST {address}\n{DELIVERY}: {delivery}\n\n" for delivery in islice(deliveries(), number + rate))
    targets.write_text("".join(lines))
    body.write_bytes(payload().body)
    vegeta = tool("vegeta") or "vegeta"
    headers = [part for name, value in payload().headers for part in ("-header", f"{name}: {value}")]
    command = [vegeta, "attack", "-lazy", "-http2=false", "-max-body=0", f"-max-workers={WORKERS}"]
    command += [
        f"-rate={rate}",
        f"-duration={seconds:g}s",
        f"-targets={targets}",
        f"-body={body}",
        f"-output={results}",
    ]
    used = _cpu_of_generators()
    subprocess.run([*command, *headers], check=True, capture_output=True)
    generator = (_cpu_of_generators() - used) / seconds
    table = subprocess.run([vegeta, "encode", "--to", "csv", str(results)], check=True, capture_output=True, text=True)
    summary = _summary(csv.reader(table.stdout.splitlines()), rate)
    return {"offered": rate, "seconds": seconds, **summary, "generator_cpu": generator}


def _summary(table: Any, rate: int) -> dict[str, Any]:
    # columns: 0 sent (ns), 1 status, 2 latency (ns), 8 number
    rows = [(int(row[0]), int(row[1]), int(row[2]), int(row[8])) for row in table]
    interval = 1e9 / rate
    first = min(sent - number * interval for sent, _, _, number in rows)
    waits = [sent - number * interval - first for sent, _, _, number in rows]
    latencies = sorted((wait + row[2]) / 1e6 for wait, row in zip(waits, rows, strict=True))
    ended = max(sent + latency for sent, _, latency, _ in rows)
    good = sum(status == 200 for _, status, _, _ in rows)
    return {
        "sent": len(rows),
        "answered": good,
        "failed": len(rows) - good,
        "rate": good / max((ended - first) / 1e9, len(rows) / rate),
        "latency": percentiles(latencies),
        "behind": percentiles(sorted(wait / 1e6 for wait in waits)),
    }


def _cpu_of_generators() -> float:
    """Seconds that the programs we waited for have used."""
    times = os.times()
    return times.children_user + times.children_system


def percentiles(ordered: Sequence[float]) -> dict[str, float]:
    """Of numbers in order."""

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]

    shares = {"p50": 0.5, "p75": 0.75, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}
    named = {name: at(share) for name, share in shares.items()}
    return named | {"max": ordered[-1], "mean": sum(ordered) / len(ordered)}
