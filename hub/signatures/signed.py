"""Schemes that sign a string: reading, the clock, and writing, once for HMAC, hashes and public keys."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from hmac import compare_digest
from math import inf
from typing import Any, Literal

from hub.errors import Refused, Unreadable
from hub.extract import Reader, header
from hub.options import Option
from hub.provider import spread, wanted
from hub.request import Request
from hub.signatures.template import Absent, Template, compile_template
from hub.signatures.value import Form, Group, compile_form
from hub.times import parse_time

COVERS = ("none", "part", "all")
Clock = Literal["s", "ms", "iso", "http"]
Signable = str | Callable[..., "str | bytes | None"]
"""A template, or a function of the request (options by keyword-only parameters), for what is signed."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its id where the platform names keys, and what `check` needs."""

    id: str | None
    value: Any


class Signed(ABC):
    """A signature over a string, somewhere in the request.

    at: the header's name, or any place; value: how it looks there; signed: what is signed, a tuple for any of several;
    timestamp, id, nonce: places outside the signature's own; clock: how the time is written (reading guesses by size);
    tolerance: seconds that a signed time may be old, None for no limit; ahead: seconds it may be in the future
    (tolerance if None); require: places that must hold a text for this scheme to be meant; also: other places that may
    hold the signature; keyid: the place that names the key; defaults: places that signing fills if they are empty;
    covers: how much of the body a function signs (a template says it itself). Values of `require` are templates; what
    stands in `[...]` is only demanded where its option is set.
    """

    proves = True

    def __init__(
        self,
        at: str | Reader,
        value: str,
        signed: Signable | tuple[Signable, ...],
        *,
        timestamp: Reader | None = None,
        id: Reader | None = None,
        nonce: Reader | None = None,
        clock: Clock = "s",
        tolerance: float | None = 300,
        ahead: float | None = None,
        require: Mapping[str | Reader, str] | None = None,
        also: Sequence[str | Reader] = (),
        keyid: Reader | None = None,
        defaults: Mapping[str | Reader, str] | None = None,
        covers: Literal["all", "part", "none"] | None = None,
    ) -> None:
        self.places = tuple(to_place(place) for place in (at, *also))
        self.form: Form = compile_form(value)
        self.signed = tuple(_signable(one) for one in (signed if isinstance(signed, tuple) else (signed,)))
        self.asked = {one: wanted(one) for one in self.signed if not isinstance(one, Template)}
        given = {"timestamp": timestamp, "id": id, "nonce": nonce, "keyid": keyid}
        self.outside: Mapping[str, Reader] = {name: place for name, place in given.items() if place is not None}
        self.clock = clock
        self._covers = covers
        self.tolerance = tolerance
        self.ahead = ahead
        self.require = {to_place(place): compile_template(text) for place, text in (require or {}).items()}
        self.defaults = {to_place(place): text for place, text in (defaults or {}).items()}

    @abstractmethod
    def options(self) -> dict[str, Option]:
        """Names, types, docs and secrecy of what it takes."""

    @abstractmethod
    def credentials(self) -> dict[str, Any]:
        """Fresh ones for development."""

    @abstractmethod
    def keys(self, options: Mapping[str, Any], *, signing: bool = False) -> list[Key]:
        """The configured keys, decoded; an unusable one is left out."""

    @abstractmethod
    def check(self, key: Key, message: bytes, signatures: Sequence[str]) -> bool:
        """Is one of these the key's signature of the message?"""

    @abstractmethod
    def make(self, key: Key, message: bytes) -> str:
        """The key's signature of the message."""

    @property
    def covers(self) -> str:
        """How much of the body is signed; the least, where any of several strings is taken."""
        if self._covers is not None:
            return self._covers
        found = [one.covers if isinstance(one, Template) else "part" for one in self.signed]
        return min(found, key=COVERS.index)

    def template_options(self) -> dict[str, Option]:
        """What the templates need of the options, `{option:x}`."""
        names = [name for template in self._templates() for name in template.options]
        return {name: Option("What the platform signs, or sends, with each request.") for name in names}

    def missing(self, options: Mapping[str, Any]) -> list[str]:
        """The options that the templates need and that are not set."""
        needs = [name for template in (*self.require.values(), self.signed[0]) for name in _needs(template)]
        return [name for name in needs if options.get(name) in (None, "")]

    def configured(self, options: Mapping[str, Any]) -> bool:
        """Is there a usable key, and all that is signed with it?"""
        return bool(self.keys(options)) and not self.missing(options)

    def present(self, request: Request) -> bool:
        """Does the request carry a signature of this kind, with all that goes with it?"""
        if not any(place_text(place, request) for place in self.places):
            return False
        for place, template in self.require.items():
            found = place_text(place, request)
            if found is None or (
                not template.options and found.encode("utf-8", "replace") != _rendered(template, request)
            ):
                return False
        return all(place_text(place, request) for place in self.outside.values())

    def _templates(self) -> Iterator[Template]:
        yield from self.require.values()
        yield from (one for one in self.signed if isinstance(one, Template))

    def verify(self, request: Request, options: Mapping[str, Any]) -> None:
        """Raises: Refused, KeyNeeded"""
        self.bind(options)(request)

    def bind(self, options: Mapping[str, Any]) -> Callable[[Request], None]:
        """`verify` with the keys decoded."""
        keys = self.request_independent_keys(options)
        tolerance = options.get("tolerance", self.tolerance)
        ahead = self.ahead if self.ahead is not None else tolerance
        missing = self.missing(options)

        def verify(request: Request) -> None:
            if missing:
                raise Refused("unconfigured", f"the option {missing[0]} is not set")
            if keys is None:
                next(self._groups(request), None)  # nothing is fetched for a request without a readable signature
            usable = self.keys_for(request, options) if keys is None else keys
            if not usable:
                raise Refused("unconfigured", f"no usable key is configured: {', '.join(self.options())}")
            group = self._matching(request, usable, options)
            written = self._value("timestamp", group, request)
            if tolerance not in (None, inf) and written is not None:
                _check_time(written, request.received, tolerance, ahead)

        return verify

    def request_independent_keys(self, options: Mapping[str, Any]) -> list[Key] | None:
        """The keys, decoded once; None if they depend on the request."""
        return self.keys(options)

    def keys_for(self, request: Request, options: Mapping[str, Any]) -> list[Key]:
        """The keys for one request, where they depend on it."""
        return self.keys(options)

    def sign(self, request: Request, options: Mapping[str, Any]) -> Request:
        """The request as the platform would send it: places filled, signature last."""
        key = next(iter(self.keys(options, signing=True)), None)
        if key is None:
            raise Refused("unconfigured", f"no key to sign with is configured: {', '.join(self.options())}")
        values = {"timestamp": written_time(request.received, self.clock), "keyid": key.id or "development"}
        values["id"] = f"msg_{secrets.token_hex(12)}"
        values["nonce"] = secrets.token_hex(16)
        for place, text in self.defaults.items():
            if not place_text(place, request):
                request = place.put(request, text)  # type: ignore[attr-defined]  # places in a scheme are written
        for place, template in self.require.items():
            required = _rendered(template, request, options).decode("utf-8", "replace")
            request = place.put(request, required) if required else request  # type: ignore[attr-defined]  # as above
        for name, place in self.outside.items():
            if name in ("id", "nonce") and place_text(place, request):
                values[name] = place_text(place, request) or ""
            request = place.put(request, values[name])  # type: ignore[attr-defined]  # as above
        try:
            message = self._message(self.signed[0], request, {**values, **self._secrets(key), "options": options})
        except Absent as error:
            raise Refused("missing", f"the signed {error.name} is missing from the request") from None
        text = self.form.write(self.make(key, message), values)
        signed: Request = self.places[0].put(request, text)  # type: ignore[attr-defined]  # as above
        return signed

    def shows(self, options: Mapping[str, Any]) -> tuple[Reader, ...]:
        """Nothing: a signature tells nothing of its key."""
        return ()

    def _secrets(self, key: Key) -> dict[str, Any]:
        """Values of a key for templates that have the secret in them."""
        return {}

    def _matching(self, request: Request, keys: list[Key], options: Mapping[str, Any]) -> Group:
        """The group whose signature is right."""
        if self.require:
            self._check_required(request, options)
        absent: Absent | None = None
        for group in self._groups(request):
            values: dict[str, Any] = {name: self._value(name, group, request) for name in ("timestamp", "id", "nonce")}
            values["options"] = options
            for key in self._chosen(keys, self._value("keyid", group, request)):
                for signed in self.signed:
                    try:
                        message = self._message(signed, request, {**values, **self._secrets(key)})
                    except Absent as error:
                        absent = error
                        continue
                    if self.check(key, message, group.signatures):
                        return group
        if absent is not None:
            raise Refused("missing", f"the signed {absent.name} is missing from the request", place=absent.name)
        raise Refused("mismatch", f"the signature in {named_place(self._found(request))} is not that of this request")

    def _chosen(self, keys: list[Key], keyid: str | None) -> list[Key]:
        """The key that the request names, or all of them."""
        if keyid is None:
            return keys
        named = [key for key in keys if key.id == keyid]
        return named or [key for key in keys if key.id is None]

    def _groups(self, request: Request) -> Iterator[Group]:
        failure: Refused | None = None
        found = False
        for place in self.places:
            text = place_text(place, request)
            if text is None:
                continue
            try:
                groups = self.form.read(text, named_place(place))
            except Refused as refusal:
                failure = refusal
                continue
            found = True
            yield from groups
        if not found:
            named = named_place(self.places[0])
            raise failure or Refused("missing", f"{named} is missing or empty", place=named)

    def _found(self, request: Request) -> Reader:
        return next((place for place in self.places if place_text(place, request)), self.places[0])

    def _check_required(self, request: Request, options: Mapping[str, Any]) -> None:
        for place, template in self.require.items():
            # those that are needed are there: `missing` has told
            if any(options.get(name) in (None, "") for name in template.options):
                continue
            found, named = place_text(place, request), named_place(place)
            if found is None:
                raise Refused("missing", f"{named} is missing or empty", place=named)
            if compare_digest(found.encode("utf-8", "replace"), _rendered(template, request, options)):
                continue
            if template.options:
                raise Refused("mismatch", f"{named} is not the configured {', '.join(template.options)}", place=named)
            raise Refused("algorithm", f"{named} is {found[:40]!r}; the hub takes {template.text!r}", place=named)

    def _value(self, name: str, group: Group, request: Request) -> str | None:
        place = self.outside.get(name)
        return group.values.get(name) if place is None else place_text(place, request)

    def _message(self, signed: Template | Callable[..., Any], request: Request, values: Mapping[str, Any]) -> bytes:
        if isinstance(signed, Template):
            try:
                return signed.render(request, values)
            except Unreadable:
                raise Absent("body") from None
        asked, known = self.asked[signed], {**spread(values["options"]), **values}
        for one in asked:
            if one.default is one.empty and values.get(one.name, "") is None:
                raise Absent(one.name)
        given = {one.name: known.get(one.name) for one in asked if one.name in known or one.default is one.empty}
        try:
            message = signed(request, **given)
        except Unreadable:
            message = None
        if message is None:
            raise Absent("string")
        return message.encode("utf-8", "surrogatepass") if isinstance(message, str) else message


def written_time(moment: datetime, clock: Clock) -> str:
    """The moment as a platform writes it."""
    if clock == "iso":
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if clock == "http":
        return format_datetime(moment.astimezone(UTC), usegmt=True)
    return str(int(moment.timestamp() * (1000 if clock == "ms" else 1)))


def _check_time(written: str, received: datetime, tolerance: float, ahead: float | None) -> None:
    moment = parse_time(written)
    if moment is None:
        raise Refused("malformed", f"the signed time {written[:40]!r} is no time")
    age = (received - moment).total_seconds()
    if age > tolerance:
        raise Refused("stale", f"the signature is right, but {age:.0f} s old; {tolerance:g} s are allowed", seconds=age)
    if ahead is not None and -age > ahead:
        text = f"the signature is right, but its time is {-age:.0f} s in the future; {ahead:g} s are allowed"
        raise Refused("stale", text, seconds=age)


def _needs(signed: Template | Callable[..., Any]) -> list[str]:
    return signed.needs if isinstance(signed, Template) else []


def _rendered(template: Template, request: Request, options: Mapping[str, Any] | None = None) -> bytes:
    try:
        return template.render(request, {"options": options or {}})
    except (Absent, Unreadable):
        return b""


def to_place(place: str | Reader) -> Reader:
    return header(place) if isinstance(place, str) else place


def _signable(signed: Signable) -> Template | Callable[..., Any]:
    return compile_template(signed) if isinstance(signed, str) else signed


def place_text(place: Reader, request: Request) -> str | None:
    """A place's value as text; None if it is absent, empty, or no single value."""
    try:
        value = place(request)
    except Unreadable:
        return None
    return str(value) if isinstance(value, (str, int, float)) and value != "" else None


def named_place(place: Reader) -> str:
    """A place in words, for messages."""
    name = getattr(place, "name", None) or getattr(place, "path", None)
    kind = type(place).__name__
    return f"the header {name}" if kind == "header" else f"the {kind} value {name}" if name else "the signature"
