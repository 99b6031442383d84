"""`hub check`, `hub providers`, `hub doctor`: is everything right, and what is there."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from api_kit import SECRET, acme_folder
from cli_kit import append, command, event, fill, process

from hub.log.base import Log, SubscriptionSpec

Capsys = pytest.CaptureFixture[str]
MODES = """
from hub import Provider, body, hookimpl
from hub.signatures import HMAC, OneOf, Unsigned

@hookimpl
def register_providers():
    verify = OneOf(next=HMAC("X-Signature", "{hex}"), classic=Unsigned())
    return [Provider(name="modes", title="Modes", docs="https://x.example", verify=verify, type=body("type"))]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    acme_folder(tmp_path, '[subscribers.lines]\nplugin = "jsonl"\npath = "x.jsonl"\nevents = ["acme.*"]\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HUB_CONFIG", raising=False)
    yield tmp_path


def test_a_right_config_is_told(folder: Path, capsys: Capsys) -> None:
    with (folder / "plugins" / "mine.py").open("w", encoding="utf-8") as file:
        file.write('from hub import Event, on\n\n@on("acme.paid")\nasync def save(event: Event) -> None: ...\n')
    done = command(capsys, "check")
    assert done.code == 0
    assert "/webhooks/acme" in done.out and "HMAC" in done.out
    assert "mine.save" in done.out and "@on function" in done.out
    assert "[providers.open] takes UNSIGNED requests" in done.out
    assert SECRET not in done.out
    rows = command(capsys, "check", "--json").rows
    trust = {row["name"]: row["trust"] for row in rows if row["kind"] == "source"}
    assert trust == {"acme": "verified", "open": "UNSIGNED"}
    assert [row["events"] for row in rows if row["kind"] == "subscription"] == [["acme.*"], ["acme.paid"]]


def test_a_mode_that_proves_nothing_is_unsigned(folder: Path, capsys: Capsys) -> None:
    (folder / "plugins" / "modes.py").write_text(MODES, encoding="utf-8")
    with (folder / "config.toml").open("a", encoding="utf-8") as config:
        config.write('[providers.modes]\nvariant = "classic"\n[providers.two]\nplugin = "modes"\nsecret = "x-secret"\n')
    rows = command(capsys, "check", "--json").rows
    trust = {row["name"]: row["trust"] for row in rows if row["kind"] == "source"}
    assert (trust["modes"], trust["two"]) == ("UNSIGNED", "verified")


def test_all_problems_are_told_at_once(folder: Path, capsys: Capsys) -> None:
    with (folder / "config.toml").open("a", encoding="utf-8") as config:
        config.write('[providers.githob]\nsecret = "x"\n[providers.github]\nsecret = { env = "NOT_SET_HERE" }\n')
    done = command(capsys, "check")
    assert done.code == 2
    assert "did you mean 'github'" in done.err
    assert "NOT_SET_HERE" in done.err
    assert done.out == ""


def test_a_plugin_that_cannot_be_loaded_is_named_without_a_traceback(folder: Path) -> None:
    (folder / "plugins" / "bad.py").write_text("x = 1\nraise ValueError('no')\n", encoding="utf-8")
    done = process("check", folder=folder)
    assert done.code == 2
    assert "bad.py:2: ValueError: no" in done.err
    assert "Traceback" not in done.err


def test_a_forgotten_subscription_is_told_and_retired(folder: Path, capsys: Capsys) -> None:
    async def subscribe(log: Log) -> None:
        await log.feed(SubscriptionSpec(name="old.name"))
        await log.feed(SubscriptionSpec(name="lines"))

    fill(folder, subscribe)
    (warning,) = [
        row["text"]
        for row in command(capsys, "check", "--json").rows
        if row["name"] == "warning" and "log" in row["text"]
    ]
    assert "old.name, which is not configured" in warning
    assert "hub doctor --retire old.name" in command(capsys, "doctor").out
    done = command(capsys, "doctor", "--retire", "old.name")
    assert (done.code, "has forgotten old.name" in done.out) == (0, True)
    assert "old.name" not in command(capsys, "check").out
    assert command(capsys, "doctor", "--retire", "old.name").code == 2
    done = command(capsys, "doctor", "--retire", "lines")
    assert (done.code, "lines is configured" in done.err) == (1, True)


def test_providers_are_listed_and_shown(folder: Path, capsys: Capsys) -> None:
    rows = {row["name"]: row for row in command(capsys, "providers", "--json").rows}
    assert {"acme", "github", "typeform"} <= set(rows)
    assert rows["acme"]["place"] == "local"
    assert rows["github"]["place"] == "built-in"
    done = command(capsys, "providers", "github")
    assert "https://docs.github.com/" in done.out and "secret" in done.out
    done = command(capsys, "providers", "githob")
    assert (done.code, "did you mean 'github'" in done.err) == (2, True)


def test_the_doctor_looks_at_everything(folder: Path, capsys: Capsys) -> None:
    fill(folder, lambda log: append(log, [event(1)]))
    done = command(capsys, "doctor", "--json")
    rows = {row["name"]: row for row in done.rows}
    assert set(rows) >= {"versions", "clock", "room", "sync", "config", "hub", "log", "port"}
    assert rows["log"]["text"].startswith("1 events, ")
    assert done.code == 0


def test_the_doctor_finds_what_is_wrong(folder: Path, capsys: Capsys) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "hub.db").write_bytes(b"this is no database" * 100)
    port = int((folder / "config.toml").read_text(encoding="utf-8").split("port = ")[1].split("\n")[0])
    with socket.create_server(("127.0.0.1", port)):
        done = command(capsys, "doctor", "--json")
    bad = {row["name"]: row["text"] for row in done.rows if row["state"] == "bad"}
    assert done.code == 1
    assert "is damaged" in bad["log"]
    assert f"127.0.0.1:{port} is not free" in bad["port"]


def test_the_version(capsys: Capsys) -> None:
    done = command(capsys, "--version")
    assert done.code == 0
    assert done.out.startswith("webhook-hub ")
