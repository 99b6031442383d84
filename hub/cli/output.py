"""What commands print: tables for people, JSON Lines for programs. What platforms sent is data, never markup."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import typer

from hub.terminal import CONTROL, safe

WIDE = 400
"""Columns where there is no terminal: nothing is cut for a file or a pipe."""


def say(text: str = "", *, colour: str | None = None, bold: bool | None = None, err: bool = False) -> None:
    """One line; control characters in it are shown, not obeyed."""
    typer.secho(safe(text), fg=colour, bold=bold, err=err)


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

    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in columns.values():
        grid.add_column(heading, overflow="fold", no_wrap=False)
    for row in rows:
        grid.add_row(*(Text(shown(row.get(key)), style=_style(row.get(key))) for key in columns))
    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = WIDE
    console.print(grid)


def shown(value: object) -> str:
    """A value for a cell: times in UTC to the second, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and value.endswith("Z") and len(value) >= 20:
        try:
            return datetime.fromisoformat(value).strftime("%Y-%m-%d %H:%M:%SZ")
        except ValueError:
            pass
    if isinstance(value, (list, tuple)):
        return ", ".join(shown(one) for one in value)
    return safe(value)


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


def pretty(value: Any) -> None:
    """JSON over several lines, for people."""
    import json

    for line in json.dumps(value, indent=2, ensure_ascii=False, default=str).splitlines():
        say(line)
