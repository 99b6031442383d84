"""Every provider against a hub that runs: each sample, signed as its platform signs, is answered as it should be."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_kit import command, environ, free_ports
from test_cli_hub import wait_for

from hub.loader import load_plugins

Capsys = pytest.CaptureFixture[str]


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> Iterator[subprocess.Popen[str]]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HUB_CONFIG", raising=False)
    assert command(capsys, "init", "--all-providers").code == 0
    server, console = free_ports(2)
    with (tmp_path / "config.toml").open("a", encoding="utf-8") as config:
        config.write(f'\n[server]\nport = {server}\nlog = "quiet"\n[console]\nport = {console}\n')
    process = subprocess.Popen(
        [sys.executable, "-m", "hub", "run"], cwd=tmp_path, env=environ(), stderr=subprocess.PIPE, text=True
    )
    try:
        wait_for(server, process)
        yield process
    finally:
        process.kill()
        process.communicate()


def test_every_sample_of_every_provider(hub: subprocess.Popen[str], capsys: Capsys) -> None:
    done = command(capsys, "send", "--all", "--json")
    assert [row for row in done.rows if not row["right"]] == []
    assert done.code == 0
    assert {row["name"] for row in done.rows} == set(load_plugins(None).names("providers"))
    hub.send_signal(signal.SIGINT)
    said = hub.communicate(timeout=20)[1]
    assert hub.returncode == 0
    assert "development key in use: [providers.discord]" in said
    assert "failed" not in said
