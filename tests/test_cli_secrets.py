"""`hub secrets`: what handshakes brought is listed without telling it, shown when asked for, accepted and dropped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_kit import command, fill, hub_folder

from hub.log.base import Log

Capsys = pytest.CaptureFixture[str]
FIRST, SECOND = "the-first-secret-that-came", "the-second-secret-that-came"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    yield from hub_folder(tmp_path, monkeypatch, '[providers.asana]\n[providers.tasks]\nplugin = "asana"\n')


async def learn(log: Log) -> None:
    await log.learn("asana", "secret", FIRST, True)
    await log.learn("asana", "secret", SECOND, False)
    await log.learn("gone", "secret", "of-a-source-that-is-gone", True)


def test_they_are_listed_and_not_told(folder: Path, capsys: Capsys) -> None:
    fill(folder, learn)
    done = command(capsys, "secrets")
    assert done.code == 0
    assert [line.split()[:3] for line in done.out.splitlines()[2:]] == [
        ["asana", "secret", "trusted"],
        ["asana", "secret", "waiting"],
    ]
    assert "…came" in done.out
    assert FIRST not in done.out and SECOND not in done.out
    assert "value" not in command(capsys, "secrets", "--json").rows[0]
    assert command(capsys, "secrets", "list", "--source", "tasks").err == "no handshake has brought a secret\n"


def test_one_is_shown_to_be_pasted(folder: Path, capsys: Capsys) -> None:
    fill(folder, learn)
    assert FIRST in command(capsys, "secrets", "--show").out
    rows = command(capsys, "secrets", "--source", "asana", "--show", "--json").rows
    assert [row["value"] for row in rows] == [FIRST, SECOND]


def test_they_are_accepted_and_dropped_where_no_hub_runs(folder: Path, capsys: Capsys) -> None:
    fill(folder, learn)
    trusted, waiting = (row["id"] for row in command(capsys, "secrets", "--json").rows)
    done = command(capsys, "secrets", "accept", waiting[:6])
    assert (done.code, done.out) == (0, f"accepted  {waiting}  secret of [providers.asana]\n")
    done = command(capsys, "secrets", "drop", trusted)
    assert (done.code, done.out) == (0, f"dropped  {trusted}  secret of [providers.asana]\n")
    assert [(row["id"], row["state"]) for row in command(capsys, "secrets", "--json").rows] == [(waiting, "trusted")]
    done = command(capsys, "secrets", "drop", trusted)
    assert (done.code, "`hub secrets` lists them" in done.err) == (2, True)
    assert command(capsys, "secrets", "accept").code == 2


def test_a_source_may_wait_for_its_secret(folder: Path, capsys: Capsys) -> None:
    done = command(capsys, "check")
    assert done.code == 0
    assert "[providers.asana] has no secret yet: Asana brings it with its handshake" in done.out
    assert "a handshake brings it" in command(capsys, "send", "asana", "--print").err
    fill(folder, learn)
    done = command(capsys, "check")
    assert "[providers.tasks] has no secret yet" in done.out and "[providers.asana]" not in done.out
    printed = command(capsys, "send", "asana", "--print").out
    assert "x-hook-signature: " in printed.lower()


def test_a_wrong_source_and_no_log_yet(capsys: Capsys) -> None:
    done = command(capsys, "secrets", "--source", "asanna")
    assert (done.code, "did you mean 'asana'" in done.err) == (2, True)
    done = command(capsys, "secrets")
    assert (done.code, "Traceback" in done.err) == (1, False)
    assert done.err
