"""Why a request was refused: the source's own verification, run on copies of it with one thing changed.

Never in the request path, and never told to the sender: it would be an oracle and burn CPU for strangers.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from math import inf
from typing import Any

from hub import clues
from hub.clues import secrets_of
from hub.errors import KeyNeeded, PluginError, Refused, Unreadable
from hub.extract import header
from hub.provider import Provider, Scheme
from hub.redaction import Redactor
from hub.request import Request
from hub.signatures import HMAC, Configured, Token
from hub.signatures.signed import Signed, place_text
from hub.signatures.value import encode
from hub.source import Source

TRIES = 600
MOST_OF_A_KIND = 150
SECONDS = 2.0
LARGE = 2**20
"""Bytes of a body above which only the cheap tests are made."""
HASHES = ("sha1", "sha256", "sha512", "sha384", "md5")
TOKEN = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")


@dataclass(frozen=True, slots=True)
class Cause:
    """The likely cause of a refusal. evidence: how it was found; hint: what to change. No secret is in any of them."""

    sentence: str
    evidence: str
    hint: str


@dataclass(frozen=True, slots=True)
class _Try:
    """One changed thing, and what it means if the request is accepted so. None: as it was."""

    cause: Cause
    request: Request | None = None
    options: Mapping[str, Any] | None = None
    scheme: Scheme | None = None


def diagnose(
    request: Request,
    source: Source,
    others: Iterable[Source] = (),
    *,
    spares: Mapping[str, str] | None = None,
    platforms: Callable[[], Iterable[Provider]] | None = None,
    stop: Callable[[], bool] = lambda: False,
    largest: int = LARGE,
) -> Cause | None:
    """The likely cause of a refusal; None if the request is good, or nothing can be said. Takes up to some seconds.

    others: the other sources, for their secrets; spares: more secrets, by how to name them; platforms: the providers
    that it could be of, the built-in ones if None; stop: asked before each try; largest: body that is written again.
    """
    if not source.verified:
        return None
    case = _Case(request, source, [one for one in others if one.name != source.name and one.verified], spares or {})
    case.stop, case.largest = stop, largest
    try:
        cause = case.cause(builtin_platforms if platforms is None else platforms)
    except Exception:  # plugins' functions and strangers' bytes: no explanation is better than a failure
        return None
    return cause and case.clean(cause)


def builtin_platforms() -> Iterator[Provider]:
    """Every built-in provider that can be loaded."""
    from hub.loader import builtin_names, load_plugins

    plugins = load_plugins(None, installed=False)
    for name in builtin_names("providers"):
        try:
            yield plugins.provider(name)
        except PluginError:  # an optional part of it is not installed
            continue


class _Case:
    """One refused request."""

    def __init__(self, request: Request, source: Source, others: list[Source], spares: Mapping[str, str]) -> None:
        self.request, self.source, self.others, self.spares = request, source, others, spares
        self.provider, self.scheme = source.provider, source.provider.verify
        self.options = {**source.options, "tolerance": inf}
        self.where = f"[providers.{source.name}]"
        self.leaves = clues.leaves(self.scheme, source.options)
        self.written: list[Request] = [request]
        self.tries = 0
        self.until = time.monotonic() + SECONDS
        self.stop: Callable[[], bool] = lambda: False
        self.largest = LARGE

    def cause(self, platforms: Callable[[], Iterable[Provider]]) -> Cause | None:
        """What was found; first what proves itself, then what only looks so."""
        try:
            self.scheme.verify(self.request, self.source.options)
            return None
        except KeyNeeded:
            return None
        except Refused as refusal:
            found = refusal
        except Exception as error:  # as the source has it: a provider that fails refuses
            found = Refused("malformed", f"the provider {self.provider.name} failed: {type(error).__name__}")
        if found.reason != "unconfigured" and self.accepted(_Try(Cause("", "", ""))):
            return Cause(*clues.clock(self.request, found))
        for kind in self.kinds(found):
            for attempt in islice(_guarded(kind), MOST_OF_A_KIND):
                if self.tries >= TRIES or time.monotonic() > self.until or self.stop():
                    return self.guess(found, lambda: ())
                if self.accepted(attempt):
                    return attempt.cause
        return self.guess(found, platforms)

    def kinds(self, refusal: Refused) -> list[Iterator[_Try]]:
        """What to try, the likeliest and cheapest first."""
        if refusal.reason == "unconfigured":  # there may be a secret that is none in this spelling
            return [self.secrets()]
        as_text = all("text" in getattr(leaf, "key_forms", ("text",)) for leaf in self.leaves)
        keys = [self.secrets(), self.keys()] if as_text else [self.keys(), self.secrets()]
        kinds = [self.sources(), self.signatures(), *keys, self.endings()]
        return [*kinds, self.urls(), self.bodies(), self.hashes()] if len(self.request.body) <= self.largest else kinds

    def accepted(self, attempt: _Try) -> bool:
        """Does the verification take it so?"""
        self.tries += 1
        options = self.options if attempt.options is None else {**attempt.options, "tolerance": inf}
        try:
            (attempt.scheme or self.scheme).verify(attempt.request or self.request, options)
        except Exception:  # refused, or a plugin's function does not bear it
            return False
        return True

    def clean(self, cause: Cause) -> Cause:
        """Without secrets, should a URL or a plugin's words have brought one in."""
        known = {text for one in (self.source, *self.others) for _, text in secrets_of(one)}
        redact = Redactor(known | {*self.spares.values()}).redact
        return Cause(redact(cause.sentence), redact(cause.evidence), redact(cause.hint))

    def sources(self) -> Iterator[_Try]:
        """Another source's secret, or another source's request."""
        names = list(dict.fromkeys(name for name, _ in secrets_of(self.source)))
        for other in self.others:
            why = Cause(
                f"it is signed with the secret of [providers.{other.name}]",
                f"with that secret it is accepted{clues.mode(self.request, '; it says ')}",
                f"is the URL at the platform that of the other source? Else give {self.where} this secret",
            )
            for _, text in secrets_of(other):
                yield from (_Try(why, options={**self.options, name: text}) for name in names)
            title = other.provider.title
            why = Cause(
                f"it is a request of {title} for [providers.{other.name}]",
                f"{title}'s verification with the options of [providers.{other.name}] accepts it",
                f"the URL at {title} is /webhooks/{other.name}, not /webhooks/{self.source.name}",
            )
            yield _Try(why, options=other.options, scheme=other.provider.verify)
        for label, text in self.spares.items():
            why = Cause(
                f"it is signed with another secret: {label}",
                "with that one it is accepted",
                f"put it into {self.where}; secret = [new, old] takes both while they are being changed",
            )
            yield from (_Try(why, options={**self.options, name: text}) for name in names)

    def signatures(self) -> Iterator[_Try]:
        """The signature under another name, or written in another way."""
        for leaf in self.leaves:
            for place in clues.places(leaf):
                yield from self.respelled(leaf, place, self.request)
            for wanted, found, moved in clues.renamed(leaf, self.request):
                self.written.append(moved)
                why = Cause(
                    f"the signature is in the header {found}; {self.provider.title} has it in {wanted}",
                    f"under the name {wanted} it is accepted",
                    f"does a proxy rename headers? Is the sender {self.provider.title} itself?",
                )
                yield _Try(why, moved)
                yield from self.respelled(leaf, header(wanted), moved)

    def respelled(self, leaf: Any, place: Any, request: Request) -> Iterator[_Try]:
        """The signature in the encoding and with the prefix that are due."""
        text, named = place_text(place, request), getattr(place, "name", None) or "its place"
        if text is None:
            return
        if not isinstance(leaf, Signed):
            before, after = getattr(leaf, "before", ""), getattr(leaf, "after", "")
            if before or after:
                yield _Try(self.missing_prefix(before or after, named), place.put(request, before + text + after))
            return
        for token in TOKEN.findall(text)[:4]:
            for kind, raw in clues.decoded(token):
                right = encode(raw, leaf.form.encoding)
                shapes = [text.replace(token, right)]
                if not leaf.form.names:
                    shapes.append(leaf.form.write(right, {}))
                for shape in shapes:
                    if shape == text:
                        continue
                    changed = place.put(request, shape)
                    self.written.append(changed)
                    due = leaf.form.encoding.replace("HEX", "hex")
                    why = Cause(
                        f"the signature is written in {kind}, where {due} is due",
                        f"the same bytes written as {leaf.form.text!r} are accepted",
                        self.sender(f"has to write it as {leaf.form.text!r}"),
                    )
                    yield _Try(self.missing_prefix(leaf.form.text, named) if right == token else why, changed)

    def missing_prefix(self, text: str, named: str) -> Cause:
        prefix = text.partition("{")[0]
        return Cause(
            f"the prefix {prefix!r} is missing from {named}" if prefix else f"{named} is not written as {text!r}",
            "written so it is accepted",
            self.sender(f"has to write it as {text!r}"),
        )

    def sender(self, what: str) -> str:
        """A hint to the sender, or where the config describes the scheme, to its reader."""
        known = isinstance(self.scheme, Configured)
        return f"the sender {what}{f', or {self.where} has to describe it as it is' if known else ''}"

    def secrets(self) -> Iterator[_Try]:
        """The configured secret in other spellings."""
        for name, text in secrets_of(self.source):
            for what, hint, changed in clues.spellings(text):
                if changed and changed != text:
                    why = Cause(f"the {name} {what}", "in that spelling the request is accepted", hint)
                    yield _Try(why, options={**self.options, name: changed})

    def keys(self) -> Iterator[_Try]:
        """The key made of the secret in another way."""
        for what, form in clues.KEYS.items():
            scheme = clues.reshaped(self.scheme, self.options, key_forms=(form,))
            why = Cause(
                f"the platform's key is {what}; the hub makes it otherwise",
                "with that key the request is accepted",
                self.sender("has to make its key as the platform's page says"),
            )
            yield _Try(why, scheme=scheme)

    def hashes(self) -> Iterator[_Try]:
        """Another hash."""
        for leaf in self.leaves:
            for name in HASHES:
                if not isinstance(leaf, HMAC) or leaf.hash == name:
                    continue
                scheme = clues.reshaped(self.scheme, self.options, hash=name)
                why = Cause(
                    f"the signature is made with {name}, where {leaf.hash} is due",
                    f"with {name} it is accepted",
                    self.sender(f"has to sign with {leaf.hash}"),
                )
                yield from (_Try(why, request, scheme=scheme) for request in self.written[:10])

    def urls(self) -> Iterator[_Try]:
        """Other URLs by which the platform may know the hub."""
        if not any(clues.signs_url(leaf) for leaf in self.leaves):
            return
        seen = clues.shown(self.request.url)
        for url in clues.addresses(self.request, self.options.get("public_url")):
            base = url.partition("?")[0]
            same = base == self.request.url.partition("?")[0]
            why = Cause(
                f"the platform signed the URL {clues.shown(url)}, the hub sees {seen}",
                "with that URL the request is accepted",
                "something on the way changes the query"
                if same
                else f'set public_url = "{base[:200]}" in {self.where}, or forward the original host and scheme',
            )
            yield _Try(why, replace(self.request, url=url))

    def endings(self) -> Iterator[_Try]:
        """The body with other ends of lines."""
        body = self.request.body
        bare = body.rstrip(b"\r\n")
        changed = {
            body + b"\n": "the body lost its last line break on its way",
            body + b"\r\n": "the body lost its last line break (CRLF) on its way",
            body.strip(): "the body gained white space around it on its way",
            bare: "the body gained a line break at its end on its way",
            body.replace(b"\r\n", b"\n"): "the line breaks became CRLF on their way",
            body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"): "the line breaks (CRLF) became LF on their way",
            b"": "the signature is of an empty body",
        }
        yield from self.rewritten(changed)

    def bodies(self) -> Iterator[_Try]:
        """The body written again, as libraries and proxies do."""
        for label, body in clues.json_forms(self.request.body):
            yield from self.rewritten({body: f"the body was re-serialised on its way: the signature is of the {label}"})
        changed = {}
        body = self.request.body
        if b"=" in body and body[:1] not in b"{[":
            changed = {body.replace(b"%20", b"+"): "`+`", body.replace(b"+", b"%20"): "`%20`"}
        yield from self.rewritten(
            {
                form: f"the form was encoded again on its way: the signature has spaces as {how}"
                for form, how in changed.items()
            }
        )

    def rewritten(self, changed: Mapping[bytes, str]) -> Iterator[_Try]:
        hint = "something between the platform and the hub changes the body: pass its bytes on as they are"
        if not all(getattr(leaf, "covers", "all") == "none" for leaf in self.leaves):
            for body, sentence in changed.items():
                if body != self.request.body:
                    yield _Try(
                        Cause(sentence, "with that body the request is accepted", hint),
                        replace(self.request, body=body),
                    )

    def guess(self, refusal: Refused, platforms: Callable[[], Iterable[Provider]]) -> Cause | None:
        """What the request looks like; nothing of it is proven."""
        if refusal.reason == "unconfigured":
            return Cause("the source has no usable credentials", refusal.text, "`hub check` says what is missing")
        titles = clues.looks_like(self.request, self.provider, self.leaves, platforms())
        if titles:
            named = " or ".join(titles[:3])
            evidence = f"it has the signature header of {named}, and none of {self.provider.title}"
            hint = f"is {named} told the URL of {self.where}, or is its plugin the wrong one?"
            return Cause(f"it looks like a request of {named}, not of {self.provider.title}", evidence, hint)
        if refusal.reason == "missing":
            return self.missing(refusal)
        return self.unknown() if refusal.reason == "mismatch" else None

    def missing(self, refusal: Refused) -> Cause:
        for leaf in self.leaves:
            for wanted, found, _ in clues.renamed(leaf, self.request):
                text = f"the header {wanted} is missing; there is {found}"
                return Cause(text, "its value is not right either", f"is {self.where} of the right plugin?")
        hint = "some platforms sign only when a secret is set there; or something on the way drops the header"
        return Cause("the request is not signed", refusal.text, hint)

    def unknown(self) -> Cause:
        """No changed copy is right."""
        tried = f"{self.tries} changed copies of it and of the secret were tried, and none is right"
        title = self.provider.title
        if all(isinstance(leaf, Token) for leaf in self.leaves):
            sentence = f"its token is not configured in {self.where}, or it comes from a stranger"
            return Cause(sentence, tried, f"copy the token of this webhook from {title} into {self.where} again")
        if any(isinstance(leaf, HMAC) for leaf in self.leaves):
            said = clues.mode(self.request, ", perhaps that of the other mode: the request says ")
            sentence = f"it is signed with a secret that is not configured in {self.where}"
            hint = f"copy the secret of this webhook from {title} into {self.where} again"
            if said:
                hint += "; test mode and live mode have secrets of their own: secret = [live, test] takes both"
            if any(clues.signs_url(leaf) for leaf in self.leaves):
                hint += f"; is {clues.shown(self.request.url)} the URL that {title} was told (public_url)?"
            if len(self.request.body) > self.largest:
                said, hint = ", or its large body was changed on its way", f"{hint}; not every change was tried"
            return Cause(sentence + (said or ", or comes from a stranger"), tried, hint)
        hint = f"compare the credentials in {self.where} with those at {title}"
        return Cause("it is not proven by what is configured, or comes from a stranger", tried, hint)


def _guarded(attempts: Iterator[_Try]) -> Iterator[_Try]:
    """Until there are no more, or one cannot be made."""
    try:
        yield from attempts
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError, Unreadable):
        return
