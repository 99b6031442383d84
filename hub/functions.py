"""Functions marked with `@on`: each becomes a subscription of its own."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from hub.errors import PluginError
from hub.mount import shown
from hub.subscriber import MARK, Handler, Rule

SUBSCRIPTION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")


@dataclass(frozen=True, slots=True)
class Marked:
    """A function that receives events, with what its `@on` marks say together.

    name: the subscription's, `<path.in.plugins>.<function>` if the marks give none; events: patterns on the event type;
    place: `file:line` for people; options: as in a `[subscribers.<name>]` table.
    """

    name: str
    function: Handler
    events: tuple[str, ...]
    where: str | None
    sources: tuple[str, ...]
    options: Mapping[str, Any]
    place: str


def marked(module: ModuleType, file: Path, inside: Path) -> list[Marked]:
    """The marked functions that are defined in a module, in the order of its lines.

    inside: the file's path in the plugins folder, of which the names are made.

    Raises:
        PluginError: a mark that cannot be; with file and line.
    """
    functions = {id(value): value for value in vars(module).values() if _marked_here(value, module)}
    if functions:
        _refuse_redefined(file)
    path = ".".join(inside.with_suffix("").parts)
    return [_subscription(function, path, file) for function in sorted(functions.values(), key=_first_line)]


def _marked_here(value: Any, module: ModuleType) -> bool:
    # an imported handler belongs to the module that defines it
    return MARK in getattr(value, "__dict__", ()) and getattr(value, "__module__", "") == module.__name__


def _subscription(function: Any, path: str, file: Path) -> Marked:
    place = f"{shown(file)}:{_first_line(function)}"
    rules: tuple[Rule, ...] = getattr(function, MARK)
    problem = _problem(function, rules)
    if problem:
        raise PluginError(f"{place}: {problem}")
    given = [rule.name for rule in rules if rule.name is not None]
    options = {key: value for rule in rules for key, value in rule.options}
    events = tuple(dict.fromkeys(pattern for rule in reversed(rules) for pattern in rule.events))
    name = given[0] if given else f"{path}.{function.__name__}"
    return Marked(name, function, events, rules[0].where, rules[0].sources, options, place)


def _problem(function: Any, rules: tuple[Rule, ...]) -> str:
    """What is wrong with a marked function; "" if nothing is."""
    called = getattr(function, "__name__", "it")
    if not inspect.iscoroutinefunction(function):
        return f"{called} must be `async def`, because @on calls it"
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        return f"{called}{inspect.signature(function)} must take one argument, the event"
    for rule in rules:
        if not rule.events or not all(isinstance(pattern, str) for pattern in rule.events):
            return f'@on of {called} needs event patterns, such as @on("github.push"), or @on("*") for every event'
        if rule.name is not None and not (isinstance(rule.name, str) and SUBSCRIPTION.fullmatch(rule.name)):
            return f"the subscription name {rule.name!r} must be of letters, digits and . _ -"
    if len({(rule.where, rule.sources) for rule in rules}) > 1:
        return f"the @on marks of {called} must have the same where and sources; write two functions"
    if len({rule.name for rule in rules if rule.name is not None}) > 1:
        return f"the @on marks of {called} name two subscriptions; write two functions"
    seen: dict[str, Any] = {}
    for key, value in (pair for rule in rules for pair in rule.options):
        if seen.setdefault(key, value) != value:
            return f"the @on marks of {called} give two values for {key}"
    return ""


def _refuse_redefined(file: Path) -> None:
    """Python would keep only the last of two functions of one name, and the first would get no event."""
    first: dict[str, int] = {}
    for node in _definitions(ast.parse(file.read_bytes())):
        if node.name in first:
            where = f"{shown(file)}:{node.lineno}"
            raise PluginError(f"{where}: {node.name} is defined in line {first[node.name]} already; rename one of them")
        if any(_is_on(decorator) for decorator in node.decorator_list):
            first[node.name] = node.lineno


def _definitions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))


def _is_on(decorator: ast.expr) -> bool:
    call = decorator.func if isinstance(decorator, ast.Call) else decorator
    return (isinstance(call, ast.Name) and call.id == "on") or (isinstance(call, ast.Attribute) and call.attr == "on")


def _first_line(function: Any) -> int:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return code.co_firstlineno if code else 1
