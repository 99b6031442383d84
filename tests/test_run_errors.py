"""What can be wrong when the hub is started: one clear message, what to do, no traceback, nothing lost."""

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from cli_kit import Done, command, environ, free_ports, process, wait_for

Capsys = pytest.CaptureFixture[str]

CONFIG = '[server]\nport = {0}\n[console]\nport = {1}\n[providers.github]\nsecret = "a-secret-value"\n'


def configured(folder: Path, more: str = "", text: str | None = None) -> Path:
    (folder / "config.toml").write_text(text or CONFIG.format(*free_ports(2)) + more, encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HUB_CONFIG", raising=False)
    return tmp_path


def port_of(folder: Path) -> int:
    return int((folder / "config.toml").read_text(encoding="utf-8").split()[3])


def run_here(capsys: Capsys) -> Done:
    """`hub run` in this process; a hub that is not refused ends as after SIGTERM."""
    ended = threading.Timer(20, os.kill, (os.getpid(), signal.SIGTERM))
    ended.start()
    try:
        return command(capsys, "run")
    finally:
        ended.cancel()


def refused(done: Done, code: int, *says: str) -> None:
    assert done.code == code, done.err
    for text in says:
        assert text in done.err
    assert "Traceback" not in done.err + done.out
    assert "a-secret-value" not in done.err + done.out
    assert len(done.err.splitlines()) <= 4


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[server\nport = 1\n", ["line 1", "not TOML"]),
        ("[servr]\n", ["servr", "did you mean 'server'"]),
        ('[providers.github]\nsecert = "a-secret-value"\n', ["providers.github.secert", "did you mean 'secret'"]),
        ("[providers.github]\n", ["needs a secret", "GITHUB_SECRET"]),
        ('[providers.github]\nsecret = { env = "NOPE_X" }\n', ["NOPE_X", "is not set", ".env"]),
        ('[providers.guthub]\nsecret = "a-secret-value"\n', ["did you mean 'github'"]),
        ('[server]\nport = "a"\n', ["server.port", "a whole number"]),
    ],
)
def test_a_wrong_config(folder: Path, capsys: Capsys, text: str, says: list[str]) -> None:
    configured(folder, text=text)
    refused(run_here(capsys), 2, "config.toml", *says)


def test_no_config(folder: Path) -> None:
    refused(process("run", folder=folder), 2, "there is no such file", "hub init")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import nothing_here\n", "there is no module 'nothing_here'"),
        ("def x(:\n", "not Python"),
        ("import sys\nsys.exit(3)\n", "exit"),
        ("from hub import hookimpl\n@hookimpl\ndef register_provider():\n    return []\n", "register_providers"),
    ],
)
def test_a_plugin_that_cannot_be_loaded(folder: Path, capsys: Capsys, source: str, says: str) -> None:
    configured(folder)
    (folder / "plugins").mkdir()
    (folder / "plugins" / "mine.py").write_text(source, encoding="utf-8")
    refused(run_here(capsys), 2, "plugins/mine.py:", says)


def test_a_port_in_use(folder: Path) -> None:
    configured(folder)
    port = port_of(folder)
    with socket.create_server(("127.0.0.1", port)):
        refused(process("run", folder=folder), 1, f"port {port} on 127.0.0.1 is in use", "[server] port")
    assert not (folder / "data").exists()


def test_an_unwritable_folder(folder: Path) -> None:
    (folder / "file").write_text("not a folder", encoding="utf-8")
    configured(folder, '[log]\nurl = "sqlite:///file/hub.db"\n')
    refused(process("run", folder=folder), 1, "file")


@pytest.mark.parametrize("damage", ["garbage", "newer"])
def test_a_log_that_cannot_be_used_is_left_alone(folder: Path, damage: str) -> None:
    configured(folder)
    path = folder / "data" / "hub.db"
    path.parent.mkdir()
    if damage == "garbage":
        path.write_bytes(os.urandom(50_000))
        says = ["is damaged", "hub doctor --recover"]
    else:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA user_version = 99")
            connection.execute("CREATE TABLE meta (key, value)")
        says = ["schema version 99", "newer hub"]
    before = path.read_bytes()
    refused(process("run", folder=folder), 1, *says)
    assert path.read_bytes() == before


def test_a_second_hub_on_the_same_log(folder: Path) -> None:
    configured(folder)
    first = subprocess.Popen(
        [sys.executable, "-m", "hub", "run"], cwd=folder, env=environ(), stderr=subprocess.PIPE, text=True
    )
    try:
        wait_for(port_of(folder), first)
        (folder / "other.toml").write_text(CONFIG.format(*free_ports(2)), encoding="utf-8")
        done = process("run", "--config", "other.toml", folder=folder)
    finally:
        first.terminate()
        first.communicate(timeout=20)
    assert done.code == 1
    assert str(first.pid) in done.err
    assert "Traceback" not in done.err
