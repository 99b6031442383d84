"""What commands print: tables for people, JSON Lines for programs. What platforms sent is data, never markup."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import typer

from hub.terminal import CONTROL, ID, coloured, safe

WIDE = 400
"""Columns where there is no terminal: nothing is cut for a file or a pipe."""
ROOMY = 120
"""Columns from which on ids and times are whole."""
WHOLE = ("id", "url", "at", "receivedat", "status")
"""Columns that are not folded: what is copied from a table must be in one piece."""
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def say(text: str = "", *, colour: str | None = None, bold: bool | None = None, err: bool = False) -> None:
    """One line; control characters in it are shown, not obeyed."""
    plain = None if coloured(sys.stderr if err else sys.stdout) else False
    typer.secho(safe(text), fg=colour, bold=bold, err=err, color=plain)


def json_lines(rows: Iterable[Any]) -> None:
    """One row a line, each written at once."""
    from hub.event import to_json

    for row in rows:
        # JSON leaves C1 controls as they are, and terminals obey them
        line = CONTROL.sub(lambda match: f"\\u{ord(match.group()):04x}", to_json(row).decode("utf-8"))
        typer.echo(line)


def table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, empty: str) -> None:
    """A table: columns gives their headings by key; empty is said if there is no row."""
    if not rows:
        say(empty, err=True)
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = WIDE
    brief = console.width < ROOMY
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1 if brief else 2, 0, 0))
    for key, heading in columns.items():
        grid.add_column(heading, overflow="fold", no_wrap=key in WHOLE)
    for row in rows:
        cells = (_brief(row.get(key)) if brief else shown(row.get(key)) for key in columns)
        grid.add_row(*(Text(cell, style=_style(row.get(key))) for key, cell in zip(columns, cells, strict=True)))
    console.print(grid)


def shown(value: object) -> str:
    """A value for a cell: times in UTC to the second, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(shown(one) for one in value)
    moment = _moment(value)
    return moment.strftime("%Y-%m-%d %H:%M:%SZ") if moment else safe(value)


def _brief(value: object) -> str:
    """As `shown`, where there is little room: the start of an id is enough for every command, today needs no date."""
    moment = _moment(value)
    if moment is not None:
        today = moment.date() == datetime.now(UTC).date()
        return moment.strftime("%H:%M:%SZ" if today else "%m-%d %H:%MZ")
    if isinstance(value, str) and UUID.fullmatch(value):
        return value[:ID]
    return shown(value)


def _moment(value: object) -> datetime | None:
    if not (isinstance(value, str) and value.endswith("Z") and len(value) >= 20):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _style(value: object) -> str:
    styles = {
        "ok": "green",
        "WRONG": "bold red",
        "dead": "red",
        "UNSIGNED": "bold red",
        "later": "yellow",
        "waiting": "yellow",
        "delivered": "green",
        "refused": "red",
    }
    return styles.get(value, "") if isinstance(value, str) else ""


def counted(number: int, word: str) -> str:
    """`1 event`, `2 events`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def pretty(value: Any) -> None:
    """JSON over several lines, for people."""
    import json

    for line in json.dumps(value, indent=2, ensure_ascii=False, default=str).splitlines():
        say(line)
