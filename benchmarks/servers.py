"""The servers that are compared, as data: how each is started, what it keeps, and how to see what it kept."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from payload import ROOT, SECRET

RIVALS = Path(__file__).parent / "rivals"
SYNCED = "events, synced to disk before the answer"
NOTHING = "requests; nothing is kept"

CONFIG = """\
[server]
port = {port}

[console]
port = {console}

[log]
url = "sqlite:///data/hub.db"

[providers.github]
secret = {{ env = "GITHUB_SECRET" }}
"""

STORE = """
[subscribers.store]
plugin = "sqlite"
path = "data/events.db"
"""

FORWARD = """
[subscribers.app]
plugin = "http"
url = "{url}"
"""

FROM_THE_BEGINNING = 'start = "beginning"\n'


@dataclass(frozen=True)
class Place:
    """Where one server runs: a folder of its own and a free port."""

    folder: Path
    port: int
    console: int = 0


@dataclass(frozen=True)
class Server:
    """One of the compared.

    counts: what its rate is a rate of; command: writes what it needs into the place and gives its command line;
    kept: how many events are in its folder, if it keeps any; delivered: how many its subscriber has; path: where it
    takes webhooks; ready: where it answers as soon as it runs; missing: why it cannot be run here, "" if it can.
    """

    name: str
    title: str
    counts: str
    command: Callable[[Place], list[str]]
    kept: Callable[[Path], int] | None = None
    delivered: Callable[[Path], int] | None = None
    path: str = "/webhooks/github"
    ready: str = "/"
    missing: str = ""


def hub_command() -> str:
    """The `hub` that is measured: HUB_COMMAND, else the one of the checkout."""
    return os.environ.get("HUB_COMMAND") or str(ROOT / ".venv" / "bin" / "hub")


def hub(name: str, title: str, more: str = "") -> Server:
    """The hub by its own command, in its default configuration; more: further tables."""

    def command(place: Place) -> list[str]:
        config = place.folder / "config.toml"
        config.write_text(CONFIG.format(port=place.port, console=place.console) + more, encoding="utf-8")
        return [hub_command(), "run", "--config", str(config)]

    missing = "" if Path(hub_command()).exists() else "the hub is not installed: make .venv/run.stamp"
    delivered = rows("data/events.db") if STORE in more else None
    return Server(name, title, SYNCED, command, rows("data/hub.db"), delivered, ready="/healthz", missing=missing)


def servers() -> list[Server]:
    """All of them, in the order of the report."""
    return [
        hub("hub", "hub, no subscriber"),
        hub("hub-store", "hub, with its SQLite store", STORE),
        Server("ceiling", "ceiling: Starlette, verifies, keeps nothing", NOTHING, _ceiling),
        Server("fastapi", "FastAPI and aiosqlite, a commit a request", SYNCED, _fastapi, rows("events.db")),
        Server("django", "Django REST, gunicorn 2 x 4, SQLite", SYNCED, _django, rows("events.db")),
        Server(
            "webhook",
            "adnanh/webhook, runs /bin/true",
            NOTHING,
            _webhook,
            path="/hooks/github",
            missing="" if shutil.which("webhook") else "webhook is not installed: apt-get install webhook",
        ),
    ]


def rows(file: str) -> Callable[[Path], int]:
    """How many rows the table `events` of an SQLite file in the folder has."""

    def count(folder: Path) -> int:
        with closing(sqlite3.connect(f"{(folder / file).as_uri()}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM events").fetchone()[0])

    return count


def _uvicorn(place: Place, app: str) -> list[str]:
    # what the hub has: uvloop, httptools, one process, no line for each request
    options = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    where = ["--host", "127.0.0.1", "--port", str(place.port), "--backlog", "4096"]
    return [sys.executable, "-m", "uvicorn", "--app-dir", str(RIVALS), app, *where, *options]


def _ceiling(place: Place) -> list[str]:
    return _uvicorn(place, "ceiling:app")


def _fastapi(place: Place) -> list[str]:
    return _uvicorn(place, "fastapi_aiosqlite:app")


def _django(place: Place) -> list[str]:
    migrate = [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"]
    migrate += ["--settings", "django_rest.settings", "--pythonpath", str(RIVALS)]
    subprocess.run(migrate, cwd=place.folder, env=os.environ | {"GITHUB_SECRET": SECRET}, check=True)
    options = ["--workers", "2", "--threads", "4", "--bind", f"127.0.0.1:{place.port}", "--backlog", "4096"]
    return [sys.executable, "-m", "gunicorn", "--pythonpath", str(RIVALS), *options, "django_rest.wsgi"]


def _webhook(place: Place) -> list[str]:
    signature = {"source": "header", "name": "X-Hub-Signature-256"}
    rule = {"match": {"type": "payload-hmac-sha256", "secret": SECRET, "parameter": signature}}
    hook = {"id": "github", "execute-command": "/bin/true", "trigger-rule": rule}
    hooks = place.folder / "hooks.json"
    hooks.write_text(json.dumps([hook | {"trigger-rule-mismatch-http-response-code": 403}]))
    return ["webhook", "-hooks", str(hooks), "-ip", "127.0.0.1", "-port", str(place.port)]
