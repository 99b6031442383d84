"""`hub init`: everything a first start needs. What is there already is left as it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.common import CONFIG, ConfigPath

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.loader import Plugins

MOST_NAMES = 12
"""Names that are told one by one; more are only counted."""
LEAD = """# Every provider, for trying them out: start the hub, then `hub send --all` in another terminal.
# The secrets in .env are made up, and the keys are development keys: what a platform itself sends is refused.

[subscribers.store]
plugin = "sqlite"
path = "data/events.db"
"""


def init(
    config: ConfigPath = CONFIG,
    all_providers: Annotated[
        bool, typer.Option("--all-providers", help="A config with every provider, for trying them out.")
    ] = False,
) -> None:
    """Write config.toml, .env with fresh secrets, and plugins/."""
    from hub.cli.fresh import fresh_values
    from hub.cli.output import say
    from hub.errors import UsageError
    from hub.loader import load_plugins
    from hub.toml import read_toml

    folder = config.absolute().parent
    if all_providers and config.exists():
        raise UsageError(f"{config} is there already: name another file for this with --config")
    text = _every_provider(load_plugins(folder / "plugins")) if all_providers else _template("config.toml")
    wrote = [_write(config, text)]
    if not (folder / "plugins").is_dir():
        wrote.append(_write(folder / "plugins" / "example.py", _template("example.py.txt")))
    tree = read_toml(config, str(config))
    fresh = fresh_values(tree, folder)
    if fresh.values:
        wrote.append(_append(folder / ".env", fresh.values))
    for line in filter(None, wrote):
        say(line)
    if not any(wrote):
        say("everything is there already")
    if fresh.keyed:
        say()
        _tell_keys(fresh.keyed, _shown(folder / ".env"))
    if fresh.yours:
        say()
        say(f"Set these yourself, in {_shown(folder / '.env')} or in the environment:")
        for name, path in fresh.yours.items():
            say(f"  {name}  ({path})")
    say()
    say("Next:")
    more = "" if config == CONFIG else f" --config {config}"
    source = "--all" if all_providers else next(iter(tree.get("providers", {})), None)
    steps = {f"check{more}": "is everything right?", f"run{more}": "start the hub"}
    if source:
        steps[f"send {source}{more}"] = "in another terminal: a signed, realistic request"
    for command, what in steps.items():
        say(f"  hub {command.ljust(max(map(len, steps)))}  {what}")


def _tell_keys(sources: list[str], file: str) -> None:
    from hub.cli.output import say
    from hub.secrets import DEVELOPMENT_KEY, variable_name

    names = ", ".join(sources) if len(sources) <= MOST_NAMES else f"{len(sources)} sources"
    variable = variable_name(sources[0], DEVELOPMENT_KEY) if len(sources) == 1 else "<SOURCE>_DEVELOPMENT_KEY"
    say(f"Made a development key pair for {names}: `hub send` signs with it in the platform's place.")
    say(f"Before the platform itself sends, put its public key into {file} instead, and remove {variable}.")


def _every_provider(plugins: Plugins) -> str:
    """A config with a source of each provider."""
    from hub.options import options_of
    from hub.secrets import variable_name
    from hub.signatures.keys import KeySet

    tables = [LEAD]
    for name in plugins.names("providers"):
        provider = plugins.provider(name)
        options = options_of(provider)
        lines = [f"[providers.{name}]  # {provider.title}"]
        for key, value in provider.verify.credentials().items():
            option = options[key]
            reference = f'{{ env = "{variable_name(name, key)}" }}'
            if isinstance(value, dict):
                lines.append(f"{key} = {{ {', '.join(f'{_text(one)} = {reference}' for one in value)} }}")
            elif option.secret or option.type is KeySet:
                lines += [f"{key} = {reference}"] if not option.development else []
            else:
                lines.append(f"{key} = {_text(value)}")
        lines += [] if provider.verify.proves else ["verify = false"]
        tables.append("\n".join(lines) + "\n")
    return "\n".join(tables)


def _text(value: object) -> str:
    """A basic string of TOML, which JSON's is one of."""
    import json

    return json.dumps(str(value), ensure_ascii=False)


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
    names = ", ".join(values) if len(values) <= MOST_NAMES else f"{len(values)} values"
    return f"{'wrote' if new else 'added to'} {_shown(file)}: {names}"


def _quoted(value: str) -> str:
    """A value as dotenv reads it back."""
    plain = value.isascii() and not any(sign in value for sign in "'\"\\# \t\n$`")
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return value if plain else f"'{escaped}'"


def _shown(file: Path) -> str:
    from hub.mount import shown

    return shown(file.absolute())
