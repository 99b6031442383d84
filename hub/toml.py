"""Reading a TOML file: where it stops being one, and in which order its tables stand."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub.errors import ConfigError, Problem

HINTS = {
    "Invalid value": "a text stands in double quotes, a list in [ ]",
    "Cannot declare": "each table is written once; put its keys together",
    "Cannot overwrite": "each key is written once",
    "Expected '=' after a key": "a line is `key = value`, a table's name stands in [ ]",
    'Expected "': "a text or a list is not closed",
    "Illegal character": "a text ends on the line it began on, with the same quote",
    "Unclosed": "a list or a table in braces is not closed",
    "Unterminated": "a text is not closed",
    "Expected ']'": "a table's name stands in [ ]",
    "Expected newline or end of document": "one `key = value` a line; a text stands in double quotes",
}


def read_toml(path: Path, name: str) -> dict[str, Any]:
    """The file's tables; `name`: the file, for the problems.

    Raises:
        ConfigError: it cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError([Problem("", "there is no such file; `hub init` writes one", name)]) from None
    except OSError as error:
        raise ConfigError([Problem("", f"it cannot be read: {error.strerror}", name)]) from None
    except UnicodeDecodeError as error:
        raise ConfigError([Problem("", f"byte {error.start} is not UTF-8; save the file as UTF-8", name)]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_syntax_problem(str(error), name)]) from None


def _syntax_problem(message: str, name: str) -> Problem:
    """Where the file stops being TOML. The line itself is not shown: it may hold a secret."""
    text, _, place = message.rstrip(")").partition(" (at ")
    hint = next((hint for start, hint in HINTS.items() if text.startswith(start)), "see https://toml.io")
    return Problem(place.replace(", ", " ") or "", f"not TOML: {text[0].lower()}{text[1:]}; {hint}", name)


def in_file_order(problems: list[Problem], tree: Mapping[str, Any]) -> list[Problem]:
    """Problems in the order in which their tables stand in the file."""
    order = [
        path
        for top, value in tree.items()
        for path in (top, *(f"{top}.{key}" for key in (value if isinstance(value, dict) else ())))
    ]
    rank = {path: position for position, path in enumerate(order)}

    def place(problem: Problem) -> int:
        parts = re.split(r"[.\[]", problem.where)
        return rank.get(".".join(parts[:2]), rank.get(parts[0], len(order)))

    return sorted(problems, key=place)
