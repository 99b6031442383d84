"""`hub providers`: the platforms that the hub knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.common import CONFIG, AsJson, ConfigPath

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hub.about import About

COLUMNS = {"name": "name", "title": "platform", "scheme": "scheme", "samples": "samples", "place": "from"}
WIDTH = 100
KEY = 16
"""Columns of a name before what it means."""


def providers(
    name: Annotated[str | None, typer.Argument(help="Only this one, with all that is known of it.")] = None,
    config: ConfigPath = CONFIG,
    as_json: AsJson = False,
) -> None:
    """List the providers: built-in ones, installed ones, and yours."""
    from hub.about import about
    from hub.cli.output import json_lines, table
    from hub.loader import load_plugins

    plugins = load_plugins(config.absolute().parent / "plugins")
    found = [about(plugins, one) for one in ([name] if name else plugins.names("providers"))]
    if as_json:
        json_lines(_row(facts) for facts in found)
    elif name:
        _print(found[0])
    else:
        rows = [_row(facts) for facts in found]
        table([{**row, "samples": len(row["samples"])} for row in rows], COLUMNS, empty="no providers")


def _row(facts: About) -> dict[str, Any]:
    provider = facts.provider
    return {
        "name": provider.name,
        "title": provider.title,
        "docs": provider.docs,
        "sends": facts.summary,
        "setup": facts.setup,
        "scheme": " or ".join(dict.fromkeys(mode.scheme for mode in facts.modes)),
        "modes": [
            {"mode": mode.name, "scheme": mode.scheme, "at": mode.look, "signed": mode.signed, "replay": mode.replay}
            for mode in facts.modes
        ],
        "proves": provider.verify.proves,
        "covers": provider.verify.covers,
        "caveats": facts.caveats,
        "options": {key: option.doc for key, option in facts.options.items()},
        "reads": facts.reads,
        "answers": facts.answers,
        "samples": facts.samples,
        "timeout": provider.limits.timeout,
        "retries": provider.limits.retries,
        "disables": provider.limits.disables,
        "confidence": provider.limits.confidence,
        "place": facts.origin.place,
        "file": facts.origin.file,
    }


def _print(facts: About) -> None:
    from hub.cli.output import say

    say(f"{facts.provider.title} ({facts.provider.name}), {facts.origin.place}: {facts.origin.file}", bold=True)
    _say(facts.summary)
    say(facts.provider.docs)
    for heading, lines, indent in _sections(facts):
        if lines:
            say()
            say(heading, bold=True)
            for line in lines:
                _say(line, indent)


def _sections(facts: About) -> Iterator[tuple[str, list[str], int]]:
    """Headings with their lines, and by how much the rest of a long line is indented."""
    limits = facts.provider.limits
    yield "Set up", [facts.setup] if facts.setup else [], 0
    for label, toml in facts.config().items():
        yield f"Config{f' ({label})' if label else ''}", toml.splitlines(), 0
    yield "Options", _columns({key: option.doc for key, option in facts.options.items()}), KEY + 1
    proof = [f"{mode.label}: {mode.look or mode.scheme}; signed: {mode.signed or 'nothing'}" for mode in facts.modes]
    yield "Proof", proof, 0
    yield "To know", [f"- {text}" for text in facts.caveats], 2
    yield "Events", _columns({**facts.reads, **facts.answers}), KEY + 1
    documented = {
        "timeout": f"{limits.timeout:g} s" if limits.timeout else "",
        "retries": limits.retries,
        "disabled": limits.disables,
    }
    sure = " (unverified)" if limits.confidence == "low" else ""
    yield f"Limits{sure}", _columns({key: words for key, words in documented.items() if words}), KEY + 1
    yield "Samples", [f"hub send {facts.provider.name} {event}" for event in facts.samples], 0


def _columns(rows: Mapping[str, str]) -> list[str]:
    return [f"{key:<{KEY}} {words}" for key, words in rows.items()]


def _say(text: str, indent: int = 0) -> None:
    """One line, or several where it is long."""
    import textwrap

    from hub.cli.output import say

    for line in textwrap.wrap(
        text, WIDTH, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
    ):
        say(line)
