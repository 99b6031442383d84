"""The checks that every provider must pass, ours and anyone's."""

from __future__ import annotations

import contextlib
import random
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from hub.errors import KeyNeeded
from hub.event import Event
from hub.mount import sample_folders
from hub.options import Secret, options_of
from hub.provider import Provider, Scheme
from hub.request import Request
from hub.samples import Sample, samples
from hub.secrets import texts
from hub.signatures.keys import KeySet
from hub.source import Outcome, Source
from hub.testing.mutations import mutations

NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
URL = "https://hub.example.com/webhooks/"
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
        other = scheme.credentials()
        outcomes = [_Check(provider, scheme, given, other, sample).run(first=sample is cases[0]) for sample in cases]
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
    """One provider, one mode, one sample. other: credentials that are not among the options."""

    def __init__(
        self, provider: Provider, scheme: Scheme, options: dict[str, Any], other: dict[str, Any], sample: Sample
    ) -> None:
        self.provider = provider
        self.scheme = scheme
        self.other = other
        self.sample = sample
        self.url = URL + provider.name
        self.options = {"public_url": self.url, **options}
        self.source = Source(provider.name, provider, self.options, verify=scheme.proves)
        self.random = random.Random(f"{provider.name} {sample.event}")  # noqa: S311  # repeatable, not secret

    def fail(self, text: str) -> Nonconforming:
        return Nonconforming(f"{self.provider.name}, sample {self.sample.event}: {text}")

    def run(self, *, first: bool) -> Outcome:
        """All checks; what the signed sample came to. first: with those that are the same for every sample."""
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
            self.odd_bodies(unsigned, signing=first)
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
        if outcome.status >= 500 and outcome.status not in (501, self.provider.refuse):
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
        self.changed(unsigned, signed)
        self.other_secret(signed)
        self.no_secret(signed)
        self.old_secret_in_a_list(signed)
        self.stale(unsigned)

    def changed(self, unsigned: Request, signed: Request) -> None:
        right = self.examine(signed)
        with warnings.catch_warnings():  # libraries warn of a stranger's keys and certificates
            warnings.simplefilter("ignore")
            for mutation in mutations(unsigned, signed, self.scheme, self.options, self.random):
                outcome = self.examine(mutation.request)
                if not outcome.accepted or outcome.stage == "handshake":
                    continue
                if not mutation.spelling or _said(outcome) != _said(right):
                    raise self.fail(f"a request with {mutation.what} is accepted")

    def other_secret(self, signed: Request) -> None:
        other = Source(self.provider.name, self.provider, {**self.options, **self.other})
        if other.options != self.source.options:
            self.refused(signed, "a request signed with another secret", other)

    def no_secret(self, signed: Request) -> None:
        kept = {name: value for name, value in self.options.items() if name not in self.other}
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
        several = {
            name: [self.other[name], value]
            if name in self.other and isinstance(value, str) and _takes_list(self.scheme, name)
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

    def odd_bodies(self, unsigned: Request, *, signing: bool) -> None:
        """signing: with a proof where such a body can have one; else what reads the body sees it without one."""
        source = Source(self.provider.name, self.provider, self.options, verify=self.scheme.proves and signing)
        for what, (content_type, content) in ODD_BODIES.items():
            odd = replace(unsigned, body=content).with_header("content-type", content_type)
            if signing:
                with contextlib.suppress(Exception):  # it cannot be signed; unsigned it must not break anything either
                    odd = self.sign(odd)
            try:
                self.examine(odd, source)
            except Nonconforming as error:
                raise self.fail(f"{what} as the body: {error}") from None


def _said(outcome: Outcome) -> list[Any]:
    """What the events say; an id of the hub's own is another for each request."""
    return [
        (event.type, event.index, event.deliveryid != event.id and event.deliveryid, event.subject, event.data)
        for event in outcome.events
    ]


def _takes_list(scheme: Scheme, name: str) -> bool:
    option = scheme.options().get(name)
    return option is not None and option.type in (Secret, KeySet)


__all__ = ["Nonconforming", "check_provider", "modes"]
