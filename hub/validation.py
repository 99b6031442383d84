"""What pydantic found wrong, in the words of config.toml."""

from __future__ import annotations

from collections.abc import Container, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from hub.errors import Problem
from hub.settings import Table

WORDS = {
    "int_parsing": "it is a whole number",
    "int_type": "it is a whole number",
    "int_from_float": "it is a whole number",
    "bool_parsing": "it is true or false",
    "bool_type": "it is true or false",
    "string_type": 'it is a text in quotes, such as "x"',
    "tuple_type": 'it is a list, such as ["x"]',
    "model_type": "it is a table",
}


def read_table(
    table: type[Table], path: str, values: object, problems: list[Problem], *, hidden: Container[str], file: str
) -> Any:
    """The table's model; None, and problems, if it cannot be.

    path: the table's key path; hidden: key paths whose values are never shown.
    """
    if not isinstance(values, dict):
        problems.append(Problem(path, f"it is a table: write [{path}] on a line of its own", file))
        return None
    try:
        return table.model_validate(values)
    except ValidationError as error:
        for item in error.errors(include_url=False):
            where = key_path(path, item["loc"])
            problems.append(Problem(where, _text(item, table, path, where in hidden or _is_secret(item)), file))
        return None


def key_path(path: str, keys: tuple[str | int, ...]) -> str:
    """`providers.github.secret[1]`."""
    for key in keys:
        path += f"[{key}]" if isinstance(key, int) else f".{key}" if path else key
    return path


def no_such(kind: str, name: str, known: list[str]) -> str:
    """`there is no such <kind>`, with what was meant or what there is."""
    close = get_close_matches(name, known, n=1)
    if close:
        return f"there is no such {kind}; did you mean {close[0]!r}?"
    return f"there is no such {kind}; there {'are' if len(known) > 1 else 'is'} {', '.join(known) or 'none'}"


def _text(item: Mapping[str, Any], table: type[Table], path: str, hidden: bool) -> str:
    kind, context = item["type"], item.get("ctx", {})
    if kind == "extra_forbidden":
        return no_such("key", str(item["loc"][-1]), sorted(_keys(table, item["loc"][:-1])))
    found = "" if hidden else f", found {_shown(item['input'])}"
    if kind == "value_error":
        return f"{context['error']}{found}"
    if kind == "literal_error":
        return f"it is {context['expected']}{found}"
    if kind in WORDS:
        return f"{WORDS[kind]}{found}"
    message = item["msg"]
    return f"{message[0].lower()}{message[1:]}{found}"


def _keys(table: type[Table], inside: tuple[str | int, ...]) -> list[str]:
    """The keys of a table, or of the table inside it."""
    for key in inside:
        inner = table.model_fields[str(key)].annotation
        if not (isinstance(inner, type) and issubclass(inner, Table)):
            return []
        table = inner
    return list(table.model_fields)


def _is_secret(item: Mapping[str, Any]) -> bool:
    return any(str(key) in ("token", "url") for key in item["loc"])  # a log's URL may hold a password


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
