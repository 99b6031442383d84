"""What a scheme does, in words, for pages and the terminal: told by the object that verifies and signs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from dis import get_instructions
from math import inf
from typing import Any

from hub.extract import Reader, header
from hub.options import GIVEN
from hub.provider import Scheme, wanted
from hub.signatures.asymmetric import ECDSA, RSA, Ed25519, PublicKey
from hub.signatures.combined import AllOf, Configured, Custom, Each, OneOf
from hub.signatures.jwt import JWT, WholeBody
from hub.signatures.shared import Basic, Bearer, Token
from hub.signatures.signed import Signed
from hub.signatures.symmetric import HMAC, Hash
from hub.signatures.template import Template
from hub.wording import first_sentence, place_words

OF_THE_URL = frozenset({"url", "path", "query"})


@dataclass(frozen=True, slots=True)
class Mode:
    """One way in which a platform proves its requests.

    scheme: what it is called; look: where the proof stands and how it looks; signed: what is signed, "" for nothing;
    replay: what limits how long a captured request is taken, "" for nothing, None if only its function knows; values:
    what is signed, by the names that templates have for it; covers, proves: as in `Scheme`; needs: the options without
    which it is not configured; learned: a handshake may bring the secret; name: as `variant` names it, "" if there is
    no choice; settings: the options that choose it.
    """

    scheme: str
    look: str = ""
    signed: str = ""
    replay: str | None = ""
    values: frozenset[str] = frozenset()
    covers: str = "none"
    proves: bool = True
    needs: tuple[str, ...] = ()
    learned: bool = False
    name: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What tells it from the provider's other modes."""
        chosen = " and ".join(f"`{name}`" for name in self.settings)
        return (f"`{self.name}`" if self.name else self.scheme) + (f" with {chosen}" if chosen and self.name else "")

    @property
    def signs_url(self) -> bool:
        """Is the public URL, or a part of it, signed?"""
        return bool(self.values & OF_THE_URL)


def modes(scheme: Scheme) -> tuple[Mode, ...]:
    """Every way that a scheme takes, in its order of preference."""
    match scheme:
        case OneOf():
            found = [replace(mode, name=mode.name or name) for name, one in scheme.modes.items() for mode in modes(one)]
            return tuple(found)
        case AllOf():
            return tuple(mode for one in scheme.schemes for mode in modes(one))
        case Configured():
            pairs = zip(scheme.given, scheme.examples, strict=True)
            return tuple(replace(mode, settings=given) for given, example in pairs for mode in modes(example))
        case Each():
            inner = modes(scheme.scheme)
            return tuple(replace(mode, scheme=f"{mode.scheme} in each item", covers=scheme.covers) for mode in inner)
    mode = _mode(scheme)
    needs = tuple(dict.fromkeys(mode.needs))
    return (replace(mode, covers=scheme.covers, proves=scheme.proves, needs=needs),)


def together(scheme: Scheme) -> bool:
    """Must every mode that is configured hold, and not only one of them?"""
    inner = scheme.examples[0] if isinstance(scheme, Configured) else scheme
    return isinstance(inner, AllOf)


def _mode(scheme: Scheme) -> Mode:
    match scheme:
        case HMAC():
            return replace(_signed(scheme, _digest(scheme)), needs=_hmac_needs(scheme), learned=scheme.learned)
        case PublicKey():
            needs = _fetched(scheme.fetch) if scheme.fetch else (scheme.option,)
            return replace(_signed(scheme, _algorithm(scheme)), needs=(*needs, *scheme.missing({})))
        case JWT():
            return _token(scheme)
        case Basic():
            look = "`Authorization: Basic ...`"
            return Mode("basic authentication", look, needs=(scheme.username, scheme.password))
        case Token():
            kind = "bearer token" if isinstance(scheme, Bearer) else "token"
            needs = () if scheme.learned else (scheme.option,)
            return Mode(kind, _look(scheme.place, scheme.value), needs=needs, learned=scheme.learned)
        case Custom():
            return Mode("check of its own", signed=_said(scheme.function), replay=None, needs=scheme.needs)
    return Mode("none" if not scheme.proves else first_sentence(type(scheme).__doc__))


def _signed(scheme: Signed, name: str) -> Mode:
    values = frozenset[str]().union(*map(_used, scheme.signed))
    timed = "timestamp" in values and scheme.tolerance not in (None, inf)
    replay = f"signed time, {scheme.tolerance:g} s" if timed else ""
    first, *others = scheme.places
    more = [f"in {place_words(place)}" for place in others[:3]]
    look = " or ".join([_look(first, scheme.form.text), *more, *(["in others like it"] if others[3:] else [])])
    outside = {_named(place) for part, place in scheme.outside.items() if part in values}
    signed = " or ".join(dict.fromkeys(map(_text, scheme.signed)))
    return Mode(name, look, signed, replay, values | outside)


def _token(scheme: JWT) -> Mode:
    found = {claim: template for claim, several in scheme.claims.items() for template in several}
    of_request = (
        f"`{claim}` is `{one.text}`"
        for claim, one in found.items()
        if one.names - {f"option:{name}" for name in one.options}
    )
    needs = (scheme.option,) if scheme.fetch is None else _fetched(scheme.fetch)
    return Mode(
        f"JWT ({', '.join(scheme.algorithms)})",
        "the body is the token" if isinstance(scheme.place, WholeBody) else _look(scheme.place, scheme.value),
        ", its ".join(("the token", *of_request)),
        "the token's age, " + f"{scheme.tolerance:g} s" if scheme.tolerance else "the token's `exp`, if it has one",
        frozenset[str]().union(*(template.names for template in found.values())),
        needs=(*needs, *(name for several in scheme.claims.values() for name in several[0].needs)),
    )


def _look(place: Reader, value: str) -> str:
    """`X-Signature: sha256={hex}` for a header, or where else the value stands."""
    if isinstance(place, header):
        return f"`{place.name}: {value}`"
    return f"{place_words(place)}, as `{value}`"


def _text(signed: Template | Callable[..., Any]) -> str:
    """What is signed, as the provider's file shows it; a function says it itself."""
    if isinstance(signed, Template):
        return f"`{signed.text}`".replace("\n", "\\n")
    return _said(signed) or "a string that the provider's file makes"


def _said(function: Callable[..., Any]) -> str:
    return re.sub(r"^what is signed[:;] ", "", first_sentence(function.__doc__))


def _used(signed: Template | Callable[..., Any]) -> set[str]:
    """The values in a template; those that a function asks for, and the URL if it reads it."""
    if isinstance(signed, Template):
        return set(signed.names)
    code = getattr(signed, "__code__", None)
    read = {one.argval for one in get_instructions(code) if one.opname == "LOAD_ATTR"} if code else set()
    return {one.name for one in wanted(signed)} | (read & OF_THE_URL)


def _named(place: Reader) -> str:
    """A place as a template would have it."""
    return f"{type(place).__name__}:{getattr(place, 'name', '')}".lower()


def _digest(scheme: HMAC) -> str:
    """`HMAC-SHA256`; a scheme that makes another digest is what its class says."""
    hashed = scheme.hash.upper().replace("SHA", "SHA-")
    if isinstance(scheme, Hash):
        return f"{hashed} with the secret in it"
    own = type(scheme).make is not HMAC.make or type(scheme).digest is not HMAC.digest
    return first_sentence(type(scheme).__doc__) if own else f"HMAC-{scheme.hash.upper()}"


def _algorithm(scheme: PublicKey) -> str:
    match scheme:
        case Ed25519():
            return "Ed25519"
        case RSA():
            return f"RSA-{scheme.hash.upper()}{' (PSS)' if scheme.padding == 'pss' else ''}"
        case ECDSA():
            return f"ECDSA-{scheme.hash.upper()}"
    return first_sentence(type(scheme).__doc__)


def _hmac_needs(scheme: HMAC) -> tuple[str, ...]:
    of_the_key = [name for form in scheme.key_forms if callable(form) for name in _required(form)]
    return (*(() if scheme.learned else scheme.names[:1]), *of_the_key, *scheme.missing({}))


def _fetched(fetch: str | Callable[..., Any]) -> tuple[str, ...]:
    """The options without which the key cannot be fetched."""
    return () if isinstance(fetch, str) else _required(fetch)


def _required(function: Callable[..., Any]) -> tuple[str, ...]:
    given = (*GIVEN, "keyid")
    return tuple(one.name for one in wanted(function) if one.default is one.empty and one.name not in given)
