"""The live log on a terminal: one line a request, one a delivery, readable at a glance."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any, TextIO

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
COLOURS = {"green": "32", "red": "31", "yellow": "33", "cyan": "36", "dim": "2", "bold": "1"}
WIDE = 110
"""Columns from which on a line has the id too."""
ID = 18
"""Signs of an id that are shown: its time, and enough to tell it from others."""
LONGEST = 40
"""Signs of a subject."""


class TerminalRenderer:
    """A structlog processor: the last one, which makes the line. width: of the terminal, asked anew for each line."""

    def __init__(self, *, colour: bool, width: Callable[[], int] = lambda: WIDE) -> None:
        self._colour = colour
        self._width = width

    def __call__(self, logger: object, name: str, line: MutableMapping[str, Any]) -> str:
        at = self._paint("dim", _clock(str(line.pop("timestamp", ""))))
        kind = str(line.pop("event", ""))
        if kind == "request":
            return f"{at} {self._request(line)}"
        if kind == "attempt":
            return f"{at} {self._attempt(line)}"
        if kind == "cause":
            head = f"  {self._paint('yellow', '↳')}   {self._name(line['source'])}"
            hint = self._paint("dim", f"({safe(line['hint'])})")
            return f"{at} {head} {safe(line['sentence'])} {hint}"
        return f"{at} {self._other(kind, name, line)}"

    def _request(self, line: MutableMapping[str, Any]) -> str:
        status = int(line["status"])
        colour = "green" if status < 400 else "red" if status < 500 or line["reason"] == "algorithm" else "yellow"
        head = f"{self._paint(colour, f'← {status}')} {self._paint('bold', self._name(line['source']))}"
        if line["id"]:
            return f"{head} {self._event(line)} {self._tail(line)}"
        if line["stage"] == "handshake":
            return f"{head} handshake {safe(line['detail'])} {self._tail(line)}"
        if line["reason"]:
            return f"{head} {self._paint('red', safe(line['reason']))}: {safe(line['detail'])} {self._tail(line)}"
        return f"{head} no event {safe(line['detail'])} {self._tail(line)}"

    def _event(self, line: MutableMapping[str, Any]) -> str:
        """What came, and about what as far as there is room."""
        more = f" (+{line['events'] - 1})" if line["events"] > 1 else ""
        again = " duplicate" if line["duplicate"] else ""
        what = f"{safe(line['type'])}{more}"
        room = self._width() - len(f"{what}{again}".ljust(self._columns[1])) - self._columns[0] - self._columns[2]
        subject = _cut(safe(line["subject"]), min(room, LONGEST))
        gap = " " * (self._columns[1] - len(what) - len(again))
        return f"{what}{self._paint('yellow', again)}{gap} {self._paint('dim', subject)}"

    def _attempt(self, line: MutableMapping[str, Any]) -> str:
        outcome = str(line["outcome"])
        colour = {"delivered": "green", "later": "yellow", "dead": "red"}.get(outcome, "dim")
        word = {"later": "failed, will retry", "dead": "dead letter"}.get(outcome, outcome)
        number = f" (attempt {line['attempt']})" if line["attempt"] > 1 or outcome != "delivered" else ""
        detail = f": {safe(line['detail'])}" if line["detail"] else ""
        head = f"  {self._paint(colour, '→')}   {self._name(line['subscription'])}"
        what = safe(line["type"]).ljust(self._columns[1])
        return f"{head} {what} {self._paint(colour, word)}{number}{detail} {self._tail(line)}"

    def _other(self, kind: str, level: str, line: MutableMapping[str, Any]) -> str:
        text = safe(line.pop("text", kind))
        values = " ".join(f"{key}={safe(value)}" for key, value in line.items() if key not in ("level", "exc_info"))
        colour = "red" if level in ("error", "exception", "critical") else "yellow" if level == "warning" else "cyan"
        return f"{self._paint(colour, '•')} {text}{' ' + self._paint('dim', values) if values else ''}"

    @property
    def _columns(self) -> tuple[int, int, int]:
        """Columns of a name, of an event's type, and of all that is not one of these or the subject."""
        return (14, 38, 54) if self._width() >= WIDE else (10, 28, 29)

    def _name(self, value: object) -> str:
        return safe(value).ljust(self._columns[0])

    def _tail(self, line: MutableMapping[str, Any]) -> str:
        """How long it took, and where there is room the start of the id, which is enough for every command."""
        short = f"  {str(line['id'])[:ID]}" if line["id"] and self._width() >= WIDE else ""
        return self._paint("dim", f"{line['ms']} ms{short}")

    def _paint(self, colour: str, text: str) -> str:
        return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if self._colour and text else text


def coloured(stream: TextIO) -> bool:
    """Is it a terminal whose user wants colours (https://no-color.org)?"""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Columns of the terminal behind the error output, or WIDE where that cannot be told."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or WIDE
    except (OSError, ValueError, AttributeError):
        return WIDE


def safe(value: object) -> str:
    """Text from outside for a terminal: control characters and direction marks are shown, never obeyed."""
    return CONTROL.sub(lambda match: match.group().encode("unicode_escape").decode("ascii"), str(value))


def _clock(stamp: str) -> str:
    """Time of day in UTC, to the second, of an ISO timestamp."""
    try:
        return datetime.fromisoformat(stamp).astimezone(UTC).strftime("%H:%M:%SZ")
    except ValueError:
        return stamp


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…" if room > 1 else ""
