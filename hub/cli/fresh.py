"""Fresh secrets, and development keys in the place of a platform's, for what a config names and nobody has set."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.errors import ConfigError
from hub.loader import Plugins, load_plugins
from hub.options import options_of
from hub.provider import Provider
from hub.secrets import DEVELOPMENT_KEY, read_environment, variable_name
from hub.signatures.keys import KeySet

KeyPath = tuple[str, ...]


@dataclass(frozen=True)
class Fresh:
    """What was made.

    values: by the name of their variable; yours: the variables that only a person can set, with their key paths;
    keyed: the sources that have a development key now.
    """

    values: Mapping[str, str] = field(repr=False)
    yours: Mapping[str, str]
    keyed: list[str]


def fresh_values(tree: Mapping[str, Any], folder: Path) -> Fresh:
    """Values for the variables that a config tree names and that are not set.

    Raises:
        ConfigError: `.env` cannot be read; PluginError: a plugin cannot be loaded, or there is none of this name.
    """
    environment, problems = read_environment(folder, os.environ)
    if problems:
        raise ConfigError(problems)
    maker = _Credentials(tree.get("providers", {}), load_plugins(folder / "plugins"))
    values: dict[str, str] = {}
    yours: dict[str, str] = {}
    for path, name in sorted(_references(tree), key=lambda found: maker.is_development(found[0])):
        if environment.values.get(name) or name in values:
            continue
        value: Any = None
        if path == ("console", "token"):
            value = secrets.token_urlsafe(32)
        elif path[0] == "providers" and len(path) > 2:
            value = maker.make(path)
        if isinstance(value, (str, int)):
            values[name] = str(value)
        else:
            yours.setdefault(name, ".".join(path))
    for source in maker.unnamed():
        values[variable_name(source, DEVELOPMENT_KEY)] = maker.keys[source]
    return Fresh(values, yours, sorted(maker.keys))


class _Credentials:
    """Fresh ones for sources. tables: of the config; keys: the private ones, of the public ones that were asked for."""

    def __init__(self, tables: Mapping[str, Any], plugins: Plugins) -> None:
        self.keys: dict[str, str] = {}
        self._tables = tables
        self._plugins = plugins
        self._made: dict[str, dict[str, Any]] = {}

    def make(self, path: KeyPath) -> Any:
        """The value for `providers.<source>.<option>`; None where only a person knows it."""
        _, source, option, *inner = path
        if self.is_development(path):
            return self.keys.get(source)  # without its public key it is of no use
        provider = self._provider(source)
        if option not in self._made.get(source, {}):  # the next of a list of secrets is another one
            self._made[source] = provider.verify.credentials()
        made, offered = self._made[source], options_of(provider)
        value = made.pop(option, None)
        for key in inner:
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None and offered[option].type is KeySet:
            private = next((made[name] for name in made if offered[name].development), None)
            if private is None:
                return None  # nobody could sign for this public key
            self.keys.setdefault(source, private)
        return value

    def is_development(self, path: KeyPath) -> bool:
        """Is it the place of a development key?"""
        if path[0] != "providers" or len(path) < 3:
            return False
        option = options_of(self._provider(path[1])).get(path[2])
        return option is not None and option.development

    def unnamed(self) -> Iterator[str]:
        """The sources with a development key that their tables do not name."""
        for source in self.keys:
            if not any(self.is_development(("providers", source, option)) for option in self._tables[source]):
                yield source

    def _provider(self, source: str) -> Provider:
        return self._plugins.provider(self._tables[source].get("plugin", source))


def _references(tree: Mapping[str, Any], path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Every `{ env = "NAME" }` with its key path."""
    for key, value in tree.items():
        for item in value if isinstance(value, list) else [value]:
            if not isinstance(item, dict):
                continue
            if set(item) == {"env"} and isinstance(item["env"], str):
                yield (*path, key), item["env"]
            else:
                yield from _references(item, (*path, key))
