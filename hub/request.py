"""The request: what arrived on the wire, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Generic, Self, TypeVar, overload
from urllib.parse import SplitResult, parse_qsl, urlsplit

import orjson

from hub.document import Document
from hub.errors import Unreadable

Headers = tuple[tuple[bytes, bytes], ...]
Fields = Mapping[bytes, bytes]
"""Headers by name."""
T = TypeVar("T")
READ = ("json", "document", "_once", "form", "text")
"""What a request has of its body once it was read."""


class lazy(Generic[T]):
    """A property that is read once: what functools has takes a lock each time before Python 3.12."""

    def __init__(self, read: Callable[[Any], T]) -> None:
        self._read = read
        self._name = read.__name__
        self.__doc__ = read.__doc__

    @overload
    def __get__(self, request: None, owner: type) -> Self: ...
    @overload
    def __get__(self, request: object, owner: type) -> T: ...
    def __get__(self, request: object | None, owner: type) -> T | Self:
        """Asked only as long as the instance has no such attribute of its own."""
        if request is None:
            return self
        value = request.__dict__[self._name] = self._read(request)
        return value


@dataclass(frozen=True)
class Request:
    """One HTTP request as it arrived.

    method: upper case; url: absolute, as the platform was told it (the public URL); headers: (lower-case name, value)
    in order, as bytes; body: the exact bytes; received: when it arrived, timezone-aware, the clock of every check;
    peer: the sender's address as far as the trusted proxies tell it, "" if unknown.
    """

    method: str
    url: str
    headers: Headers
    body: bytes
    received: datetime
    peer: str = ""

    @classmethod
    def make(
        cls,
        method: str = "POST",
        url: str = "http://127.0.0.1:8000/",
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        body: bytes | str = b"",
        received: datetime | None = None,
        peer: str = "",
    ) -> Self:
        """A request from text parts: names are lowered; values are sent as latin-1, or UTF-8 where latin-1 cannot."""
        pairs = headers.items() if isinstance(headers, Mapping) else headers
        return cls(
            method=method.upper(),
            url=url,
            headers=tuple((name.lower().encode("latin-1"), encode_header(value)) for name, value in pairs),
            body=body.encode() if isinstance(body, str) else body,
            received=received or datetime.now(UTC),
            peer=peer,
        )

    @classmethod
    def arrived(
        cls, method: str, url: str, headers: Headers, body: bytes, received: datetime, peer: str, fields: Fields | None
    ) -> Self:
        """As the constructor, for half the time. fields: the headers by name, if no name is there twice."""
        request = object.__new__(cls)
        known = request.__dict__
        known.update(method=method, url=url, headers=headers, body=body, received=received, peer=peer)
        if fields is not None:
            known["fields"] = fields
        return request

    def header(self, name: str) -> str | None:
        """The header's value (latin-1); several are joined by ", " (RFC 9110, 5.3); None if it is absent."""
        value = self.fields.get(name.lower().encode("latin-1", "replace"))
        return None if value is None else value.decode("latin-1")

    @lazy
    def fields(self) -> Fields:
        """The headers by name, those of one name joined."""
        found = dict(self.headers)
        if len(found) != len(self.headers):
            found = {}
            for name, value in self.headers:
                found[name] = b", ".join((found[name], value)) if name in found else value
        return found

    def with_header(self, name: str, value: str | None) -> Self:
        """A copy in which the header stands once with this value, or not at all for None."""
        key = name.lower().encode("latin-1")
        kept = tuple(pair for pair in self.headers if pair[0] != key)
        return replace(self, headers=kept if value is None else (*kept, (key, encode_header(value))))

    @lazy
    def content_type(self) -> str:
        """The media type, lower case, without parameters; "" if there is none."""
        return self.fields.get(b"content-type", b"").partition(b";")[0].strip().lower().decode("latin-1")

    @property
    def path(self) -> str:
        """The URL's path, still percent-encoded."""
        return _split(self.url).path

    @property
    def query_string(self) -> str:
        """The URL's query without "?", still percent-encoded."""
        return _split(self.url).query

    @lazy
    def text(self) -> str:
        """The body as UTF-8; bytes that are not become U+FFFD."""
        return self.body.decode("utf-8", "replace")

    @lazy
    def json(self) -> Any:
        """The body as JSON. In a part of a batch: the part.

        Raises:
            Unreadable: it is not JSON, or nested too deep to be read.
        """
        try:
            value = orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            return self._lenient(error)
        self.__dict__["_strict"] = True
        return value

    @lazy
    def document(self) -> Any:
        """What `hub.document.dig` looks in for something in the JSON body: a `Document`, or else `json`.

        Raises:
            Unreadable: it is not JSON, or nested too deep to be read.
        """
        document = None if "json" in self.__dict__ else Document.of(self.body)
        if document is None:
            return self.json
        self.__dict__["_strict"] = True
        return document

    @property
    def strict_json(self) -> bytes | None:
        """The body, if `json` or `document` was read from it and it is JSON to the letter (RFC 8259), else None."""
        return self.body if "_strict" in self.__dict__ and "_envelope" not in self.__dict__ else None

    def _lenient(self, error: orjson.JSONDecodeError) -> Any:
        """What orjson refuses and JSON allows (lone surrogates, a byte order mark), or Unreadable."""
        try:
            return json.loads(self.body.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            raise Unreadable(f"the body is not JSON: {error}") from None

    @lazy
    def form(self) -> dict[str, list[str]]:
        """The fields of an urlencoded or multipart form body (files by their content, as text); {} if it is no form."""
        if self.fields.get(b"content-type") == b"application/json":  # as nearly all are
            return {}
        kind = self.content_type
        if kind == "multipart/form-data":
            return _multipart(self)
        if kind not in ("application/x-www-form-urlencoded", ""):
            return {}
        if kind == "" and (self.body[:64].lstrip()[:1] in (b"{", b"[") or b"=" not in self.body):
            return {}
        return _fields(self.body.decode("utf-8", "replace"))

    @lazy
    def query(self) -> dict[str, list[str]]:
        """The URL's query fields."""
        return _fields(self.query_string)

    @property
    def envelope(self) -> Self:
        """The whole request, also when asked of a part of a batch."""
        whole: Self = self.__dict__.get("_envelope", self)
        return whole

    def part(self, item: Any) -> Self:
        """A view of one item of a batch: `json` is the item, all else the request's; `envelope` leads back."""
        view = object.__new__(type(self))
        view.__dict__.update(self.__dict__, json=item, document=item, _envelope=self.envelope, _once={})
        return view

    def once(self, read: Callable[[Self], T]) -> T:
        """What a function of the request gives, which is asked only once: several places stand in the same content."""
        # the function is kept beside: an id says which one it is only as long as it lives
        known = self._once
        found = known.get(id(read))
        if found is None:
            found = known[id(read)] = read(self), read
        value: T = found[0]
        return value

    @lazy
    def _once(self) -> dict[int, tuple[Any, object]]:
        return {}

    def let_go(self) -> None:
        """Forget what was read from it: a parsed body is many objects, and requests wait together for the disk."""
        known = self.__dict__
        for name in READ:
            known.pop(name, None)


def encode_header(value: str) -> bytes:
    """A header value as bytes: latin-1, or UTF-8 where latin-1 has no such letter."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # a stranger's Host header with half an IPv6 address
        return urlsplit("")


def _fields(text: str) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        fields.setdefault(name, []).append(value)
    return fields


def _multipart(request: Request) -> dict[str, list[str]]:
    from email.parser import BytesParser
    from email.policy import HTTP

    head = b"Content-Type: " + encode_header(request.header("content-type") or "") + b"\r\n\r\n"
    message = BytesParser(policy=HTTP).parsebytes(head + request.body)
    fields: dict[str, list[str]] = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(payload, bytes):
            fields.setdefault(name, []).append(payload.decode("utf-8", "replace"))
    return fields
