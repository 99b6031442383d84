"""What the commands share: their common options, and where a config says that the log and the console are."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from collections.abc import Coroutine

CONFIG = Path("config.toml")
ConfigPath = Annotated[
    Path,
    # unreadable is told as every other problem with it
    typer.Option("--config", envvar="HUB_CONFIG", show_envvar=True, readable=False, help="The configuration file."),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON, one row a line, for other programs.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1_000_000, help="How many, the newest ones.")]
Since = Annotated[
    str | None, typer.Option("--since", help="From then on: 30m, 1h, 7d (ago), a date, an RFC 3339 time.")
]
Until = Annotated[str | None, typer.Option("--until", help="Before then; as --since.")]
Sources = Annotated[list[str] | None, typer.Option("--source", help="Of this source; may be repeated.")]
Types = Annotated[list[str] | None, typer.Option("--type", help="Of this type, such as 'github.*'; may be repeated.")]
Subject = Annotated[str | None, typer.Option("--subject", help="About this.")]
Everything = Annotated[bool, typer.Option("--all", help="All of them.")]


@dataclass(frozen=True, slots=True)
class Place:
    """What reading the log and calling the console need of a config: no plugin, no secret of a source.

    file: the config; folder: its folder, absolute; console: the URL.
    """

    file: Path
    folder: Path
    log: str
    console: str
    token: str | None = field(repr=False)


class Listing(TyperGroup):
    """A group of commands whose `list` may be left out: `hub events --json` is `hub events list --json`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `list` where no command is named."""
        if not args or (args[0].startswith("-") and args[0] not in ("--help", "-h")):
            args = ["list", *args]
        return super().parse_args(ctx, args)


def find_place(file: Path) -> Place:
    """Where the log and the console are.

    A command that only looks must not fail because a source's secret is not set in this shell, so nothing else is read.

    Raises:
        ConfigError: there is no such file, or it is no TOML, or those two tables are wrong.
    """
    import os

    from hub.errors import ConfigError
    from hub.secrets import read_environment, resolve
    from hub.settings import Console, LogSettings
    from hub.toml import read_toml
    from hub.validation import read_table

    name, folder = str(file), file.absolute().parent
    tree = read_toml(file, name)
    environment, problems = read_environment(folder, os.environ)
    wanted = {key: tree.get(key, {}) for key in ("console", "log")}
    resolved = resolve(wanted, folder, environment, name)
    problems += resolved.problems
    hidden = resolved.brought.keys()
    console = read_table(Console, "console", resolved.tree["console"], problems, hidden=hidden, file=name)
    log = read_table(LogSettings, "log", resolved.tree["log"], problems, hidden=hidden, file=name)
    if problems:
        raise ConfigError(problems)
    token = console.token.get_secret_value() if console.token else None
    return Place(file, folder, log.url, _url(console.host, console.port), token)


def run(work: Coroutine[Any, Any, int]) -> NoReturn:
    """Run a command's coroutine and end the process with its exit code."""
    import asyncio

    raise typer.Exit(asyncio.run(work))


def selection(**values: object) -> dict[str, Any]:
    """What was given of a command's options, in the API's names."""
    return {name: value for name, value in values.items() if value not in (None, [], ())}


def _url(host: str, port: int) -> str:
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (what listens there is called here)
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"
