"""Changed copies of a signed request: what its proof covers is not the same in any of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

import orjson

from hub.document import dig
from hub.errors import Refused
from hub.extract import body, first_of, form, header, items, query
from hub.provider import Scheme
from hub.request import Request
from hub.signatures import JWT, AllOf, Configured, Custom, Each, OneOf, Token, decode, encode
from hub.signatures.description import modes
from hub.signatures.jwt import WholeBody
from hub.signatures.signed import Signed, named_place, place_text
from hub.signatures.value import Form

FLIPS = 80
"""Bytes of a body that are changed, one at a time; all of them where it is shorter."""
PROOF_FLIPS = 400
"""Bytes of a signature, or of what else the signing wrote: nearly all are shorter."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """A changed request. what: was changed, for messages; spelling: it may say the same in other words: then it may be
    accepted, if it makes the same events."""

    what: str
    request: Request
    spelling: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """A value that the signing wrote. read, put: its place; word: its first characters that are a word whose case says
    nothing (RFC 9110, 11.1); hint: it names the key, which is also found without it."""

    where: str
    value: str
    read: Callable[[Request], str | None]
    put: Callable[[str | None], Request]
    word: int = 0
    hint: bool = False


@dataclass(frozen=True, slots=True)
class InLast:
    """A place in the last item of a batch."""

    split: items
    place: Any

    def __call__(self, request: Request) -> Any:
        return self.place(request.part(self.split(request)[-1]))

    def put(self, request: Request, value: object) -> Request:
        """The batch with the value set in its last item."""
        *others, last = self.split(request)
        changed = self.place.put(request.part(last), value)
        return self.split.put(request, [*others, orjson.loads(changed.body)])


def mutations(
    unsigned: Request, signed: Request, scheme: Scheme, options: Mapping[str, Any], rng: random.Random
) -> Iterator[Mutation]:
    """Every change of the proof, and of what it covers; sampled where it is large."""
    signing = list(leaves(scheme, options))
    forms = [one.form for one in signing if isinstance(one, Signed)]
    for proof in written(unsigned, signed, signing):
        changes = (*_of_value(proof, forms, rng), *_of_token(proof))
        yield from (change for change in changes if proof.read(change.request) != proof.value)
    yield from _twice(unsigned, signed)
    if scheme.covers == "all":
        # what stands around a token in the body is not the body's own text
        yield from _of_body(signed, rng, token=not any(isinstance(one, Signed) for one in signing))
    for leaf in signing:
        yield from covered(leaf, signed)


def leaves(scheme: Scheme, options: Mapping[str, Any]) -> Iterator[Scheme]:
    """The schemes that sign, as the options choose them."""
    match scheme:
        case OneOf():
            usable = (mode for mode in scheme.modes.values() if mode.proves and mode.configured(options))
            for mode in [*usable][:1]:
                yield from leaves(mode, options)
        case AllOf():
            for one in scheme.schemes:
                if one.configured(options):
                    yield from leaves(one, options)
        case Configured():
            yield from leaves(scheme.made(options), options)
        case _:
            yield scheme


def written(unsigned: Request, signed: Request, signing: Iterable[Scheme]) -> Iterator[Written]:
    """What the signing wrote: headers, fields of the query, and what its schemes read elsewhere."""
    for name, value in signed.fields.items():
        if unsigned.fields.get(name) != value:
            place, text = header(name.decode("latin-1")), value.decode("latin-1")
            word = text.find(" ") + 1 if name == b"authorization" else 0
            yield Written(f"the header {place.name}", text, place, partial(signed.with_header, place.name), word)
    places = [query(name) for name, values in signed.query.items() if unsigned.query.get(name) != values]
    own = (place for leaf in signing for place in _own_places(leaf, unsigned, signed))
    hints = [one.outside.get("keyid") for one in signing if isinstance(one, Signed)]
    for place in (*places, *(one for one in own if not isinstance(one, (header, query, first_of, WholeBody)))):
        found = place_text(place, signed)
        if found is not None:
            read, put = partial(place_text, place), partial(_put, place, signed)
            yield Written(named_place(place), found, read, put, hint=place in hints)


def _own_places(leaf: Scheme, unsigned: Request, signed: Request) -> Iterator[Any]:
    """Where a scheme reads its proof; for one that does not say it, what its signer changed in the body."""
    match leaf:
        case Each():
            yield from (InLast(leaf.split, place) for place in _own_places(leaf.scheme, unsigned, signed))
        case Signed():
            yield from (*leaf.places, *leaf.outside.values(), *leaf.require)
        case Token() | JWT():
            yield leaf.place
        case Custom() if signed.form:
            yield from (form(name) for name, values in signed.form.items() if unsigned.form.get(name) != values)
        case Custom() if signed.body != unsigned.body:
            yield from (body("/".join(path)) for path in _changed_leaves(unsigned.json, signed.json))


def _put(place: Any, request: Request, text: str | None) -> Request:
    changed: Request = place.put(request, "" if text is None else text)
    return changed


def covered(leaf: Scheme, signed: Request) -> Iterator[Mutation]:
    """Changes of the single values that a scheme signs: headers, fields, parts of the URL, the method."""
    values, text = _signed_values(leaf)
    yield from _of_url(signed, values, with_query="|no-query" not in text)
    if "method" in values:
        yield Mutation("another method", replace(signed, method="PUT" if signed.method == "POST" else "POST"))
    for place in _signed_places(leaf, signed):
        if place(signed) not in (None, ""):
            yield Mutation(f"another value in {named_place(place)}", place.put(signed, changed(place(signed))))
            if isinstance(place, (query, form)):
                yield from _doubled(place, signed)
    if "params" in values:
        yield Mutation("one more form field", form("one-more").put(signed, "1"))


def _signed_values(leaf: Scheme) -> tuple[frozenset[str], str]:
    """What a scheme signs, by the names that templates have for it, and in words."""
    if not isinstance(leaf, (Signed, JWT)):
        return frozenset(), ""
    (mode,) = modes(leaf)
    return mode.values, mode.signed


def _signed_places(leaf: Scheme, signed: Request) -> Iterator[Any]:
    """The places of the single values in what a scheme signs; all fields of a form where it signs them all."""
    if isinstance(leaf, Each):
        inner = (place for place in _signed_places(leaf.scheme, signed) if isinstance(place, body))
        yield from (InLast(leaf.split, place) for place in inner)
    kinds = {"header": header, "query": query, "form": form, "body": body}
    for name in sorted(_signed_values(leaf)[0]):
        kind, _, key = name.partition(":")
        if kind == "params":
            yield from (form(one) for one in signed.form)
        elif key and kind in kinds:
            yield kinds[kind](key)


def changed(value: Any) -> Any:
    """Another value of the same kind."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str() if value:
            return value[:-1] + chr(ord(value[-1]) ^ 1)
    return "x"


def _of_value(proof: Written, forms: Sequence[Form], rng: random.Random) -> Iterator[Mutation]:
    """Each character changed, its case too; cut, and longer; nothing, and too much."""
    where, value = proof.where, proof.value
    anycase = any(form.encoding == "HEX" for form in forms)
    texts = {}
    for position in _positions(len(value), PROOF_FLIPS, rng):
        others = [chr(ord(value[position]) ^ 1)]
        if value[position].isascii() and position >= proof.word and not anycase:
            others.append(value[position].swapcase())
        for other in others:
            text = value[:position] + other + value[position + 1 :]
            texts[text] = f"character {position} of {where} changed to {other!r}"
    texts |= {value[:-1]: f"{where} cut at its end", value[1:]: f"{where} cut at its beginning"}
    texts |= {value + value[-1:]: f"{where} made longer", "x" * 9000: f"{where} huge"}
    for text, what in texts.items():
        same = proof.hint or any(_names_another_key(form, value, text) for form in forms)
        yield Mutation(what, proof.put(text), spelling=same)
    for odd, what in ((None, "removed"), ("", "emptied"), ("\xe9\x80\xff", "non-ASCII")):
        yield Mutation(f"{where} {what}", proof.put(odd), spelling=proof.hint)


def _names_another_key(form: Form, before: str, after: str) -> bool:
    """Is only the name of the key another one? That is no more than a hint where keys have no names."""
    try:
        (was, *_), (now, *_) = form.read(before, ""), form.read(after, "")
    except Refused:
        return False
    return "keyid" in form.names and was.values != now.values and was.signatures == now.signatures


def _of_token(proof: Written) -> Iterator[Mutation]:
    """Forgeries of a signed token: without a signature, or with its parts in other places."""
    before, space, token = proof.value.rpartition(" ")
    parts = token.split(".")
    if len(parts) != 3 or decode(parts[0], "base64url") is None or not token.startswith("ey"):
        return
    head, claims, signature = parts
    try:
        fields = orjson.loads(decode(head, "base64url") or b"")
    except orjson.JSONDecodeError:
        return
    for algorithm in ("none", "None", "HS256", "RS256", "ES256", "EdDSA"):
        if algorithm != fields.get("alg"):
            forged = encode(orjson.dumps({**fields, "alg": algorithm}), "base64url")
            for end in ("", signature):
                yield Mutation(f"a token with alg {algorithm}", proof.put(f"{before}{space}{forged}.{claims}.{end}"))
    for text in (f"{head}.{claims}.", f"{head}.{claims}", f"{head}.{signature}.{claims}", f"{token}.{signature}"):
        yield Mutation("a token with other parts", proof.put(before + space + text))
    empty = encode(b"{}", "base64url")
    yield Mutation("a token with other claims", proof.put(f"{before}{space}{head}.{empty}.{signature}"))


def _twice(unsigned: Request, signed: Request) -> Iterator[Mutation]:
    """What the signing wrote stands twice, once changed: taken only where one of several is enough."""
    for name, value in signed.headers:
        if (name, value) in unsigned.headers:
            continue
        wrong = (name, changed(value.decode("latin-1")).encode("latin-1"))
        kept = tuple(pair for pair in signed.headers if pair[0] != name)
        for pairs in (((name, value), wrong), (wrong, (name, value))):
            what = f"the header {name.decode('latin-1')} twice"
            yield Mutation(what, replace(signed, headers=(*kept, *pairs)), spelling=True)
    for field, values in signed.query.items():
        if unsigned.query.get(field) != values:
            yield from _doubled(query(field), signed)


def _doubled(place: query | form, signed: Request) -> Iterator[Mutation]:
    """A field that stands twice, the other one changed: what is proven and what is read must be the same of them."""
    wrong = urlencode({place.name: changed(place(signed))})
    what = f"{named_place(place)} twice"
    if isinstance(place, form):
        text = signed.body.decode("latin-1")
        bodies = (f"{text}&{wrong}", f"{wrong}&{text}") if signed.content_type != "multipart/form-data" else ()
        yield from (Mutation(what, replace(signed, body=one.encode("latin-1")), spelling=True) for one in bodies)
    else:
        start, mark, fields = signed.url.partition("?")
        urls = (f"{signed.url}&{wrong}", f"{start}{mark}{wrong}&{fields}")
        yield from (Mutation(what, replace(signed, url=one), spelling=True) for one in urls)


def _of_body(signed: Request, rng: random.Random, *, token: bool) -> Iterator[Mutation]:
    content = signed.body
    for position in _positions(len(content), PROOF_FLIPS if token else FLIPS, rng):
        flipped = bytes([content[position] ^ 1 << rng.randrange(8)])
        text = content[:position] + flipped + content[position + 1 :]
        yield Mutation(f"a body with byte {position} changed", replace(signed, body=text))
    if content:
        yield Mutation("a body without its last byte", replace(signed, body=content[:-1]))
        yield Mutation("a body without its first byte", replace(signed, body=content[1:]))
    for what, text in (("a line break", content + b"\n"), ("a space before it", b" " + content)):
        yield Mutation(f"a body with {what}", replace(signed, body=text), spelling=token)
    yield Mutation("a body twice", replace(signed, body=content * 2 or b"{}"))


def _of_url(signed: Request, names: frozenset[str], *, with_query: bool) -> Iterator[Mutation]:
    """Each character of the parts of the URL that are signed."""
    url = signed.url
    host = url.find("://") + 3
    path = url.find("/", host)
    end = url.find("?") if "?" in url else len(url)
    spans = {"url": range(host, len(url) if with_query else end), "path": range(path, end)}
    spans["query"] = range(end + 1, len(url))
    for position in sorted({at for name, span in spans.items() if name in names for at in span}):
        text = url[:position] + chr(ord(url[position]) ^ 1) + url[position + 1 :]
        yield Mutation(f"a URL with character {position} changed", replace(signed, url=text))
    if names & {"url", "query"} and with_query:
        more = url + ("&" if "?" in url else "?") + "one-more=1"
        yield Mutation("a URL with one more field", replace(signed, url=more))


def _positions(size: int, most: int, rng: random.Random) -> Sequence[int]:
    """All of them if they are few; else some, with the first and the last."""
    if size <= most:
        return range(size)
    return sorted({0, size - 1, *rng.sample(range(size), most - 2)})


def _changed_leaves(before: Any, after: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where a value is not the same, or not there, in the other."""
    if isinstance(after, (dict, list)):
        for name, value in after.items() if isinstance(after, dict) else enumerate(after):
            yield from _changed_leaves(dig(before, [str(name)]), value, (*path, str(name)))
    elif before != after:
        yield path
