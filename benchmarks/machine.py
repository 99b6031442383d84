"""Where it was measured: the machine, the versions, and what a sync to its disk costs."""

import importlib.metadata
import os
import platform
import re
import shutil
import sqlite3
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from load import percentiles, tool
from payload import ROOT, payload
from process import WORK
from servers import hub_command

PACKAGES = (
    *("uvicorn", "uvloop", "httptools", "starlette", "aiosqlite"),
    *("fastapi", "django", "djangorestframework", "gunicorn"),
)
IN_MEMORY = ("tmpfs", "ramfs")


def machine() -> dict[str, Any]:
    """Everything that a reader needs to judge the figures, and nothing that says whose machine it is."""
    WORK.mkdir(exist_ok=True)
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "processors": len(os.sched_getaffinity(0)),
        "memory": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        "system": f"{platform.system()} {platform.release()}",
        "load_before": os.getloadavg()[0],
        "body": len(payload().body),
        "commit": _output("git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12"),
        "versions": versions(),
        "disk": disk(),
    }


def versions() -> dict[str, str]:
    """Of Python, SQLite, the packages and the tools."""
    python = Path(hub_command()).with_name("python")
    found = {"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version}
    found["Python of the hub"] = _output(str(python), "-c", "import platform; print(platform.python_version())")
    found |= {name: importlib.metadata.version(name) for name in PACKAGES}
    found["wrk"] = _found(r"wrk (\S+)", _output("wrk", "-v"))
    found["webhook"] = _found(r"version (\S+)", _output("webhook", "-version"))
    found["vegeta"] = _vegeta()
    return {name: version for name, version in found.items() if version}


def disk() -> dict[str, Any]:
    """The file system that the data is on, and the time of a write of 16 KiB with its sync."""
    took = []
    file = WORK / "sync"
    with file.open("wb", buffering=0) as stream:
        for _ in range(300):
            began = time.perf_counter()
            stream.write(bytes(16384))
            os.fdatasync(stream.fileno())
            took.append(time.perf_counter() - began)
    file.unlink()
    return {"file_system": _file_system(), "sync_ms": percentiles(sorted(1000 * one for one in took))}


def _file_system() -> str:
    """Its type and the options that concern syncing, of the longest mount point above the data."""
    best, found = "", "unknown"
    for line in Path("/proc/mounts").read_text().splitlines():
        _, point, kind, options, *_ = line.split()
        if WORK.is_relative_to(point) and len(point) >= len(best):
            telling = [one for one in options.split(",") if one.startswith(("data=", "barrier", "nobarrier", "sync"))]
            best, found = point, " ".join([kind, *telling])
    return found


def _processor() -> str:
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1].strip() if found else platform.machine()


def _vegeta() -> str:
    """From the binary: built with `go install`, it does not know its version."""
    path = tool("vegeta")
    found = re.search(rb"mod\tgithub\.com/tsenart/vegeta/v12\t(\S+)", Path(path).read_bytes()) if path else None
    return found[1].decode() if found else ("unknown" if path else "")


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else ""


def _output(*command: str) -> str:
    """What a command says, "" if there is no such command."""
    if shutil.which(command[0]) is None:
        return ""
    done = subprocess.run(command, capture_output=True, text=True)
    return (done.stdout + done.stderr).strip()
