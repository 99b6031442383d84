"""Every scheme on requests with a known verdict; each changed byte of a proof or of what it covers is refused."""

import base64
import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from signature_kit import SCHEMES

from hub import Refused, Request

FILE = Path(__file__).parent / "vectors" / "vectors.json"
VECTORS: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))


def request_of(vector: dict[str, Any]) -> Request:
    """The vector's request, received when it holds."""
    return Request.make(
        vector["method"],
        vector["url"],
        vector["headers"],
        base64.b64decode(vector["body_b64"]),
        datetime.fromtimestamp(vector["now"] or 1_760_000_000, UTC),
    )


def is_handshake(vector: dict[str, Any]) -> bool:
    """Is the vector's verdict about a handshake, or about a request that proves nothing?"""
    handshakes = {("ebay", "GET"), ("meta", "GET"), ("websub", "GET")}
    return (vector["provider"], vector["method"]) in handshakes or vector["options"].get("verify") is False


TRIED = [vector for vector in VECTORS if vector["provider"] in SCHEMES and not is_handshake(vector)]


def name_of(vector: dict[str, Any]) -> str:
    """A test's id."""
    same = [one for one in TRIED if one["provider"] == vector["provider"]]
    return f"{vector['provider']}-{same.index(vector)}-{'valid' if vector['valid'] else 'invalid'}"


VALID = [vector for vector in TRIED if vector["valid"]]


@pytest.mark.parametrize("vector", TRIED, ids=name_of)
def test_the_verdict(vector: dict[str, Any]) -> None:
    scheme, request = SCHEMES[vector["provider"]], request_of(vector)
    assert scheme.configured(vector["options"])
    if vector["valid"]:
        scheme.verify(request, vector["options"])
        return
    with pytest.raises(Refused) as refusal:
        scheme.verify(request, vector["options"])
    assert refusal.value.reason == "mismatch"


def test_there_are_many() -> None:
    assert len({vector["provider"] for vector in VALID}) >= 85
    assert len(VALID) >= 95


EMPTY: list[dict[str, Any]] = [
    {},
    {"secret": ""},
    {"secret": []},
    {"secret": {}},
    {"secret": None},
    {"public_key": "no"},
]


@pytest.mark.parametrize("name", SCHEMES)
def test_without_credentials_nothing_is_taken(name: str) -> None:
    scheme = SCHEMES[name]
    if getattr(scheme, "fetch", None):
        assert not scheme.missing({}) if hasattr(scheme, "missing") else not scheme.configured({})
        return
    requests = [request_of(vector) for vector in VALID if vector["provider"] == name]
    for options in EMPTY:
        assert not scheme.configured(options)
        for request in requests:
            with pytest.raises(Refused) as refusal:
                scheme.verify(request, options)
            assert refusal.value.reason == "unconfigured"


@pytest.mark.parametrize("vector", VALID, ids=name_of)
def test_present_is_told_from_the_request(vector: dict[str, Any]) -> None:
    scheme = SCHEMES[vector["provider"]]
    assert scheme.present(request_of(vector)) is (vector["options"].get("variant") != "classic")
    empty = Request.make("POST", "https://hub.example.com/x", body=b"{}")
    assert scheme.present(empty) is (vector["provider"] == "strava")


def flipped(data: bytes, rng: random.Random, most: int) -> list[bytes]:
    """Copies with one byte changed, at up to `most` places, and with one more or one less."""
    places = rng.sample(range(len(data)), min(most, len(data)))
    changed = [data[:at] + bytes([data[at] ^ rng.choice((1, 2, 4, 8, 32))]) + data[at + 1 :] for at in places]
    return [*changed, data[:-1], data + (data[-1:] or b"x"), data + b" ", data + b"\n"] if data else [b"x"]


def is_refused(scheme: Any, request: Request, options: dict[str, Any]) -> bool:
    try:
        scheme.verify(request, options)
    except Refused:
        return True
    return False


UNSIGNED = {"content-type", "user-agent", "host"}
LAX = {"ebay", "sinch-voice"}
"""Their header has words beside the signature that nothing depends on."""


@pytest.mark.parametrize("vector", VALID, ids=name_of)
def test_a_changed_body_is_refused_where_it_is_covered(vector: dict[str, Any]) -> None:
    scheme, request = SCHEMES[vector["provider"]], request_of(vector)
    if scheme.covers != "all" or vector["options"].get("variant") == "classic":
        return
    for content in flipped(request.body, random.Random(7), 25):
        if vector["provider"] != "wix" or content.strip() != request.body:
            assert is_refused(scheme, replace(request, body=content), vector["options"]), content


def proofs(vector: dict[str, Any], scheme: Any, request: Request) -> list[str]:
    """The headers without which the request is refused."""
    names = [name for name in vector["headers"] if name.lower() not in UNSIGNED]
    return [name for name in names if is_refused(scheme, request.with_header(name, None), vector["options"])]


@pytest.mark.parametrize("vector", [v for v in VALID if v["provider"] not in LAX], ids=name_of)
def test_a_changed_proof_is_refused(vector: dict[str, Any]) -> None:
    """No signature has a second spelling: base64 and hex are compared as they are written."""
    scheme, request = SCHEMES[vector["provider"]], request_of(vector)
    for name in proofs(vector, scheme, request):
        value = request.header(name) or ""
        if vector["options"].get("legacy"):  # its time is not signed
            value = value.partition(",")[0]
        for raw in flipped(value.encode("latin-1"), random.Random(11), 40):
            text = raw.decode("latin-1")
            if not same_token(text, value, vector["provider"]):
                changed = (request.header(name) or "").replace(value, text)
                assert is_refused(scheme, request.with_header(name, changed), vector["options"]), (name, text)


def test_most_have_a_header_that_is_their_proof() -> None:
    without = [v["provider"] for v in VALID if not proofs(v, SCHEMES[v["provider"]], request_of(v))]
    assert set(without) == {
        "adyen",
        "figma",
        "gumroad",
        "mailgun",
        "microsoft-graph",
        "mollie",
        "strava",
        "wix",
        "zulip",
    }


def same_token(text: str, value: str, provider: str) -> bool:
    """Differences that say the same: the case of a scheme word or of hex, more separators, an unknown pair."""
    if text.lower() == value.lower() and (
        value.startswith(("Bearer ", "Basic ")) or provider in ("authorizenet", "squarespace")
    ):
        return True
    return text.strip(" ,;\n") == value


UNTIMED = {"discord", "paypal", "pusher", "wix"}
"""No time is signed, or the platform sends again with the old one."""


@pytest.mark.parametrize("vector", [v for v in VALID if v["now"] is not None], ids=name_of)
def test_a_right_signature_with_the_wrong_clock_is_stale(vector: dict[str, Any]) -> None:
    scheme, request = SCHEMES[vector["provider"]], request_of(vector)
    late = replace(request, received=request.received + timedelta(days=400))
    timed = vector["provider"] not in UNTIMED
    if not timed:
        scheme.verify(late, vector["options"])
        return
    with pytest.raises(Refused) as refusal:
        scheme.verify(late, vector["options"])
    assert refusal.value.reason == "stale"
    scheme.verify(late, {**vector["options"], "tolerance": float("inf")})
    broken = replace(late, body=late.body + b"x")
    if scheme.covers == "all" and vector["provider"] != "wix":
        with pytest.raises(Refused) as refusal:
            scheme.verify(broken, vector["options"])
        assert refusal.value.reason == "mismatch"
