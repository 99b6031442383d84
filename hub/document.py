"""Looks things up in JSON without making objects of all of it: most of an event is passed on as it came."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import simdjson

LARGEST = 1 << 20
"""Bytes of JSON that are read so: at once it takes ten times as much memory."""
INDEX = re.compile(r"-?\d{1,6}", re.ASCII)
LISTS = (list, simdjson.Array)
"""As parsed, and as only looked into."""


class Document:
    """A JSON object or list, checked to its last byte (RFC 8259).

    Of several members of one name deep inside it has the first, where Python's parsers have the last (RFC 8259, 4,
    leaves it open).
    """

    __slots__ = ("_names", "_root")

    def __init__(self, root: Any, names: frozenset[str] | None) -> None:
        self._root = root
        self._names = names
        """Of an object's members: to ask it for one that it does not have costs as much as parsing it."""

    @classmethod
    def of(cls, text: bytes) -> Document | None:
        """None if it is no object or list, no strict JSON, large, or has a number above 64 bits or a name twice."""
        if text[:1] not in (b"{", b"[") or len(text) > LARGEST:
            return None
        try:
            # one parser for each: it holds what the document is made of
            root = simdjson.Parser().parse(text)
            if not isinstance(root, simdjson.Object):
                return cls(root, None)
            names = frozenset(root.keys())
        except (ValueError, RuntimeError):
            return None
        return cls(root, names) if len(names) == len(root) else None

    def dig(self, keys: Sequence[str]) -> Any:
        """What stands at the end of the keys, as Python has it; None where there is nothing (see `dig`)."""
        if self._names is not None and keys and keys[0] not in self._names:
            return None
        value = self._root
        for key in keys:
            value = value.get(key) if type(value) is simdjson.Object else _step(value, key)
        if type(value) is str:  # as most are
            return value
        if isinstance(value, simdjson.Object):
            return value.as_dict()
        return value.as_list() if isinstance(value, simdjson.Array) else value


def split_path(path: str) -> list[str]:
    """The keys of a path."""
    return path.split("/" if "/" in path else ".") if path else []


def dig(value: Any, keys: Sequence[str]) -> Any:
    """What stands at the end of the keys; None where there is nothing. value: parsed JSON, or a `Document`."""
    if isinstance(value, Document):
        return value.dig(keys)
    for key in keys:
        value = _step(value, key)
    return value


def _step(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, LISTS) and INDEX.fullmatch(key):
        position = int(key)
        return value[position] if -len(value) <= position < len(value) else None
    return None


def planted(value: Any, keys: list[str], leaf: object) -> Any:
    """The value with a leaf at the end of the keys; what is on the way is made."""
    if not keys:
        return leaf
    if isinstance(value, list) and keys[0].isdigit() and int(keys[0]) < len(value):
        position = int(keys[0])
        return [*value[:position], planted(value[position], keys[1:], leaf), *value[position + 1 :]]
    branch = value if isinstance(value, dict) else {}
    return {**branch, keys[0]: planted(branch.get(keys[0]), keys[1:], leaf)}
