"""`hub init`: everything a first start needs. What is there already is left as it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.cli.common import CONFIG, ConfigPath

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hub.loader import Plugins


def init(config: ConfigPath = CONFIG) -> None:
    """Write config.toml, .env with fresh secrets, and a folder for your plugins."""
    from hub.cli.output import say
    from hub.toml import read_toml

    folder = config.absolute().parent
    wrote = [_write(config, _template("config.toml"))]
    if not (folder / "plugins").is_dir():
        wrote.append(_write(folder / "plugins" / "example.py", _template("example.py.txt")))
    tree = read_toml(config, str(config))
    fresh, yours = _secrets(tree, folder)
    if fresh:
        wrote.append(_append(folder / ".env", fresh))
    for line in filter(None, wrote):
        say(line)
    if not any(wrote):
        say("everything is there already")
    if yours:
        say()
        say(f"Set these yourself, in {_shown(folder / '.env')} or in the environment:")
        for name, path in yours.items():
            say(f"  {name}  ({path})")
    say()
    say("Next:")
    say("  hub check               is everything right?")
    say("  hub run                 start the hub")
    source = next(iter(tree.get("providers", {})), None)
    if source:
        say(f"  hub send {source:<14} in another terminal: a signed, realistic request")


def _template(name: str) -> str:
    folder = Path(__file__).resolve().parent.parent / "templates" / "init"
    return (folder / name).read_text(encoding="utf-8")


def _write(file: Path, text: str) -> str | None:
    """What was done, None if the file is there."""
    from hub.errors import UsageError

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except FileExistsError:
        return None
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from None
    return f"wrote {_shown(file)}"


def _secrets(tree: Mapping[str, Any], folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Values for the variables that are not set and can be made, by name; key paths of those only a person can set."""
    import os
    import secrets

    from hub.errors import ConfigError
    from hub.loader import load_plugins
    from hub.secrets import read_environment

    environment, problems = read_environment(folder, os.environ)
    if problems:
        raise ConfigError(problems)
    plugins = load_plugins(folder / "plugins")
    fresh: dict[str, str] = {}
    yours: dict[str, str] = {}
    made: dict[str, dict[str, Any]] = {}
    for path, name in _references(tree):
        if environment.values.get(name) or name in fresh:
            continue
        value = None
        if path == ("console", "token"):
            value = secrets.token_urlsafe(32)
        elif path[0] == "providers" and len(path) > 2:
            if path[2] not in made.get(path[1], {}):  # the next of a list of secrets is another one
                made[path[1]] = _credentials(tree["providers"][path[1]], path[1], plugins)
            value = made[path[1]].pop(path[2], None)
        if isinstance(value, (str, int)):
            fresh[name] = str(value)
        else:
            yours.setdefault(name, ".".join(path))
    return fresh, yours


def _credentials(table: Mapping[str, Any], source: str, plugins: Plugins) -> dict[str, Any]:
    """Fresh ones for development; {} where they are of no use, as a public key whose private key nobody keeps."""
    made = plugins.provider(table.get("plugin", source)).verify.credentials()
    return {} if "private_key" in made and "private_key" not in table else made


def _references(tree: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every `{ env = "NAME" }` with its key path."""
    for key, value in tree.items():
        for item in value if isinstance(value, list) else [value]:
            if not isinstance(item, dict):
                continue
            if set(item) == {"env"} and isinstance(item["env"], str):
                yield (*path, key), item["env"]
            else:
                yield from _references(item, (*path, key))


def _append(file: Path, values: Mapping[str, str]) -> str:
    """Add lines to `.env`, which only its owner may read when it is made here."""
    import os

    from hub.errors import UsageError

    try:
        new = not file.exists()
        text = "" if new else file.read_text(encoding="utf-8")
        before = "\n" if text and not text.endswith("\n") else ""
        head = "# Secrets of config.toml. Never commit this file.\n" if new else ""
        lines = "".join(f"{name}={_quoted(value)}\n" for name, value in values.items())
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="utf-8") as stream:
            stream.write(before + head + lines)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from None
    return f"{'wrote' if new else 'added to'} {_shown(file)}: {', '.join(values)}"


def _quoted(value: str) -> str:
    """A value as dotenv reads it back."""
    plain = value.isascii() and not any(sign in value for sign in "'\"\\# \t\n$`")
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return value if plain else f"'{escaped}'"


def _shown(file: Path) -> str:
    from hub.mount import shown

    return shown(file.absolute())
