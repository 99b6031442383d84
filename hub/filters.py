"""Filters: which events a subscription receives, by type, by source and by a JMESPath condition over the event."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import translate
from typing import TYPE_CHECKING, Any

from hub.errors import Reject
from hub.event import Event

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult

ATTRIBUTES = ("id", "source", "type", "subject", "time", "data", "provider", "deliveryid", "receivedat")
"""What a condition can ask for; `subject` and `time` are null where the platform does not say."""
PAGE = "https://jmespath.org/specification.html"


@dataclass(frozen=True)
class Filter:
    """Which events a subscription receives: every given part must hold; one that is left out always does.

    events: patterns on the event type (fnmatch, case-sensitive); sources: exact names; where: JMESPath over the
    CloudEvents form. Made by `Filter.make`.
    """

    events: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    where: str | None = None
    _types: re.Pattern[str] | None = field(default=None, repr=False, compare=False)
    _condition: ParsedResult | None = field(default=None, repr=False, compare=False)

    @classmethod
    def make(cls, events: Iterable[str] = (), sources: Iterable[str] = (), where: str | None = None) -> Filter:
        """A filter, compiled.

        Raises:
            ValueError: `where` is no JMESPath, or asks for what no event has; the message says where and what to do.
        """
        patterns = tuple(sorted(set(events)))
        patterns = () if "*" in patterns else patterns
        types = re.compile("|".join(map(translate, patterns))) if patterns else None
        condition = compile_where(where) if where is not None else None
        return cls(patterns, tuple(sorted(set(sources))), where, types, condition)

    @classmethod
    def from_text(cls, text: str) -> Filter:
        """The filter that has this `text`.

        Raises:
            ValueError: it is no filter's text, or its condition cannot be compiled any more.
        """
        parts = json.loads(text) if text else {}
        if not isinstance(parts, dict) or not parts.keys() <= {"events", "sources", "where"}:
            raise ValueError(f"{text[:80]!r} is not the text of a filter")
        return cls.make(**parts)

    @property
    def text(self) -> str:
        """The one way to write this filter, for the log's filter versions; "" if it lets everything through."""
        parts = {"events": self.events, "sources": self.sources, "where": self.where}
        given = {key: value for key, value in parts.items() if value not in ((), None)}
        return json.dumps(given, ensure_ascii=False) if given else ""

    def matches(self, event: Event) -> bool:
        """Does the subscription receive this event?

        What the event lacks is null; a function that is given null where it cannot take it makes no match.

        Raises:
            Reject: the condition fails on this event for any other reason; it must not get lost unseen.
        """
        if self._types is not None and not self._types.match(event.type):
            return False
        if self.sources and event.source not in self.sources:
            return False
        return self._condition is None or is_true(self._value(event)[0])

    def explain(self, event: Event) -> str:
        """Why the event does not get through, in one line; "" if it does."""
        if self._types is not None and not self._types.match(event.type):
            return f"its type {event.type!r} matches none of {', '.join(self.events)}"
        if self.sources and event.source not in self.sources:
            return f"its source {event.source!r} is none of {', '.join(self.sources)}"
        if self._condition is None:
            return ""
        try:
            value, why = self._value(event)
        except Reject as error:
            return str(error)
        if is_true(value):
            return ""
        return f"where {self.where} is {_shown(value)}{why}"

    def _value(self, event: Event) -> tuple[Any, str]:
        """What the condition comes to, and a remark."""
        from jmespath.exceptions import JMESPathTypeError

        assert self._condition is not None
        try:
            return self._condition.search(event.cloudevent()), ""
        except JMESPathTypeError as error:
            if error.actual_type == "null":
                return None, f" ({error.function_name}() was given null, which the event lacks)"
            detail = f"{error.function_name}() cannot take a value of type {error.actual_type}"
        except Exception as error:  # data that nests too deep, numbers that are too large
            detail = type(error).__name__
        raise Reject(f"filter: where {self.where} fails on this event: {detail}")


def is_true(value: Any) -> bool:
    """Truth as JMESPath has it: null, false, empty text, an empty list and an empty object are false; 0 is true."""
    return not (value is None or value is False or (isinstance(value, (str, list, dict)) and not value))


def compile_where(where: str) -> ParsedResult:
    """A JMESPath condition, compiled and checked as far as that is possible without an event.

    Raises:
        ValueError: what is wrong with it, where, and what to do.
    """
    import jmespath
    from jmespath.exceptions import JMESPathError

    if not where.strip():
        raise ValueError("it is empty; leave it out to receive every event")
    try:
        condition = jmespath.compile(where)
    except JMESPathError as error:
        raise ValueError(_syntax_problem(error, where)) from None
    except RecursionError:
        raise ValueError("it nests too deep") from None
    problems = [*_function_problems(condition.parsed), *_attribute_problems(condition.parsed, where)]
    if problems:
        raise ValueError("; ".join(dict.fromkeys(problems)))
    return condition


def _syntax_problem(error: Exception, where: str) -> str:
    position = min(getattr(error, "lex_position", 0), len(where))
    found = where[position : position + 20]
    if not found:
        return f"it ends too early, after {where[-20:]!r}: a value, ] or ) is missing"
    place = f"character {position + 1}, at {found!r}"
    if re.match(r"-?\d", found):
        number = re.match(r"-?\d+(\.\d+)?", found)
        return f"{place}: a number is written between backticks: `{number[0] if number else found}`"
    if found.startswith("="):
        return f"{place}: equal is written =="
    if found[0] in "'\"`":
        return f"{place}: text is written between single quotes, JSON between backticks; is one missing?"
    return f"{place}: this is not JMESPath ({PAGE})"


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for child in _children(node):
        yield from _nodes(child)


def _children(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    # the children of a slice are numbers
    return [child for child in node.get("children", ()) if isinstance(child, Mapping)]


def _function_problems(tree: Mapping[str, Any]) -> Iterator[str]:
    """jmespath itself finds these only with an event, when nobody looks."""
    from jmespath.functions import Functions

    known = Functions.FUNCTION_TABLE
    for node in _nodes(tree):
        if node["type"] != "function_expression":
            continue
        name, given = node["value"], len(node["children"])
        if name not in known:
            close = get_close_matches(name, known, n=1)
            yield f"there is no function {name}()" + (f"; did you mean {close[0]}()?" if close else f" ({PAGE})")
            continue
        signature = known[name]["signature"]
        variadic = bool(signature) and bool(signature[-1].get("variadic"))
        if given < len(signature) or (given > len(signature) and not variadic):
            least = "at least " if variadic else ""
            yield f"{name}() takes {least}{len(signature)} value{'s' * (len(signature) > 1)}, not {given}"


def _attribute_problems(node: Mapping[str, Any], where: str) -> Iterator[str]:
    """Names that are asked of the event itself and that no event has, such as `"push"` where 'push' was meant."""
    kind, children = node["type"], _children(node)
    if kind == "field" and node["value"] not in ATTRIBUTES:
        yield f"an event has no {node['value']!r}; {_attribute_hint(node['value'], where)}"
    if kind in ("subexpression", "index_expression", "pipe", "projection", "value_projection", "filter_projection"):
        children = children[:1]  # the rest is asked of what the first part gives
    elif kind == "expref":
        children = []
    for child in children:
        yield from _attribute_problems(child, where)


def _attribute_hint(name: str, where: str) -> str:
    if name in ("null", "true", "false"):
        return f"it is written between backticks: `{name}`"
    if json.dumps(name) in where:
        return f"text is written between single quotes: '{name}'"
    close = get_close_matches(name, ATTRIBUTES, n=1)
    return f"did you mean {close[0]!r}?" if close else f"what the platform sent is in data: data.{name}"


def _shown(value: Any) -> str:
    """A value that is not true, in a word."""
    return "null" if value is None else "false" if value is False else "empty"
