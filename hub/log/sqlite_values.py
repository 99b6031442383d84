"""Many values in one statement of the SQLite log: places for them, and parts in which they fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeVar

T = TypeVar("T")


def places(values: Sequence[Any]) -> str:
    """`?,?,?`"""
    return ",".join("?" * len(values))


@lru_cache(maxsize=1024)
def row_places(columns: int, rows: int) -> str:
    """`(?,?),(?,?)`"""
    row = "(" + ",".join("?" * columns) + ")"
    return ",".join([row] * rows)


def in_parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """So many at a time; SQLite takes 32,766 parameters."""
    return (items[start : start + size] for start in range(0, len(items), size))
