"""What the tests of the configuration share: plugins of their own, and loading a text as config.toml."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from hub.config import Config, load_config
from hub.errors import ConfigError
from hub.loader import load_plugins

Load = Callable[..., Config]

PLUGINS = '''
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from hub import Event, Option, Provider, Refused, Subscriber, hookimpl, on


@dataclass(frozen=True)
class Keyed:
    """A scheme that wants one secret; `names` are its options."""

    names: tuple = ("secret",)
    proves: bool = True
    covers: str = "all"

    def options(self):
        kind = str | int | list[str | int] | dict[str, str | int]
        return {name: Option("The shared secret.", kind, secret=True) for name in self.names}

    def configured(self, options):
        return any(options.get(name) for name in self.names)


def make(name, scheme):
    return Provider(name=name, title=name.title(), docs="https://example.com", verify=scheme, type=lambda request: "x")


@hookimpl
def register_providers():
    return [
        make("acme", Keyed()),
        make("login", Keyed(("username", "password"))),
        make("open-to-all", Keyed((), proves=False)),
    ]


@dataclass
class Note(Subscriber):
    name = "note"
    path: Path
    url: Annotated[str, Option("Where to.", secret=True)] = "x"
    count: int = 3
    labels: dict[str, str] = field(default_factory=dict)

    async def deliver(self, event: Event) -> None: ...


@hookimpl
def register_subscribers():
    return [Note]
'''
MARKED = """
from hub import on

@on("acme.*", where="data.x", sources=["acme"], retry={{"attempts": 2}}, rate="5/s"{more})
async def save(event): ...
"""


def loading(folder: Path) -> Load:
    """A function that loads a text as config.toml in this folder, beside the plugins above."""
    (folder / "plugins").mkdir()
    (folder / "plugins/ours.py").write_text(PLUGINS)

    def load(text: str, environ: Mapping[str, str] | None = None) -> Config:
        file = folder / "config.toml"
        file.write_text(dedent(text))
        plugins = load_plugins(folder / "plugins", installed=False)
        return load_config(file, environ or {}, plugins=plugins)

    return load


def problems(load: Load, text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """`where: text` of every problem."""
    with pytest.raises(ConfigError) as caught:
        load(text, environ)
    return [f"{problem.where}: {problem.text}" for problem in caught.value.problems]


def problem(load: Load, text: str, environ: Mapping[str, str] | None = None) -> str:
    (only,) = problems(load, text, environ)
    return only
