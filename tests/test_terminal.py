"""What a person at a terminal sees: one line a request and a delivery, tables that fit, no colours where unwanted."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_kit import append, environ, event, fill, hub_folder

from hub.terminal import TerminalRenderer, coloured

ID = "01a2147b-9910-7844-84bb-2125066d6dcd"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    yield from hub_folder(tmp_path, monkeypatch)


def line(width: int, **parts: Any) -> str:
    known = {
        "event": "request",
        "timestamp": "2026-11-25T23:59:58.123456+02:00",
        "source": "github",
        "status": 200,
        "stage": "accepted",
        "reason": "",
        "detail": "",
        "type": "github.pull_request.opened",
        "id": ID,
        "subject": "Codertocat/Hello-World",
        "events": 1,
        "duplicate": False,
        "ms": 8.1,
    }
    return TerminalRenderer(colour=False, width=lambda: width)(None, "info", {**known, **parts})


@pytest.mark.parametrize("width", [80, 100, 120, 200])
@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"duplicate": True},
        {"events": 12, "subject": "x" * 500},
        {"event": "attempt", "subscription": "store", "outcome": "delivered", "attempt": 1},
    ],
)
def test_a_request_and_a_delivery_are_one_line_each(width: int, parts: dict[str, Any]) -> None:
    text = line(width, **parts)
    assert len(text) <= width
    assert text.startswith("21:59:58Z ")
    assert "github.pull_request.opened" in text
    assert "8.1 ms" in text
    assert (ID[:18] in text) is (width >= 110)


def test_why_a_request_was_refused_is_whole_on_a_narrow_terminal() -> None:
    detail = "the signature in the header X-Hub-Signature-256 is not that of this request"
    assert f"mismatch: {detail} 8.1 ms" in line(80, id="", status=403, stage="verify", reason="mismatch", detail=detail)


def test_colours_are_for_terminals_whose_user_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert coloured(Screen())
    assert not coloured(io.StringIO())
    monkeypatch.setenv("TERM", "dumb")
    assert not coloured(Screen())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured(Screen())


def on_terminal(*arguments: str, columns: int) -> list[str]:
    """What a command prints on a terminal of that width."""
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "hub", *arguments]
    variables = environ(COLUMNS=str(columns), NO_COLOR="1", TERM="xterm")
    process = subprocess.Popen(command, env=variables, stdout=theirs, stderr=theirs, stdin=theirs)
    os.close(theirs)
    chunks = []
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:
            break
        if not chunk:
            break
        chunks.append(chunk)
    os.close(ours)
    assert process.wait(30) == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", b"".join(chunks).decode()).splitlines()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pseudo-terminal")
@pytest.mark.parametrize("columns", [80, 140])
def test_a_table_fits_and_what_is_copied_from_it_is_in_one_piece(folder: Path, columns: int) -> None:
    one = event(1, type="github.pull_request.opened", subject="Codertocat/Hello-World")
    fill(folder, lambda log: append(log, [one]))
    lines = on_terminal("events", columns=columns)
    assert all(len(line.rstrip()) <= columns for line in lines)
    assert (one.id if columns == 140 else one.id[:18]) in " ".join(lines)
    assert ("2026-05-01 12:01:00Z" if columns == 140 else "05-01 12:01Z") in " ".join(lines)
