"""`hub new`: a plugin file to start from, with a test that passes at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.cli.common import CONFIG, ConfigPath

new = typer.Typer(help="Start a provider or a subscriber of your own.", rich_markup_mode=None, no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Lower-case words joined by hyphens.")]


@new.command("provider")
def provider(name: Name, config: ConfigPath = CONFIG) -> None:
    """Write plugins/NAME.py, a sample request and a test for a platform that the hub does not know."""
    from hub.cli.output import say

    file = _file_name(name)
    files = {
        Path("plugins", f"{file}.py"): "provider.py.txt",
        Path("plugins", "samples", name, "default.http"): "sample.http.txt",
        Path("tests", f"test_{file}.py"): "test_provider.py.txt",
    }
    _write(config, name, files)
    say()
    say("Next:")
    say(f"  pytest tests/test_{file}.py    (pip install pytest)")
    say("  and in config.toml:")
    say(f"    [providers.{name}]")
    say(f'    secret = {{ env = "{file.upper()}_SECRET" }}')
    say(f"  hub init                makes {file.upper()}_SECRET")
    say(f"  hub send {name}")


@new.command("subscriber")
def subscriber(name: Name, config: ConfigPath = CONFIG) -> None:
    """Write plugins/NAME.py and a test for something that receives events."""
    from hub.cli.output import say

    file = _file_name(name)
    files = {
        Path("plugins", f"{file}.py"): "subscriber.py.txt",
        Path("tests", f"test_{file}.py"): "test_subscriber.py.txt",
    }
    _write(config, name, files)
    say()
    say("Next:")
    say(f"  pytest tests/test_{file}.py    (pip install pytest)")
    say("  and in config.toml:")
    say(f"    [subscribers.{name}]")
    say('    events = ["*"]')


def _file_name(name: str) -> str:
    """The name with underscores.

    Raises:
        UsageError: it cannot be a plugin's name, or not a file's that Python imports.
    """
    import keyword

    from hub.errors import UsageError
    from hub.provider import NAME

    file = name.replace("-", "_")
    if not NAME.fullmatch(name) or len(name) > 60:
        raise UsageError(f"{name[:60]!r} cannot be a name: it is lower-case words joined by hyphens, such as my-shop")
    if not file.isidentifier() or keyword.iskeyword(file):
        raise UsageError(f"{name!r} cannot be a Python name: start it with a letter, and use no word of Python's own")
    return file


def _write(config: Path, name: str, files: dict[Path, str]) -> None:
    """All of them or none.

    Raises:
        UsageError: one is there already, or cannot be written.
    """
    from hub.cli.output import say
    from hub.errors import UsageError
    from hub.mount import shown

    folder = config.absolute().parent
    for path in files:
        if (folder / path).exists():
            raise UsageError(f"{shown(folder / path)} is there already: choose another name, or remove it first")
    templates = Path(__file__).resolve().parent.parent / "templates" / "new"
    title = name.replace("-", " ").title()
    words = {
        "@NAME@": name,
        "@FILE@": name.replace("-", "_"),
        "@TITLE@": title,
        "@HEADER@": title.replace(" ", "-"),
        "@CLASS@": title.replace(" ", ""),
    }
    for path, template in files.items():
        text = (templates / template).read_text(encoding="utf-8")
        for word, value in words.items():
            text = text.replace(word, value)
        try:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise UsageError(f"{shown(folder / path)} cannot be written: {error.strerror}") from None
        say(f"wrote {shown(folder / path)}")
