"""The template language: what a platform signs, written as its page shows it.

`{body} {url} {method} {path} {query}`   of the request; the URL is the public one
`{timestamp} {id} {nonce} {secret}`      the scheme's own places
`{header:X} {query:a} {form:a} {body:a.b} {option:x}`   one value
`{params}`                               form fields sorted by name, each name followed by its value
`|sha256 |md5 |sha1 |sha512 |hex |base64 |crc32 |lower |minified |no-query`   filters, left to right
`[...]`                                  left out when a value in it is absent or empty
`{{ }} [[ ]]`                            literal brackets

A template is compiled once; nothing from a request is ever parsed as one.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from hub.document import dig, split_path
from hub.request import Request

Value = Callable[[Request, Mapping[str, Any]], bytes | None]
"""Reads one value: of a request and of the scheme's places and options; None if it is absent."""

OWN = ("timestamp", "id", "nonce", "secret", "keyid")
TOKEN = re.compile(r"\{\{|\}\}|\[\[|\]\]|\{(?P<value>[^{}]+)\}|[\[\]{}]|[^\[\]{}]+")


class Absent(Exception):
    """A value that the template needs is not there; `name` says which."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A literal, a value, or a group that may be left out."""

    literal: bytes = b""
    name: str = ""
    read: Value | None = None
    group: tuple[_Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template. names: the values it uses, without filters; covers: how much of the body it holds."""

    text: str
    pieces: tuple[_Piece, ...]
    names: frozenset[str]
    covers: str

    @property
    def options(self) -> list[str]:
        """The options in it."""
        return [name.partition(":")[2] for name in sorted(self.names) if name.startswith("option:")]

    @property
    def needs(self) -> list[str]:
        """The options without which it cannot be rendered."""
        outside = {piece.name for piece in self.pieces}
        return [name for name in self.options if f"option:{name}" in outside]

    @property
    def optional(self) -> bool:
        """May all of it be left out?"""
        return len(self.pieces) == 1 and bool(self.pieces[0].group)

    def render(self, request: Request, values: Mapping[str, Any]) -> bytes:
        """The bytes that are signed. values: the scheme's places by name, and `options`.

        Raises:
            Absent: a value outside `[...]` is not there.
        """
        if self.text == "{body}":
            return request.body
        return b"".join(_rendered(piece, request, values) for piece in self.pieces)


def compile_template(text: str) -> Template:
    """Parse a template.

    Raises:
        ValueError: an unknown value or filter, or brackets that do not match.
    """
    names: set[str] = set()
    covers = "none"
    stack: list[list[_Piece]] = [[]]
    for match in TOKEN.finditer(text):
        part, value = match.group(), match.group("value")
        if value is not None:
            name, *filters = value.split("|")
            names.add(name)
            if name == "body" and "minified" not in filters:  # white space between JSON tokens is not covered then
                covers = "all"
            elif covers == "none" and (name in ("body", "params") or name.startswith(("body:", "form:"))):
                covers = "part"
            stack[-1].append(_Piece(name=name, read=_filtered(_value(name, text), filters, text, len(stack) == 2)))
        elif part == "[":
            stack.append([])
        elif part == "]" and len(stack) == 2:
            group = stack.pop()
            stack[-1].append(_Piece(group=tuple(group)))
        elif part in ("{", "}", "]"):
            raise ValueError(f"the template {text!r} has a {part!r} without its partner")
        else:
            stack[-1].append(_Piece(literal=(part[0] if part in ("{{", "}}", "[[", "]]") else part).encode()))
    if len(stack) != 1:
        raise ValueError(f"the template {text!r} has a '[' without its partner")
    return Template(text, tuple(stack[0]), frozenset(names), covers)


def _rendered(piece: _Piece, request: Request, values: Mapping[str, Any]) -> bytes:
    if piece.read is not None:
        value = piece.read(request, values)
        if value is None:
            raise Absent(piece.name)
        return value
    if piece.group:
        parts = []
        for inner in piece.group:
            part = inner.literal if inner.read is None else inner.read(request, values)
            if inner.read is not None and not part:
                return b""
            parts.append(part or b"")
        return b"".join(parts)
    return piece.literal


def _value(name: str, text: str) -> Value:
    kind, colon, argument = name.partition(":")
    if colon:
        if kind not in ONE_VALUE or not argument:
            raise ValueError(
                f"the template {text!r} has no value {{{name}}}; there are {{{':x} {'.join(ONE_VALUE)}:x}}"
            )
        return ONE_VALUE[kind](argument)
    if name in OF_REQUEST:
        read = OF_REQUEST[name]
        return lambda request, values: read(request)
    if name in OWN:
        return lambda request, values: as_bytes(values.get(name))
    raise ValueError(f"the template {text!r} has no value {{{name}}}; there are {', '.join([*OF_REQUEST, *OWN])}")


def _filtered(read: Value, names: list[str], text: str, optional: bool) -> Value:
    filters = []
    for name in names:
        if name not in FILTERS:
            raise ValueError(f"the template {text!r} has no filter {name!r}; there are {', '.join(FILTERS)}")
        filters.append(FILTERS[name])
    if not filters:
        return read

    def filtered(request: Request, values: Mapping[str, Any]) -> bytes | None:
        value = read(request, values)
        if value is None or (optional and not value):  # the hash of nothing is not nothing
            return None
        for apply in filters:
            value = apply(value)
        return value

    return filtered


def as_bytes(value: Any) -> bytes | None:
    """A value of JSON or of an option as it stands in a signed string; None for none, and for lists and objects."""
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, (dict, list)):
        return orjson.dumps(value)
    return str(value).encode("utf-8", "surrogatepass")


def _params(request: Request) -> bytes:
    """Form fields sorted by name, name then value (Twilio, Mandrill)."""
    return "".join(
        f"{name}{value}" for name, values in sorted(request.form.items()) for value in sorted(set(values))
    ).encode("utf-8", "surrogatepass")


def _minified(value: bytes) -> bytes:
    """The JSON without white space between its tokens, keys in their order, text as it was."""
    try:
        return json.dumps(json.loads(value), separators=(",", ":"), ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return value


def _header(name: str) -> Value:
    def read(request: Request, values: Mapping[str, Any]) -> bytes | None:
        value = request.header(name)
        return None if value is None else value.encode("latin-1")

    return read


OF_REQUEST: Mapping[str, Callable[[Request], bytes]] = {
    "body": lambda request: request.body,
    "url": lambda request: request.url.encode("utf-8", "surrogatepass"),
    "method": lambda request: request.method.encode(),
    "path": lambda request: request.path.encode("utf-8", "surrogatepass"),
    "query": lambda request: request.query_string.encode("utf-8", "surrogatepass"),
    "params": _params,
}
ONE_VALUE: Mapping[str, Callable[[str], Value]] = {
    "header": _header,
    "query": lambda name: lambda request, values: as_bytes(request.query.get(name, [None])[0]),
    "form": lambda name: lambda request, values: as_bytes(request.form.get(name, [None])[0]),
    "body": lambda path: lambda request, values: as_bytes(dig(request.json, split_path(path))),
    "option": lambda name: lambda request, values: as_bytes(values["options"].get(name)),
}
FILTERS: Mapping[str, Callable[[bytes], bytes]] = {
    "sha256": lambda value: hashlib.sha256(value).digest(),
    "sha512": lambda value: hashlib.sha512(value).digest(),
    "sha1": lambda value: hashlib.sha1(value, usedforsecurity=False).digest(),
    "md5": lambda value: hashlib.md5(value, usedforsecurity=False).digest(),
    "hex": lambda value: value.hex().encode(),
    "base64": b64encode,
    "crc32": lambda value: str(zlib.crc32(value)).encode(),
    "lower": lambda value: value.lower(),
    "minified": _minified,
    "no-query": lambda value: value.partition(b"?")[0],
}
