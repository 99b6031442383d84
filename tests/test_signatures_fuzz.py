"""Whatever a stranger sends, a scheme answers with Refused: odd headers, bodies, forms, URLs and times."""

import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from signature_kit import MORE, SCHEMES

from hub import Refused, Request
from hub.errors import KeyNeeded

ALL = {**SCHEMES, **MORE}
NOW = datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)
TEXTS = [
    "",
    " ",
    "=",
    ",",
    ";;,,  ==",
    "t=",
    "t=nan,v1=00",
    "t=inf,v1=00",
    "t=1e999,v1=" + "0" * 64,
    "t=" + "9" * 400 + ",v1=" + "0" * 64,
    "t=-1,v1=é",
    "sha256=",
    "sha256=\xff\xfe",
    "sha256=" + "0" * 64,
    "sha512=" + "0" * 128,
    "v1," + "A" * 44,
    "v1a," + "A" * 88,
    "v1,v1,v1 v1, ,v1",
    "{hex}",
    "{body}",
    "[[",
    "%s%n",
    "\x00",
    "None",
    "Basic",
    "Basic =",
    "Basic " + "!" * 20,
    "Basic " + "A" * 5000,
    "Bearer",
    "Bearer a.b.c",
    "Bearer eyJhbGciOiJub25lIn0.e30.",
    "eyJhbGciOiJub25lIn0.e30.AAAA",
    "eyJhbGciOiJSUzI1NiJ9.e30.AAAA",
    "eyJhbGciOiJIUzI1NiIsImtpZCI6W119.W10.AAAA",
    "eyJhbGciOlsiSFMyNTYiXX0.e30.AAAA",
    "..",
    "A" * 20_000,
    "0" * 64,
    "0" * 128,
    "MEUCIQ==",
    "A" * 88,
    "1/SHA256/" + "0" * 64,
    "//SHA256//SHA256/" * 50,
    "Service a:b:c:" + "A" * 44,
    "t=1," * 5000,
    "v1=00," * 5000,
    "v1,AAAA " * 5000,
]
BODIES = [
    b"",
    b"{}",
    b"[]",
    b"[1, null, [], {}]",
    b"null",
    b'"x"',
    b"\xff\xfe\x00",
    b"[" * 50_000,
    b'{"a":' * 3000,
    b'{"value": {"clientState": 1}, "notificationItems": [1, null, {"NotificationRequestItem": []}]}',
    b'{"notificationItems": [{"NotificationRequestItem": {"additionalData": {"hmacSignature": [1]}}}]}',
    b'{"signature": {"timestamp": {}, "token": [], "signature": NaN}, "webhookTimestamp": 1e400, "token": {}}',
    b'{"signature": "\\ud800", "token": "\\ud800", "passcode": "\\ud800", "clientState": true}',
    b"payload=%ff%fe&signature=%00&%=&&=&payload=2",
    b"--x\r\nContent-Disposition: form-data; name*=utf-8''%ff\r\n\r\nx",
]
KINDS = [
    None,
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    'multipart/form-data; boundary="\xff',
]
URLS = ["https://hub.example.com/x", "https://[", "https://h/?sig=%00&t=nan&token=%ff&data.id=\x00", "", "https://h:x/"]
TIMES = [
    "nan",
    "inf",
    "-inf",
    "9" * 30,
    "-1",
    "0",
    "1e3",
    "",
    "é",
    "2025-99-99",
    "Thu, 99 Foo",
    "\x00",
    "[]",
    "1760000000",
]


def names(scheme: Any) -> set[str]:
    """The headers that a scheme reads, as far as it says so."""
    found = {"authorization", "x-signature", "content-type"}
    for part in (scheme, *getattr(scheme, "modes", {}).values(), *getattr(scheme, "schemes", ())):
        places = [getattr(part, "place", None), *getattr(part, "places", ()), *getattr(part, "outside", {}).values()]
        found |= {place.name for place in [*places, *getattr(part, "require", {})] if hasattr(place, "name")}
    return found


def refused(scheme: Any, request: Request, options: dict[str, Any]) -> str:
    scheme.present(request)
    try:
        scheme.verify(request, options)
    except Refused as refusal:
        assert refusal.text
        assert len(refusal.text) < 500
        return refusal.reason
    except KeyNeeded:
        return "key"
    pytest.fail(f"accepted {request.headers} {request.body[:200]!r}")


def options_of(name: str) -> dict[str, Any]:
    fresh: dict[str, Any] = ALL[name].credentials()
    return fresh


@pytest.mark.parametrize("name", ALL)
def test_odd_requests_are_refused(name: str) -> None:
    scheme, options, rng = ALL[name], options_of(name), random.Random(name)
    keys = sorted(names(scheme))
    for _ in range(150):
        headers = [(key, rng.choice(TEXTS)) for key in rng.sample(keys, rng.randint(0, len(keys)))]
        kind = rng.choice(KINDS)
        if kind is not None:
            headers.append(("Content-Type", kind))
        request = Request.make(rng.choice(("GET", "POST")), rng.choice(URLS), headers, rng.choice(BODIES), NOW)
        refused(scheme, request, options)


@pytest.mark.parametrize("name", ALL)
def test_odd_changes_of_a_right_request_are_refused(name: str) -> None:
    """Most of the request is right, so that the code behind the first check is reached."""
    scheme, options = ALL[name], options_of(name)
    if name in ("travis-ci", "twilio", "mandrill", "form-signature"):
        request = Request.make(headers={"Content-Type": KINDS[2] or ""}, body="payload=1&b=2", received=NOW)
    else:
        content = '{"notificationItems": [{"NotificationRequestItem": {"a": 1}}], "value": [{"id": 1}]}'
        request = Request.make(headers={"Content-Type": "application/json"}, body=content, received=NOW)
    if not hasattr(scheme, "modes") and type(scheme).__name__ == "Custom":
        return
    right = scheme.sign(request, options)
    scheme.verify(right, options)
    for key in {header.decode() for header, _ in right.headers} - {"content-type"}:
        for text in (*TEXTS, *TIMES):
            changed = right.with_header(key, text)
            if text != right.header(key) and is_read(scheme, right, key, options):
                refused(scheme, changed, options)
    if scheme.covers == "all":
        for content in BODIES:
            for kind in KINDS[:3]:
                refused(scheme, replace(right, body=content).with_header("content-type", kind), options)


def is_read(scheme: Any, right: Request, key: str, options: dict[str, Any]) -> bool:
    """Does the scheme depend on the header?"""
    try:
        scheme.verify(right.with_header(key, "\x01 neither"), options)
    except Refused:
        return True
    return False
