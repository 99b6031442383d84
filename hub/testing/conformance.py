"""The checks that every provider must pass, ours and anyone's."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from hub.errors import KeyNeeded, Refused
from hub.event import Event
from hub.mount import sample_folders
from hub.options import Secret, options_of
from hub.provider import Provider, Scheme
from hub.request import Request
from hub.samples import Sample, samples
from hub.secrets import texts
from hub.signatures.keys import KeySet
from hub.source import Outcome, Source

NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
URL = "https://hub.example.com/webhooks/"
FLIPS = 60
"""Bytes of a body or header that are changed, one at a time; all of them where it is shorter."""
FAR = timedelta(days=3650)
NESTED = b"[" * 500_000 + b"]" * 500_000
ODD_BODIES: Mapping[str, tuple[str, bytes]] = {
    "an empty list": ("application/json", b"[]"),
    "null": ("application/json", b"null"),
    "a number": ("application/json", b"1e400"),
    "a text": ("application/json", b'"\\ud800"'),
    "an empty object": ("application/json", b"{}"),
    "no JSON": ("application/json", b"\x00\xff{]"),
    "nothing": ("application/json", b""),
    "the wrong content type": ("image/png", b"a=1&payload=%00"),
    "1 MB of nesting": ("application/json", NESTED),
}


HARMLESS = ("text/plain", "application/json", "text/xml", "application/xml", "application/x-www-form-urlencoded")
"""Types of answers, which may hold a stranger's text."""


class Nonconforming(AssertionError):
    """A provider fails a check; the message says which, on which sample."""


def check_provider(
    provider: Provider,
    options: Mapping[str, Any] | None = None,
    folders: Sequence[Path] = (),
    *,
    found: Iterable[Sample] | None = None,
) -> None:
    """Run every check on a provider and its samples.

    options: as in config.toml, fresh development credentials if None; folders: those with samples, the built-in ones
    are added; found: the samples themselves.

    Raises:
        Nonconforming: the first check that fails.
    """
    cases = list(found) if found is not None else samples(provider.name, [*folders, *sample_folders(None)])
    if not cases:
        raise Nonconforming(f"{provider.name}: there is no sample; put one into plugins/samples/{provider.name}/")
    options_of(provider)
    for scheme, given in modes(provider.verify, options):
        outcomes = [_Check(provider, scheme, given, sample).run() for sample in cases]
        if not any(outcome.events for outcome in outcomes):
            raise Nonconforming(f"{provider.name}: none of its samples makes an event")


def modes(scheme: Scheme, options: Mapping[str, Any] | None) -> Iterator[tuple[Scheme, dict[str, Any]]]:
    """Each mode of a scheme, with options that configure it."""
    if options is not None:
        yield scheme, dict(options)
        return
    several: Mapping[str, Scheme] = getattr(scheme, "modes", {})
    for mode in several.values():
        if mode.proves:
            yield mode, mode.credentials()
    if not several:
        yield scheme, scheme.credentials()


class _Check:
    """One provider, one mode, one sample."""

    def __init__(self, provider: Provider, scheme: Scheme, options: dict[str, Any], sample: Sample) -> None:
        self.provider = provider
        self.scheme = scheme
        self.sample = sample
        self.url = URL + provider.name
        self.options = {"public_url": self.url, **options}
        self.source = Source(provider.name, provider, self.options, verify=scheme.proves)
        self.random = random.Random(f"{provider.name} {sample.event}")  # noqa: S311  # repeatable, not secret

    def fail(self, text: str) -> Nonconforming:
        return Nonconforming(f"{self.provider.name}, sample {self.sample.event}: {text}")

    def run(self) -> Outcome:
        """All checks; what the signed sample came to."""
        unsigned = self.sample.request(self.url, NOW)
        signed = self.sign(unsigned)
        outcome = self.examine(signed)
        if not outcome.accepted:
            raise self.fail(f"its own signed request is refused: {outcome.reason}: {outcome.detail}")
        if outcome.stage == "read":
            raise self.fail(f"its own signed request cannot be read: {outcome.detail}")
        if not outcome.events and outcome.reply is None:
            raise self.fail("its own signed request makes no event")
        self.events(outcome)
        self.twice(signed, outcome)
        self.answers(outcome)
        if outcome.stage != "handshake":
            if self.scheme.proves:
                self.proof(unsigned, signed)
            self.odd_bodies(unsigned)
        return outcome

    def sign(self, request: Request, options: Mapping[str, Any] | None = None) -> Request:
        return self.scheme.sign(request, self.options if options is None else options)

    def examine(self, request: Request, source: Source | None = None) -> Outcome:
        try:
            outcome = (source or self.source).examine(request)
        except KeyNeeded:
            raise self.fail("it wants to fetch a key although one is configured") from None
        except Exception as error:
            raise self.fail(f"an exception escaped: {type(error).__name__}: {error}") from error
        if outcome.bug:
            raise self.fail(f"its code broke on a request: {outcome.detail}")
        if outcome.status >= 500 and outcome.status != 501:
            raise self.fail(f"it answered {outcome.status}: {outcome.detail}")
        for event in outcome.events:
            try:
                event.json()
            except Exception as error:
                raise self.fail(f"an event cannot be written as JSON: {error}") from error
        return outcome

    def events(self, outcome: Outcome) -> None:
        for event in outcome.events:
            if not event.type.startswith(f"{self.provider.name}.") or len(event.type) > 200:
                raise self.fail(f"the event type {event.type!r} does not start with the provider's name")
            if event.type.endswith((".None", ".unknown")):
                raise self.fail(f"no event type was found: {event.type!r}")
            if event.deliveryid in ("", "None") or event.subject == "None":
                raise self.fail(f"the delivery id is {event.deliveryid!r}, the subject {event.subject!r}")
            orjson.dumps(event.cloudevent())  # strictly: a sample has no odd text
            self.keeps_secrets(event)

    def keeps_secrets(self, event: Event) -> None:
        text = event.json().decode()
        for name, option in self.scheme.options().items():
            if option.secret and any(secret in text for secret in texts(self.options.get(name)) if secret):
                raise self.fail(f"the event {event.type} shows the {name}: its scheme has to say where that stands")

    def twice(self, signed: Request, outcome: Outcome) -> None:
        if self.provider.id is None:
            return
        again = self.examine(replace(signed, received=NOW + timedelta(seconds=2)))
        first = [(e.deliveryid, e.index) for e in outcome.events if e.deliveryid != e.id]
        second = [(e.deliveryid, e.index) for e in again.events if e.deliveryid != e.id]
        if first != second:
            raise self.fail(f"sent twice it is not one event: {first} and {second}")

    def answers(self, outcome: Outcome) -> None:
        for name, value in outcome.headers.items():
            if "\n" in name + value or "\r" in name + value:
                raise self.fail(f"the answer's header {name} has a line break")
        if outcome.reply is None:
            return
        if outcome.headers.get("x-content-type-options") != "nosniff":
            raise self.fail("an answer of its own lacks nosniff")
        kind = outcome.headers["content-type"].partition(";")[0].strip().lower()
        if kind not in HARMLESS:
            raise self.fail(f"an answer of its own is {kind}, which a browser may run; one of {', '.join(HARMLESS)}")

    def refused(self, request: Request, what: str, source: Source | None = None) -> None:
        outcome = self.examine(request, source)
        if outcome.accepted and outcome.stage != "handshake":
            raise self.fail(f"{what} is accepted")

    def proof(self, unsigned: Request, signed: Request) -> None:
        self.refused(unsigned, "the unsigned request")
        self.changed_bytes(signed)
        self.changed_headers(unsigned, signed)
        self.other_secret(signed)
        self.no_secret(signed)
        self.old_secret_in_a_list(signed)
        self.stale(unsigned)

    def positions(self, size: int) -> Sequence[int]:
        """All of them if they are few; else some, with the first and the last."""
        if size <= FLIPS:
            return range(size)
        return sorted({0, size - 1, *self.random.sample(range(size), FLIPS - 2)})

    def changed_bytes(self, signed: Request) -> None:
        if self.scheme.covers != "all" or not signed.body:
            return
        for position in self.positions(len(signed.body)):
            flipped = bytes([signed.body[position] ^ 1 << self.random.randrange(8)])
            changed = signed.body[:position] + flipped + signed.body[position + 1 :]
            self.refused(replace(signed, body=changed), f"a body with byte {position} changed")

    def changed_headers(self, unsigned: Request, signed: Request) -> None:
        before = dict(unsigned.headers)
        for name, value in signed.headers:
            if before.get(name) == value:
                continue
            header = name.decode("latin-1")
            for text, what in ((None, "removed"), ("", "emptied"), ("\xe9\x80\xff", "non-ASCII"), ("x" * 9000, "huge")):
                self.refused(signed.with_header(header, text), f"a request with {header} {what}")
            for position in self.positions(len(value)):
                flipped = value[:position] + bytes([value[position] ^ 1]) + value[position + 1 :]
                self.refused(
                    signed.with_header(header, flipped.decode("latin-1")),
                    f"a request with character {position} of {header} changed",
                )

    def other_secret(self, signed: Request) -> None:
        other = Source(self.provider.name, self.provider, {**self.options, **self.scheme.credentials()})
        if other.options != self.source.options:
            self.refused(signed, "a request signed with another secret", other)

    def no_secret(self, signed: Request) -> None:
        kept = {name: value for name, value in self.options.items() if name not in self.scheme.credentials()}
        emptied = {name: "" for name, value in self.options.items() if name not in kept and isinstance(value, str)}
        for options in (kept, {**kept, **emptied}) if kept != self.options else ():
            try:
                outcome = Source(self.provider.name, self.provider, options).examine(signed)
            except KeyNeeded:
                continue
            except Exception as error:
                raise self.fail(f"without credentials it breaks: {type(error).__name__}: {error}") from error
            if outcome.accepted and outcome.stage != "handshake":
                raise self.fail("a source without credentials accepts a request")

    def old_secret_in_a_list(self, signed: Request) -> None:
        fresh = self.scheme.credentials()
        several = {
            name: [fresh[name], value]
            if name in fresh and isinstance(value, str) and _takes_list(self.scheme, name)
            else value
            for name, value in self.options.items()
        }
        if (
            several != self.options
            and not self.examine(signed, Source(self.provider.name, self.provider, several)).accepted
        ):
            raise self.fail("with a list of secrets, a request signed with the second one is refused")

    def stale(self, unsigned: Request) -> None:
        tolerance = getattr(self.scheme, "tolerance", None)
        timed = "timestamp" in getattr(self.scheme, "outside", {}) or "timestamp" in getattr(
            getattr(self.scheme, "form", None), "names", ()
        )
        if tolerance is None or not timed:
            return
        self.out_of_time(unsigned, timedelta(seconds=-tolerance - 60), "a stale request")
        ahead = tolerance if self.scheme.ahead is None else self.scheme.ahead  # type: ignore[attr-defined]  # as tolerance
        if ahead < FAR.total_seconds():
            self.out_of_time(unsigned, timedelta(seconds=ahead + 60), "a request from the future")

    def out_of_time(self, unsigned: Request, shift: timedelta, what: str) -> None:
        signed = self.sign(replace(unsigned, received=NOW + shift))
        outcome = self.examine(replace(signed, received=NOW))
        if outcome.stage != "handshake" and outcome.reason != "stale":
            raise self.fail(f"{what} is {outcome.reason or 'accepted'}, not stale")

    def odd_bodies(self, unsigned: Request) -> None:
        for what, (content_type, content) in ODD_BODIES.items():
            odd = replace(unsigned, body=content).with_header("content-type", content_type)
            try:
                odd = self.sign(odd)
            except (Refused, ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError):
                pass  # it cannot even be signed; sent unsigned it must not break anything either
            except Exception:  # noqa: S110  # as above; the schemes' own errors
                pass
            try:
                self.examine(odd)
            except Nonconforming as error:
                raise self.fail(f"{what} as the body: {error}") from None


def _takes_list(scheme: Scheme, name: str) -> bool:
    option = scheme.options().get(name)
    return option is not None and option.type in (Secret, KeySet)


__all__ = ["Nonconforming", "check_provider", "modes"]
