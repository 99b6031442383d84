"""Places in a request: read to extract, written to sign."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit, urlunsplit

import orjson

from hub.document import dig, planted, split_path
from hub.errors import Unreadable
from hub.provider import Reply
from hub.request import Request


class Reader(Protocol):
    """Anything that reads one value from a request."""

    def __call__(self, request: Request, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class header:
    """A header's value."""

    name: str
    key: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", self.name.lower().encode("latin-1", "replace"))

    def __call__(self, request: Request) -> str | None:
        value = request.fields.get(self.key)
        return None if value is None else value.decode("latin-1")

    def put(self, request: Request, value: object) -> Request:
        """The request with the header set to `value`."""
        return request.with_header(self.name, str(value))


@dataclass(frozen=True, slots=True)
class query:
    """A field of the URL's query; the first one of its name."""

    name: str

    def __call__(self, request: Request) -> str | None:
        return next(iter(request.query.get(self.name, ())), None)

    def put(self, request: Request, value: object) -> Request:
        """The request with the query field set to `value`."""
        fields = {**request.query, self.name: [str(value)]}
        return replace(request, url=urlunsplit(urlsplit(request.url)._replace(query=urlencode(fields, doseq=True))))


@dataclass(frozen=True, slots=True)
class form:
    """A field of a form body; the first one of its name."""

    name: str

    def __call__(self, request: Request) -> str | None:
        values = request.form.get(self.name)
        return values[0] if values else None

    def put(self, request: Request, value: object) -> Request:
        """The request with the form field set to `value`, the body written again."""
        fields = {**request.form, self.name: [str(value)]}
        return replace(request, body=urlencode(fields, doseq=True).encode())


@dataclass(frozen=True, slots=True)
class body:
    """A value in the JSON body, or in the item of a batch.

    path: keys and list indices joined by dots, or by slashes where keys have dots; "" is all of it.
    """

    path: str = ""
    keys: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", tuple(split_path(self.path)))

    def __call__(self, request: Request) -> Any:
        try:
            return dig(request.document, self.keys) if self.keys else request.json
        except Unreadable:
            return None

    def put(self, request: Request, value: object) -> Request:
        """The request with the value set and the body written again, compactly; a number stays one."""
        found = dig(request.json, self.keys)
        if isinstance(value, str) and type(found) is int and re.fullmatch(r"\d{1,18}", value, re.ASCII):
            value = int(value)
        return replace(request, body=orjson.dumps(planted(request.json, list(self.keys), value)))


@dataclass(frozen=True, slots=True)
class json_in:
    """For `data`: the JSON in a place, such as a form field; the body as JSON where the place is absent.

    Raises, when called:
        Unreadable: it is not JSON.
    """

    place: Reader

    def __call__(self, request: Request) -> Any:
        text = self.place(request)
        if text is None:
            return request.json
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise Unreadable(f"not JSON: {error}") from None

    def look(self, request: Request) -> Any:
        """The same for looking things up (see `dig`).

        Raises:
            Unreadable: it is not JSON.
        """
        return request.document if self.place(request) is None else request.once(self)


@dataclass(frozen=True, slots=True, init=False)
class inside:
    """A value in content that is not plain JSON: JSON in a form field, base64, a token, XML.

    content: what makes the content of a request, such as the provider's `data`; paths: as in `body`; the first of them
    that has a value.
    """

    content: Reader
    paths: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...] = field(repr=False, compare=False)
    look: Reader = field(repr=False, compare=False)

    def __init__(self, content: Reader, *paths: str) -> None:
        object.__setattr__(self, "content", content)
        object.__setattr__(self, "paths", paths)
        object.__setattr__(self, "keys", tuple(tuple(split_path(path)) for path in paths))
        look = content.look if isinstance(content, json_in) else lambda request: request.once(content)
        object.__setattr__(self, "look", look)

    def __call__(self, request: Request) -> Any:
        try:
            found = self.look(request)
        except Unreadable:
            return None
        for keys in self.keys:
            value = dig(found, keys)
            if value is not None and value != "":
                return value
        return None


@dataclass(frozen=True, slots=True)
class whole:
    """A place in the whole request, also when asked of an item of a batch."""

    place: Reader

    def __call__(self, request: Request) -> Any:
        return self.place(request.envelope)

    def put(self, request: Request, value: object) -> Request:
        """The whole request with the place set to `value`."""
        changed: Request = self.place.put(request.envelope, value)  # type: ignore[attr-defined]  # a place that is written
        return changed


@dataclass(frozen=True, slots=True, init=False)
class first_of:
    """The first of several places that has a value; a plain text is a constant."""

    places: tuple[Reader | str, ...]

    def __init__(self, *places: Reader | str) -> None:
        object.__setattr__(self, "places", places)

    def __call__(self, request: Request) -> Any:
        for place in self.places:
            value = _read(place, request)
            if value is not None and value != "":
                return value
        return None

    def put(self, request: Request, value: object) -> Request:
        """The request with the place that is read set to `value`; with the first one if there is none."""
        writable = [place for place in self.places if hasattr(place, "put")]
        read = next((place for place in writable if _read(place, request) not in (None, "")), writable[0])
        changed: Request = read.put(request, value)
        return changed


@dataclass(frozen=True, slots=True, init=False)
class join:
    """The values of several places, joined; those that are absent are left out; None if all are.

    A plain text is a constant, which does not count as a value.
    """

    places: tuple[Reader | str, ...]
    by: str

    def __init__(self, *places: Reader | str, by: str = ".") -> None:
        object.__setattr__(self, "places", places)
        object.__setattr__(self, "by", by)

    def __call__(self, request: Request) -> str | None:
        values, anything = [], False
        for place in self.places:
            constant = isinstance(place, str)
            value = place if constant else place(request)  # type: ignore[operator]  # a text is not called
            if value is not None and value != "":
                values.append(str(value))
                anything = anything or not constant
        return self.by.join(values) if anything else None


@dataclass(frozen=True, slots=True, init=False)
class digest_of:
    """A short hash of values that together identify an event; None if the first of them is absent."""

    places: tuple[Reader | str, ...]

    def __init__(self, *places: Reader | str) -> None:
        object.__setattr__(self, "places", places)

    def __call__(self, request: Request) -> str | None:
        values = [_read(place, request) for place in self.places]
        if values[0] is None:
            return None
        return hashlib.sha256(orjson.dumps(values, default=str)).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class items:
    """For `split`: the items of lists in the body, `list[]` or `entry[].changes[]`; "[]" is the body itself.

    A path with a name after its last `[]` takes that member of each item. A body that has no such list is no batch: it
    is the only item.
    """

    path: str = "[]"

    def __call__(self, request: Request) -> list[Any]:
        found, listed = [request.json], False
        for step in re.findall(r"[^.\[\]]+|\[\]", self.path):
            if step == "[]":
                lists = [value for value in found if isinstance(value, list)]
                listed = listed or bool(lists)
                found = [item for value in lists for item in value]
            else:
                found = [value[step] for value in found if isinstance(value, dict) and step in value]
        return found if listed else [request.json]

    def put(self, request: Request, values: Sequence[Any]) -> Request:
        """The request with its items replaced one by one, the body written again."""
        steps = re.findall(r"[^.\[\]]+|\[\]", self.path)
        remaining = iter(values)
        if any(item is request.json for item in self(request)):
            return replace(request, body=orjson.dumps(next(remaining)))

        def walk(value: Any, rest: list[str]) -> Any:
            if not rest:
                return next(remaining)
            if rest[0] == "[]":
                return [walk(item, rest[1:]) for item in value] if isinstance(value, list) else value
            if isinstance(value, dict) and rest[0] in value:
                return {**value, rest[0]: walk(value[rest[0]], rest[1:])}
            return value

        return replace(request, body=orjson.dumps(walk(request.json, steps)))


@dataclass(frozen=True, slots=True)
class key_of:
    """The first key of an object that is not one of `but`: for platforms whose type is a key."""

    place: Reader = body()
    but: tuple[str, ...] = ()

    def __call__(self, request: Request) -> str | None:
        value = self.place(request)
        return next((key for key in value if key not in self.but), None) if isinstance(value, dict) else None


@dataclass(frozen=True)
class words:
    """A place's number or code in words; what is not among them stays as it is."""

    place: Reader
    meanings: Mapping[Any, str]

    def __call__(self, request: Request) -> Any:
        value = self.place(request)
        return self.meanings.get(value, value) if isinstance(value, (str, int)) else value


@dataclass(frozen=True, slots=True)
class echo:
    """For `handshake`: answers 200 with what stands at a place; no handshake if nothing does."""

    place: Reader
    content_type: str = "text/plain; charset=utf-8"

    def __call__(self, request: Request) -> Reply | None:
        value = self.place(request)
        if not isinstance(value, (str, int)) or value == "":
            return None
        return Reply(200, str(value), {"content-type": self.content_type}, event=False, note="challenge echoed")


def head_ok(request: Request) -> Reply | None:
    """For `handshake`: answers HEAD with 200."""
    return Reply(200, event=False, note="HEAD answered") if request.method == "HEAD" else None


def mac(secret: str, text: str | bytes, value: str = "{hex}", hash: str = "sha256") -> str:
    """The HMAC of a text, written as `value` shows it (`"sha256={base64}"`): for challenges that ask for one."""
    import hmac
    from base64 import b64encode

    raw = text.encode() if isinstance(text, str) else text
    digest = hmac.new(secret.encode(), raw, hash).digest()
    return value.replace("{hex}", digest.hex()).replace("{base64}", b64encode(digest).decode())


@dataclass(frozen=True, slots=True)
class xml:
    """The text of the first element of that name in an XML body; entities are never expanded.

    path: names joined by slashes, from below the root; without one, the body's elements as a dict.
    """

    path: str = ""

    def __call__(self, request: Request) -> Any:
        tree = parse_xml(request.body)
        return tree if not self.path else dig(tree, self.path.split("/"))


def parse_xml(content: bytes) -> Any:
    """An XML document as nested dicts: text for leaves, lists for repeated names; the root's name is left out.

    Raises:
        Unreadable: it is not XML, or has a document type, with which entities could be defined.
    """
    from xml.etree import ElementTree  # documents with a DOCTYPE are refused first

    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or b"\x00" in content:
        raise Unreadable("the XML body has a document type, which no platform sends")
    try:
        return _element(ElementTree.fromstring(content), 0)  # noqa: S314
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise Unreadable(f"the body is not XML: {error}") from None


def _element(node: Any, depth: int) -> Any:
    if len(node) == 0:
        return node.text or ""
    if depth > 50:
        raise ValueError("nested too deep")
    found: dict[str, Any] = {}
    for child in node:
        name, value = child.tag.rpartition("}")[2], _element(child, depth + 1)
        if name in found:
            found[name] = [*(found[name] if isinstance(found[name], list) else [found[name]]), value]
        else:
            found[name] = value
    return found


def _read(place: Reader | str, request: Request) -> Any:
    return place if isinstance(place, str) else place(request)
