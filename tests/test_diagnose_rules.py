"""The rules of `diagnose`: nothing is made up, nothing breaks it, its work is bounded."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from diagnose_kit import (
    BODY,
    GITHUB,
    NOW,
    SECRET,
    TYPEFORM,
    URL,
    WHSEC,
    Case,
    body_case,
    digest,
    github_with,
    pretty,
    provider,
    request,
    signed,
    source,
)

from hub import Provider, body
from hub.diagnose import builtin_platforms, diagnose
from hub.mount import sample_folders
from hub.request import Request
from hub.samples import find_sample
from hub.signatures import HMAC, AllOf, Basic, OneOf
from hub.source import Source


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("github", {"secret": SECRET}),
        ("github", {"secret": ["another", SECRET]}),
        ("stripe", {"secret": SECRET}),
        ("slack", {"secret": SECRET}),
        ("typeform", {"secret": SECRET}),
        ("standard-webhooks", {"secret": WHSEC}),
        ("generic", {"secret": SECRET}),
        ("generic", {"secret": SECRET, "scheme": "bearer"}),
        ("generic", {"scheme": "basic", "username": "hub", "password": SECRET}),
        ("squarish", {"secret": SECRET}),
        ("tokenish", {"secret": SECRET}),
    ],
)
def test_a_good_request_has_no_cause(name: str, options: Mapping[str, Any]) -> None:
    bound = source(name, options)
    good = bound.provider.verify.sign(request(), options)
    assert bound.examine(good).accepted
    assert diagnose(good, bound, [source("github", {"secret": SECRET}, called="other")]) is None


def test_what_takes_everything_has_no_cause() -> None:
    assert diagnose(request(), Source("open", provider("github"), {}, verify=False)) is None


def test_a_wrong_request_is_not_explained_by_what_is_right() -> None:
    """Two things are wrong: no single change makes it good, and none is claimed to."""
    sent = replace(signed("github", "unknown secret", pretty(indent=2)), body=BODY)
    cause = Case("", "github", sent).cause()
    assert cause is not None and cause.sentence.startswith("it is signed with a secret that is not configured")


NAMES = ("github", "stripe", "slack", "typeform", "standard-webhooks", "generic", "squarish", "tokenish")
CLAIMS = ("it is signed with the secret of", "the secret ", "the body ", "the platform signed", "it was delivered")


@cache
def platforms() -> tuple[Provider, ...]:
    """All of them, loaded once."""
    return tuple(builtin_platforms())


@pytest.mark.parametrize("seed", range(60))
def test_garbage_is_harmless(seed: int) -> None:
    """Whatever is sent: no exception, and nothing that only a proof could show."""
    dice = random.Random(seed)
    name = dice.choice(
        ["github", "stripe", "slack", "typeform", "standard-webhooks", "generic", "squarish", "tokenish"]
    )
    options = {"secret": WHSEC if name == "standard-webhooks" else SECRET}
    names = [GITHUB, TYPEFORM, "Stripe-Signature", "X-Slack-Signature", "X-Slack-Request-Timestamp", "X-Signature"]
    names += [
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
        "X-Squarish-Signature",
        "Forwarded",
        "Host",
        "Date",
    ]
    texts = [
        dice.randbytes(dice.randrange(60)).decode("latin-1"),
        "sha256=" + dice.randbytes(32).hex(),
        "1",
        "v1,",
        ",",
    ]
    texts += [
        f"t={int(NOW.timestamp())},v1={dice.randbytes(32).hex()}",
        "v0=" + "a" * 64,
        "=" * 40,
        "host=[::",
        "é" * 30,
    ]
    headers = {one: dice.choice(texts) for one in dice.sample(names, dice.randrange(len(names)))}
    bodies = [dice.randbytes(200), b"", b"{" * 5000, b"[" * 100_000, b'{"a":1e999,"b":"\\ud800"}', b"NaN", BODY, b"a=%"]
    sent = request(
        dice.choice(bodies), dice.choice([URL, "http://[::", "", "x:y@z?a=%", "https://h:99999/"]), **headers
    )
    if source(name, options).examine(sent).accepted:
        return
    other = source("github", {"secret": "other-secret"}, called="b")
    cause = diagnose(sent, source(name, options), [other], platforms=platforms)
    assert cause is None or not cause.sentence.startswith(CLAIMS)


def test_combined_schemes() -> None:
    both = AllOf(HMAC("X-A", "{hex}", option="secret"), Basic())
    modes = OneOf(new=HMAC("X-New", "{base64}", option="new"), old=HMAC("X-Old", "{hex}", hash="sha1", option="old"))
    options = {"secret": SECRET, "username": "hub", "password": "a password", "new": "n" * 20, "old": "o" * 20}
    for scheme, wrong, says in (
        (both, {"secret": f" {SECRET} "}, "the secret has white space"),
        (both, {"password": "'a password'"}, "the password has quotes"),
        (modes, {"new": "n" * 20 + "\n"}, "the new has white space"),
    ):
        made = Provider(name="it", title="It", docs="https://it.example", verify=scheme, type=body("type"))
        sent = scheme.sign(request(), options)
        cause = diagnose(sent, Source("it", made, {**options, **wrong}))
        assert cause is not None and cause.sentence.startswith(says)
    sent = request(**{"X-Old": digest(b"o" * 20)})
    made = Provider(name="it", title="It", docs="https://it.example", verify=modes, type=body("type"))
    cause = diagnose(sent, Source("it", made, options))
    assert cause is not None and cause.sentence == "the signature is made with sha256, where sha1 is due"


def test_the_work_is_bounded() -> None:
    count = 0

    def verify(sent: Request, options: Mapping[str, Any]) -> None:
        nonlocal count
        count += 1
        HMAC(GITHUB, "sha256={hex}").verify(sent, options)

    big = b'{"a":"' + b"x" * 2_000_000 + b'"}'
    for content in (BODY, big):
        count = 0
        bound = source("github", {"secret": SECRET})
        object.__setattr__(bound, "provider", replace(bound.provider, verify=_Counting(verify)))
        others = [source("github", {"secret": f"secret number {i}"}, called=f"s{i}") for i in range(500)]
        assert diagnose(signed("github", "unknown one", content), bound, others, platforms=list) is not None
        assert count < 650
    count = 0
    bound = source("github", {"secret": SECRET})
    object.__setattr__(bound, "provider", replace(bound.provider, verify=_Counting(verify)))
    diagnose(signed("github", "unknown one", big), bound, platforms=list)
    assert count < 60
    stopped = diagnose(signed("github", "unknown one"), source("github", {"secret": SECRET}), stop=lambda: True)
    assert stopped is not None and "1 changed" in stopped.evidence


class _Counting(HMAC):
    """GitHub's scheme, counted."""

    def __init__(self, verify: Callable[[Request, Mapping[str, Any]], None]) -> None:
        super().__init__(GITHUB, "sha256={hex}")
        self.counted = verify

    def verify(self, sent: Request, options: Mapping[str, Any]) -> None:
        self.counted(sent, options)


def test_large_bodies_get_the_cheap_tests() -> None:
    big = b'{"a": "' + b"x" * 1_100_000 + b'"}'
    assert body_case("", big + b"\n", big).cause() == body_case("", BODY + b"\n", BODY).cause()
    cause = github_with(f" {SECRET}", SECRET, "").cause()
    wide = Case("", "github", signed("github", content=big), {"secret": f" {SECRET}"}).cause()
    assert wide == cause
    compact = Case("", "github", replace(signed("github", content=big.replace(b" ", b"")), body=big)).cause()
    assert compact is not None and "re-serialised" not in compact.sentence


def test_samples_of_every_first_provider_are_not_explained_away() -> None:
    for name in ("github", "stripe", "slack", "typeform", "standard-webhooks"):
        scheme = provider(name).verify
        options = scheme.credentials()
        sent = find_sample(name, None, sample_folders(None)).request(URL, NOW)
        wrong = scheme.sign(sent, scheme.credentials())
        cause = diagnose(wrong, source(name, options))
        assert cause is not None
        assert cause.sentence.startswith("it is signed with a secret that is not configured")
