"""`hub run`: the hub itself."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.common import CONFIG, ConfigPath


def run(
    config: ConfigPath = CONFIG,
    tunnel: Annotated[
        str | None, typer.Option("--tunnel", metavar="KIND", help="Open a public address too: ngrok.")
    ] = None,
) -> None:
    """Run the hub until Ctrl-C."""
    from hub.config import load_config
    from hub.serve import serve

    raise typer.Exit(serve(load_config(config), tunnel=tunnel))
