"""`hub providers`: the platforms that the hub knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.common import CONFIG, AsJson, ConfigPath

if TYPE_CHECKING:
    from hub.loader import Plugins

COLUMNS = {"name": "name", "title": "platform", "scheme": "scheme", "samples": "samples", "place": "from"}


def providers(
    name: Annotated[str | None, typer.Argument(help="Only this one, with its options and samples.")] = None,
    config: ConfigPath = CONFIG,
    as_json: AsJson = False,
) -> None:
    """List the providers: built-in ones, installed ones, and yours."""
    from hub.cli.output import json_lines, table
    from hub.loader import load_plugins

    plugins = load_plugins(config.absolute().parent / "plugins")
    names = [name] if name else plugins.names("providers")
    rows = [_row(plugins, one) for one in names]
    if as_json:
        json_lines(rows)
    elif name:
        _print(rows[0])
    else:
        table(rows, COLUMNS, empty="no providers")


def _row(plugins: Plugins, name: str) -> dict[str, Any]:
    from hub.mount import sample_folders
    from hub.options import options_of
    from hub.samples import samples

    provider = plugins.provider(name)
    options = options_of(provider)
    origin = plugins.origin("providers", name)
    return {
        "name": provider.name,
        "title": provider.title,
        "docs": provider.docs,
        "scheme": type(provider.verify).__name__,
        "proves": provider.verify.proves,
        "covers": provider.verify.covers,
        "options": {key: option.doc for key, option in options.items()},
        "samples": [sample.event for sample in samples(name, sample_folders(plugins.folder))],
        "timeout": provider.limits.timeout,
        "retries": provider.limits.retries,
        "disables": provider.limits.disables,
        "place": origin.place,
        "file": origin.file,
    }


def _print(row: dict[str, Any]) -> None:
    from hub.cli.output import say, shown

    say(f"{row['title']} ({row['name']}), {row['place']}: {row['file']}", bold=True)
    say(f"docs      {row['docs']}")
    say(
        f"scheme    {row['scheme']}, covers {row['covers']} of the body"
        if row["proves"]
        else "scheme    proves nothing"
    )
    for key in ("timeout", "retries", "disables"):
        if row[key]:
            say(f"{key:<9} {row[key]:g} s" if key == "timeout" else f"{key:<9} {row[key]}")
    say(f"samples   {shown(row['samples']) or 'none'}")
    say()
    say(f"[providers.{row['name']}]")
    for key, doc in row["options"].items():
        say(f"{key:<16} # {doc}")
