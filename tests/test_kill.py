"""`kill -9` in the middle of a stream of requests: every answered event is in the log once and in the store once."""

import asyncio
import contextlib
import hashlib
import hmac
import os
import random
import signal
import sqlite3
import subprocess
import sys
import uuid
from pathlib import Path

import httpx2
from cli_kit import environ, free_ports

ROUNDS = 20
CLIENTS = 16
SECRET = "github-secret"
CONFIG = """
[server]
port = {server}
log = "quiet"
[console]
port = {console}
[providers.github]
secret = "github-secret"
[subscribers.store]
plugin = "sqlite"
path = "data/events.db"
"""


async def until_it_answers(client: httpx2.AsyncClient) -> None:
    for _ in range(600):
        with contextlib.suppress(httpx2.TransportError):
            if (await client.get("/healthz")).status_code == 200:
                return
        await asyncio.sleep(0.02)
    raise AssertionError("the hub does not answer")


async def stream(client: httpx2.AsyncClient, answered: dict[str, str], sent: set[str]) -> None:
    """Send events of this client until the hub is gone."""
    while True:
        delivery = str(uuid.uuid4())
        body = f'{{"number": "{delivery}", "padding": "{"x" * 2000}"}}'.encode()
        headers = {
            "X-Hub-Signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest(),
            "X-GitHub-Event": "push",
            "X-GitHub-Delivery": delivery,
        }
        sent.add(delivery)
        try:
            response = await client.post("/webhooks/github", content=body, headers=headers)
        except httpx2.TransportError:
            return
        if response.status_code == 200:
            answered[delivery] = response.json()["id"]


async def one_round(folder: Path, base: str, answered: dict[str, str], sent: set[str], pause: float) -> None:
    hub = subprocess.Popen([sys.executable, "-m", "hub", "run"], cwd=folder, env=environ(), start_new_session=True)
    try:
        async with httpx2.AsyncClient(base_url=base, timeout=10) as client:
            await until_it_answers(client)
            async with asyncio.TaskGroup() as group:
                for _ in range(CLIENTS):
                    group.create_task(stream(client, answered, sent))
                await asyncio.sleep(pause)
                os.kill(hub.pid, signal.SIGKILL)
    finally:
        hub.kill()
        hub.wait()


def test_twenty_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    server, console = free_ports(2)
    (tmp_path / "config.toml").write_text(CONFIG.format(server=server, console=console), encoding="utf-8")
    base, choose = f"http://127.0.0.1:{server}", random.Random(20)
    answered: dict[str, str] = {}
    sent: set[str] = set()
    for _ in range(ROUNDS):
        before = len(answered)
        asyncio.run(one_round(tmp_path, base, answered, sent, choose.uniform(0.05, 0.4)))
        assert len(answered) > before, "the hub answered nothing before it was killed: the round proves nothing"
    drain(tmp_path, base)
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "hub.db")) as log:
        logged = [delivery for (delivery,) in log.execute("SELECT delivery FROM events")]
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "events.db")) as store:
        rows = store.execute("SELECT deliveryid, id, json_extract(data, '$.number') FROM events").fetchall()
    stored = {delivery: event_id for delivery, event_id, _ in rows}
    assert len(logged) == len(set(logged)), "an event is in the log twice"
    assert len(rows) == len(stored), "an event is in the store twice"
    assert answered.keys() <= set(logged) <= sent, "an answered event is missing from the log"
    assert answered.items() <= stored.items(), "an answered event is missing from the store"
    assert set(logged) == stored.keys(), "what is in the log did not all get to the store"
    assert all(delivery == number for delivery, _, number in rows), "an event was altered"


def drain(folder: Path, base: str) -> None:
    """Run the hub once more until everything is delivered, and end it as an operator would."""

    async def wait() -> None:
        async with httpx2.AsyncClient(base_url=base, timeout=10) as client:
            await until_it_answers(client)
        for _ in range(500):
            with contextlib.closing(sqlite3.connect(folder / "data" / "hub.db")) as log:
                last = log.execute("SELECT max(seq) FROM events").fetchone()[0]
                done = log.execute("SELECT position FROM subscriptions WHERE name = 'store'").fetchone()[0]
            if done >= last:
                return
            await asyncio.sleep(0.05)
        raise AssertionError("the store did not catch up")

    hub = subprocess.Popen([sys.executable, "-m", "hub", "run"], cwd=folder, env=environ())
    try:
        asyncio.run(wait())
    finally:
        hub.terminate()
        assert hub.wait(20) == 0
