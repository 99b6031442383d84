"""The live log on a terminal: one line a request, one a delivery, readable at a glance."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from datetime import datetime
from typing import Any

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
COLOURS = {"green": "32", "red": "31", "yellow": "33", "cyan": "36", "dim": "2", "bold": "1"}


class TerminalRenderer:
    """A structlog processor: the last one, which makes the line."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour

    def __call__(self, logger: object, name: str, line: MutableMapping[str, Any]) -> str:
        at = self._paint("dim", _clock(str(line.pop("timestamp", ""))))
        kind = str(line.pop("event", ""))
        if kind == "request":
            return f"{at} {self._request(line)}"
        if kind == "attempt":
            return f"{at} {self._attempt(line)}"
        if kind == "cause":
            head = f"  {self._paint('yellow', '↳')}   {safe(line['source']).ljust(14)}"
            hint = self._paint("dim", f"({safe(line['hint'])})")
            return f"{at} {head} {safe(line['sentence'])} {hint}"
        return f"{at} {self._other(kind, name, line)}"

    def _request(self, line: MutableMapping[str, Any]) -> str:
        status = int(line["status"])
        colour = "green" if status < 400 else "red" if status < 500 or line["reason"] == "algorithm" else "yellow"
        head = f"{self._paint(colour, f'← {status}')} {self._paint('bold', safe(line['source']).ljust(14))}"
        if line["id"]:
            more = f" (+{line['events'] - 1})" if line["events"] > 1 else ""
            what = f"{safe(line['type'])}{more}"
            if line["duplicate"]:
                what += self._paint("yellow", " duplicate")
            subject = self._paint("dim", safe(line["subject"])[:40])
            return f"{head} {what:<38} {subject} {self._tail(line)}"
        if line["stage"] == "handshake":
            return f"{head} handshake {safe(line['detail'])} {self._tail(line)}"
        if line["reason"]:
            return f"{head} {self._paint('red', safe(line['reason']))}: {safe(line['detail'])} {self._tail(line)}"
        return f"{head} no event {safe(line['detail'])} {self._tail(line)}"

    def _attempt(self, line: MutableMapping[str, Any]) -> str:
        outcome = str(line["outcome"])
        colour = {"delivered": "green", "later": "yellow", "dead": "red"}.get(outcome, "dim")
        word = {"later": "failed, will retry", "dead": "dead letter"}.get(outcome, outcome)
        number = f" (attempt {line['attempt']})" if line["attempt"] > 1 or outcome != "delivered" else ""
        detail = f": {safe(line['detail'])}" if line["detail"] else ""
        head = f"  {self._paint(colour, '→')}   {safe(line['subscription']).ljust(14)}"
        return f"{head} {safe(line['type']):<38} {self._paint(colour, word)}{number}{detail} {self._tail(line)}"

    def _other(self, kind: str, level: str, line: MutableMapping[str, Any]) -> str:
        text = safe(line.pop("text", kind))
        values = " ".join(f"{key}={safe(value)}" for key, value in line.items() if key not in ("level", "exc_info"))
        colour = "red" if level in ("error", "exception", "critical") else "yellow" if level == "warning" else "cyan"
        return f"{self._paint(colour, '•')} {text}{' ' + self._paint('dim', values) if values else ''}"

    def _tail(self, line: MutableMapping[str, Any]) -> str:
        short = str(line["id"])
        return self._paint("dim", f"{line['ms']} ms  {short}".rstrip())

    def _paint(self, colour: str, text: str) -> str:
        return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if self._colour and text else text


def safe(value: object) -> str:
    """Text from outside for a terminal: control characters and direction marks are shown, never obeyed."""
    return CONTROL.sub(lambda match: match.group().encode("unicode_escape").decode("ascii"), str(value))


def _clock(stamp: str) -> str:
    """Local time of day, to the second, of an ISO timestamp."""
    try:
        return datetime.fromisoformat(stamp).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return stamp
