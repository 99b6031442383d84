"""Values that stand elsewhere: `{ env = "NAME" }`, `{ file = "path" }` and the `.env` file beside config.toml."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from hub.errors import Problem

LARGEST = 64 * 1024
"""Bytes of a secret's file; a larger one is a mistake."""
DEVELOPMENT_KEY = "development_key"
"""Ends the name of a variable with a key that signs in a platform's place: DISCORD_DEVELOPMENT_KEY."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A config tree whose references are filled in.

    tree: without those that could not be; problems: why not; missing: their key paths; brought: what came from the
    environment or a file, by key path.
    """

    tree: dict[str, Any] = field(repr=False)
    problems: tuple[Problem, ...]
    missing: frozenset[str]
    brought: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Environment:
    """The real environment over the `.env` file in a folder; file: where that is, or would be."""

    values: Mapping[str, str] = field(repr=False)
    file: Path


def variable_name(source: str, option: str) -> str:
    """The environment variable that is proposed for an option of a source: `GITHUB_SECRET`."""
    name = f"{source}_{option}".upper().replace("-", "_")
    return f"_{name}" if name[0].isdigit() else name  # a shell takes no other


def fingerprint(source: str, option: str, value: str) -> str:
    """A name for a secret that a handshake brought, which tells nothing of it."""
    return hashlib.sha256("\0".join((source, option, value)).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def read_environment(folder: Path, environ: Mapping[str, str]) -> tuple[Environment, list[Problem]]:
    """The environment with what `.env` in the folder adds; its lines are taken as they are, `$` included."""
    from dotenv.parser import parse_stream

    file = folder / ".env"
    try:
        text = file.read_text(encoding="utf-8-sig") if file.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        return Environment(dict(environ), file), [Problem("", f"it cannot be read: {_why(error)}", str(file))]
    added: dict[str, str] = {}
    problems = []
    for line in parse_stream(io.StringIO(text)):
        if line.error:
            text = "this is not NAME=value; put a value with # or spaces in single quotes"
            problems.append(Problem(f"line {line.original.line}", text, str(file)))
        elif line.key is not None and line.value is not None:
            added[line.key] = line.value
    return Environment({**added, **environ}, file), problems


def resolve(tree: dict[str, Any], folder: Path, environment: Environment, name: str) -> Resolved:
    """Fill in every reference of a config tree; `name`: the config file, for the problems."""
    problems: list[Problem] = []
    missing: list[str] = []
    brought: dict[str, str] = {}

    def fill(value: Any, path: str) -> Any:
        if isinstance(value, list):
            return [one for index, item in enumerate(value) if (one := fill(item, f"{path}[{index}]")) is not None]
        if not isinstance(value, dict):
            return value
        if not _is_reference(value):
            filled = {key: fill(item, f"{path}.{key}" if path else key) for key, item in value.items()}
            return {key: item for key, item in filled.items() if item is not None}
        try:
            brought[path] = _fetch(value, folder, environment)
        except LookupError as error:
            problems.append(Problem(path, str(error.args[0]), name))
            missing.append(path)
            return None
        return brought[path]

    return Resolved(fill(tree, ""), tuple(problems), frozenset(missing), brought)


def texts(value: Any) -> Iterator[str]:
    """Every text and number in an option's value, as text: a secret may be one, a list, or a table by key id."""
    if isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from texts(item)
    elif hasattr(value, "get_secret_value"):
        yield str(value.get_secret_value())
    elif isinstance(value, (str, int)) and not isinstance(value, bool):
        yield str(value)


def _is_reference(value: dict[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)) in ("env", "file") and isinstance(next(iter(value.values())), str)


def _fetch(reference: dict[str, str], folder: Path, environment: Environment) -> str:
    """Raises: LookupError, with what is wrong."""
    if "env" in reference:
        return _from_environment(reference["env"], environment)
    return _from_file(folder / Path(reference["file"]).expanduser())


def _from_environment(name: str, environment: Environment) -> str:
    value = environment.values.get(name)
    if value:
        return value
    if value is not None:
        raise LookupError(f"the environment variable {name} is empty; give it a value")
    close = get_close_matches(name, environment.values, n=1, cutoff=0.8)
    hint = f" (there is {close[0]})" if close else ""
    raise LookupError(
        f"the environment variable {name} is not set{hint}; set it, or write {name}=... into {environment.file}"
    )


def _from_file(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST + 1)
        text = content.decode("utf-8")
    except (OSError, ValueError) as error:
        raise LookupError(f"the file {file} cannot be read: {_why(error)}") from None
    if len(content) > LARGEST:
        raise LookupError(f"the file {file} is larger than {LARGEST // 1024} KiB; is it the right one?")
    text = text.removesuffix("\n").removesuffix("\r")  # editors and `echo` end a file so; keys in PEM do not mind
    if not text.strip():
        raise LookupError(f"the file {file} is empty; write the value into it")
    return text


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return "it is not UTF-8 text"
