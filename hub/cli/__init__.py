"""The command `hub`: one file per command; each imports what it needs when it is run."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence

import typer

from hub.cli.check import check
from hub.cli.dead import dead
from hub.cli.doctor import doctor
from hub.cli.events import events
from hub.cli.init import init
from hub.cli.new import new
from hub.cli.providers import providers
from hub.cli.rejected import rejected
from hub.cli.replay import replay
from hub.cli.run import run
from hub.cli.secrets import secrets
from hub.cli.send import send
from hub.errors import HubError

app = typer.Typer(
    name="hub",
    help="A webhook hub: receives from any platform, proves who sent it, keeps it, delivers it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
app.command()(init)
app.command()(run)
app.command()(check)
app.command()(send)
app.add_typer(events, name="events")
app.command()(replay)
app.add_typer(dead, name="dead")
app.add_typer(rejected, name="rejected")
app.add_typer(secrets, name="secrets")
app.command()(providers)
app.add_typer(new, name="new")
app.command()(doctor)


@app.callback(invoke_without_command=True)
def options(version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    """A webhook hub: receives from any platform, proves who sent it, keeps it, delivers it."""
    if version:
        from importlib.metadata import PackageNotFoundError
        from importlib.metadata import version as installed

        found = "(from a checkout)"
        with contextlib.suppress(PackageNotFoundError):
            found = installed("webhook-hub")
        typer.echo(f"webhook-hub {found}")
        raise typer.Exit


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and end the process: 0 done, 1 failed, 2 wrong use or wrong config."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # what platforms send may not fit the terminal's encoding, and must not end the command
            stream.reconfigure(errors="backslashreplace")
    try:
        app(args=None if arguments is None else list(arguments), prog_name="hub")
    except HubError as error:
        from hub.cli.output import say

        for line in str(error).splitlines() or [type(error).__name__]:
            say(line, err=True, colour=typer.colors.RED)
        sys.exit(error.exit_code)
