"""The rules of the schemes: why a request is refused, the clock, the choice of a mode."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import pytest

from hub import Refused, Request, body, header, items
from hub.signatures import (
    ECDSA,
    HMAC,
    RSA,
    AllOf,
    Basic,
    Configured,
    Custom,
    Each,
    Ed25519,
    Hash,
    OneOf,
    StandardWebhooks,
    Token,
    Unsigned,
)

NOW = datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)
REQUEST = Request.make(
    "PUT",
    "https://hub.example.com/a/b%20c?x=1&y=%C3%A9",
    {"X-Kind": "é", "Content-Type": "application/json"},
    b'{"a": {"b": "text", "n": 1.50, "t": true, "o": {"k": [1]}, "e": "", "z": null}, "u": "\xc3\xa9"}',
    NOW,
)


def reason(scheme: Any, request: Request, options: dict[str, Any]) -> str:
    with pytest.raises(Refused) as refusal:
        scheme.verify(request, options)
    return refusal.value.reason


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "missing"),
        ("", "missing"),
        ("sha512=" + "0" * 128, "algorithm"),
        ("foo=" + "0" * 64, "algorithm"),
        ("SHA512=abc", "algorithm"),
        ("0" * 64, "malformed"),
        ("sha256=", "malformed"),
        ("sha512=", "malformed"),
        ("WmOfrri3cxrN6HMjsUgxdZqLmNSEpuyx4IZbnVtdumU=", "malformed"),
        ("=abc", "malformed"),
        ("sha256=" + "0" * 64, "mismatch"),
        ("sha256=é", "mismatch"),
    ],
)
def test_why_a_hash_is_refused(value: str | None, expected: str) -> None:
    scheme = HMAC("X-Signature", "sha256={base64}")
    assert reason(scheme, REQUEST.with_header("X-Signature", value), {"secret": "s"}) == expected


def test_a_versions_word_is_no_algorithm() -> None:
    scheme = HMAC("X", "v0={hex}")
    assert reason(scheme, REQUEST.with_header("X", "v1=" + "0" * 64), {"secret": "s"}) == "malformed"


def signed(scheme: Any, at: datetime = NOW, **options: Any) -> Request:
    made: Request = scheme.sign(replace(REQUEST, received=at), {"secret": "s", **options})
    return made


TIMED = HMAC("X", "t={timestamp},v1={hex}", "{timestamp}.{body}")


@pytest.mark.parametrize(
    ("scheme", "age", "stale"),
    [
        (TIMED, 300, False),
        (TIMED, 301, True),
        (TIMED, -300, False),
        (TIMED, -301, True),
        (HMAC("X", "t={timestamp},v1={hex}", "{timestamp}.{body}", ahead=float("inf")), -1e6, False),
        (HMAC("X", "t={timestamp},v1={hex}", "{timestamp}.{body}", ahead=0), -1, True),
        (HMAC("X", "t={timestamp},v1={hex}", "{timestamp}.{body}", tolerance=None), 1e8, False),
    ],
)
def test_the_clock(scheme: HMAC, age: float, stale: bool) -> None:
    request = signed(scheme)
    received = replace(request, received=NOW + timedelta(seconds=age))
    if stale:
        assert reason(scheme, received, {"secret": "s"}) == "stale"
        assert reason(scheme, received, {"secret": "t"}) == "mismatch"
    else:
        scheme.verify(received, {"secret": "s"})


def test_a_source_may_set_its_tolerance() -> None:
    request = replace(signed(TIMED), received=NOW + timedelta(seconds=100))
    assert reason(TIMED, request, {"secret": "s", "tolerance": 99.0}) == "stale"
    TIMED.verify(replace(request, received=NOW + timedelta(days=9)), {"secret": "s", "tolerance": float("inf")})


@pytest.mark.parametrize("written", ["nan", "inf", "1e999", "soon", "9" * 40, "-", "0x10"])
def test_a_signed_time_that_is_none_is_malformed(written: str) -> None:
    digest = hmac.digest(b"s", written.encode() + b"." + REQUEST.body, "sha256").hex()
    assert reason(TIMED, REQUEST.with_header("X", f"t={written},v1={digest}"), {"secret": "s"}) == "malformed"


def test_the_time_of_the_signature_that_matches_counts() -> None:
    old = signed(TIMED, NOW - timedelta(days=1)).header("X")
    fresh = f"t={int(NOW.timestamp())},v1={'0' * 64}"
    for both in (f"{old} {fresh}", f"{fresh} {old}"):
        assert reason(TIMED, REQUEST.with_header("X", both), {"secret": "s"}) == "stale"


def test_hex_is_lower_case_unless_it_is_any_case() -> None:
    lower, either = HMAC("X", "{hex}"), HMAC("X", "{HEX}")
    digest = str(lower.sign(REQUEST, {"secret": "s"}).header("X"))
    assert reason(lower, REQUEST.with_header("X", digest.upper()), {"secret": "s"}) == "mismatch"
    for text in (digest, digest.upper(), digest.title()):
        either.verify(REQUEST.with_header("X", text), {"secret": "s"})


def test_a_public_keys_signature_has_one_spelling() -> None:
    for scheme in (Ed25519("X", "{hex}"), Ed25519("X", "{base64}"), ECDSA("X"), RSA("X", "{base64url}")):
        options = scheme.credentials()
        text = str(scheme.sign(REQUEST, options).header("X"))
        for other in (
            text.swapcase(),
            text + "=",
            text + "\n",
            f" {text}",
            text[:4] + "\n" + text[4:],
            text.rstrip("="),
        ):
            if other != text:
                assert reason(scheme, REQUEST.with_header("X", other), options) in ("mismatch", "malformed")


def test_der_is_read_strictly() -> None:
    scheme = ECDSA("X")
    options = scheme.credentials()
    raw = base64.b64decode(scheme.sign(REQUEST, options).header("X") or "")
    size = raw[3]
    longer = b"\x30" + bytes([raw[1] + 1]) + b"\x02" + bytes([size + 1]) + b"\x00" + raw[4:]
    for other in (raw + b"\x00", longer, b"\x30\x81" + raw[1:], raw[:-1]):
        assert reason(scheme, REQUEST.with_header("X", base64.b64encode(other).decode()), options) == "mismatch"


def test_a_key_is_picked_by_its_id() -> None:
    scheme = HMAC("X", keyid=header("X-Key"))
    table = {"secret": {"a": "one", "b": "two"}}
    request = HMAC("X").sign(REQUEST, {"secret": "two"})
    scheme.verify(request.with_header("X-Key", "b"), table)
    assert reason(scheme, request.with_header("X-Key", "a"), table) == "mismatch"
    assert reason(scheme, request.with_header("X-Key", "c"), table) == "mismatch"


def test_a_required_header_tells_schemes_apart() -> None:
    scheme = HMAC("X", require={"X-Version": "2"})
    right = signed(scheme)
    assert right.header("X-Version") == "2"
    assert reason(scheme, right.with_header("X-Version", None), {"secret": "s"}) == "missing"
    assert reason(scheme, right.with_header("X-Version", "1"), {"secret": "s"}) == "algorithm"
    assert not scheme.present(right.with_header("X-Version", "1"))


def test_a_required_header_may_be_an_option() -> None:
    scheme = HMAC("X", require={"X-App": "{option:app}"})
    right = signed(scheme, app="a1")
    assert (right.header("X-App"), scheme.present(right)) == ("a1", True)
    scheme.verify(right, {"secret": "s", "app": "a1"})
    assert reason(scheme, right, {"secret": "s", "app": "a2"}) == "mismatch"
    assert reason(scheme, right, {"secret": "s"}) == "unconfigured"
    assert not scheme.configured({"secret": "s"})


def test_a_required_header_may_be_an_option_that_is_left_out() -> None:
    scheme = HMAC("X", require={"X-App": "[{option:app}]"})
    request = Request.make(headers={"X-App": "any"}, body="{}")
    sent = scheme.sign(request, {"secret": "s"})
    assert (sent.header("X-App"), scheme.configured({"secret": "s"})) == ("any", True)
    scheme.verify(sent, {"secret": "s"})
    assert reason(scheme, sent, {"secret": "s", "app": "a1"}) == "mismatch"
    scheme.verify(scheme.sign(request, {"secret": "s", "app": "a1"}), {"secret": "s", "app": "a1"})


def test_what_else_a_required_header_is_made_of_may_not_be_left_out() -> None:
    scheme = HMAC("X", require={"X-App": "[{option:app}.{header:X-Part}]"})
    options = {"secret": "s", "app": "a1"}
    request = Request.make(headers={"X-Part": "p", "X-App": "another"}, body="{}")
    scheme.verify(scheme.sign(request, options), options)
    assert reason(scheme, HMAC("X").sign(request.with_header("X-Part", None), options), options) == "mismatch"


BOTH = OneOf(signed=StandardWebhooks(), token=Token("X-Token"))


def test_a_bad_signature_is_not_saved_by_a_good_token() -> None:
    options = {"secret": "whsec_" + base64.b64encode(b"k" * 24).decode()}
    request = BOTH.sign(REQUEST, options).with_header("X-Token", options["secret"])
    BOTH.verify(request, options)
    assert reason(BOTH, replace(request, body=b"{}"), options) == "mismatch"


def test_a_mode_that_proves_nothing_is_taken_only_by_name() -> None:
    scheme = OneOf(next=HMAC("X"), classic=Unsigned())
    assert not scheme.configured({})
    assert reason(scheme, REQUEST, {}) == "unconfigured"
    assert reason(scheme, REQUEST, {"secret": "s"}) == "missing"
    assert scheme.configured({"variant": "classic"})
    scheme.verify(REQUEST, {"variant": "classic"})
    assert reason(scheme, REQUEST, {"variant": "next", "secret": "s"}) == "missing"
    assert reason(scheme, REQUEST, {"variant": "next"}) == "unconfigured"
    assert not Unsigned().configured({})
    assert reason(Unsigned(), REQUEST, {}) == "unconfigured"


def test_an_unknown_mode_is_refused() -> None:
    scheme = OneOf(a=HMAC("X"), b=Unsigned())
    assert not scheme.configured({"variant": "c", "secret": "s"})
    assert reason(scheme, scheme.sign(REQUEST, {"secret": "s"}), {"variant": "c", "secret": "s"}) == "unconfigured"


def test_the_named_mode_is_the_only_one() -> None:
    scheme = OneOf(new=HMAC("X"), old=HMAC("Y", hash="sha1"))
    old = scheme.sign(REQUEST, {"secret": "s", "variant": "old"})
    scheme.verify(old, {"secret": "s"})
    assert reason(scheme, old, {"secret": "s", "variant": "new"}) == "missing"


def test_a_mode_is_chosen_by_what_goes_with_it() -> None:
    scheme = OneOf(timed=HMAC("X", "{hex}", "{timestamp}.{body}", timestamp=header("T")), plain=HMAC("X", hash="sha1"))
    for mode in ("timed", "plain"):
        scheme.verify(scheme.sign(REQUEST, {"secret": "s", "variant": mode}), {"secret": "s"})


def test_a_described_scheme_is_chosen_as_it_is_described() -> None:
    def named(*, header: Annotated[str, "Its name."] = "X-Default") -> Token:
        return Token(header)

    scheme = OneOf(hmac=HMAC("X"), token=Configured(named))
    options = {"secret": "s", "header": "X-Mine"}
    scheme.verify(REQUEST.with_header("X-Mine", "s"), options)
    assert reason(scheme, REQUEST.with_header("X-Mine", "t"), options) == "mismatch"
    assert reason(scheme, REQUEST.with_header("X-Default", "s"), options) == "missing"
    assert scheme.options()["header"].doc == "Its name."


def test_all_that_are_configured_must_hold() -> None:
    scheme = AllOf(HMAC("X"), Token("Y", option="token"))
    both = {"secret": "s", "token": "t"}
    right = scheme.sign(REQUEST, both)
    scheme.verify(right, both)
    assert reason(scheme, right.with_header("X", None), both) == "missing"
    assert reason(scheme, right.with_header("Y", "u"), both) == "mismatch"
    scheme.verify(right.with_header("Y", None), {"secret": "s"})
    assert reason(scheme, right, {}) == "unconfigured"
    assert scheme.covers == "all"


def test_every_item_is_proven() -> None:
    scheme = Each(items("list[]"), HMAC(body("mac"), "{hex}", "{body:n}"))
    right = scheme.sign(Request.make(body='{"list": [{"n": 1}, {"n": 2}], "x": 3}'), {"secret": "s"})
    scheme.verify(right, {"secret": "s"})
    first, second = right.json["list"]
    for broken in ([first, {**second, "n": 3}], [first, {"n": 2}], [{**second, "mac": first["mac"]}], [first, 4], []):
        content = json.dumps({"list": broken})
        assert reason(scheme, replace(right, body=content.encode()), {"secret": "s"}) in ("mismatch", "missing")
    assert reason(scheme, replace(right, body=b"no"), {"secret": "s"}) == "missing"
    assert scheme.covers == "part"


def test_a_custom_function_that_says_no_is_a_refusal() -> None:
    scheme = Custom(lambda request, *, secret: request.header("x") == secret)
    scheme.verify(REQUEST.with_header("X", "s"), {"secret": "s"})
    assert reason(scheme, REQUEST.with_header("X", "t"), {"secret": "s"}) == "mismatch"
    assert reason(scheme, REQUEST, {}) == "unconfigured"


def test_a_token_is_compared_as_bytes() -> None:
    scheme = Token("X")
    for text in ("pässwörd", "\u20ac", "a b"):
        scheme.verify(REQUEST.with_header("X", text), {"secret": text})
    assert reason(scheme, REQUEST.with_header("X", "p?ssw?rd"), {"secret": "pässwörd"}) == "mismatch"
    assert reason(Token(body("a.t")), REQUEST, {"secret": "1"}) == "mismatch"
    assert reason(Token(body("u")), replace(REQUEST, body='{"u": "Ł?"}'.encode()), {"secret": "??"}) == "mismatch"


def test_basic_credentials() -> None:
    scheme, options = Basic(), {"username": "Aladdin", "password": "open sesame"}
    right = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="  # RFC 7617, 2
    assert scheme.sign(REQUEST, options).header("Authorization") == right
    scheme.verify(REQUEST.with_header("Authorization", right.replace("Basic", "basic")), options)
    for text in ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZR==", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ", "Bearer x"):
        assert reason(scheme, REQUEST.with_header("Authorization", text), options) == "malformed"
    assert reason(scheme, REQUEST, options) == "missing"
    assert reason(scheme, REQUEST.with_header("Authorization", right), {"username": "Aladdin"}) == "unconfigured"


def test_a_plain_hash_needs_its_secret() -> None:
    scheme = Hash("X", "{hex}", "{secret}-{body}")
    expected = hashlib.sha256(b"s-" + REQUEST.body).hexdigest()
    assert scheme.sign(REQUEST, {"secret": "s"}).header("X") == expected
    with pytest.raises(ValueError, match="secret"):
        Hash("X", "{hex}", "{body}")


def test_a_function_is_not_asked_without_what_it_wants() -> None:
    def text(request: Request, *, timestamp: str) -> str:
        return f"{timestamp.strip()}{request.text}"

    scheme = HMAC("X", "{hex}", text, timestamp=header("X-T"), covers="all")
    right = scheme.sign(REQUEST, {"secret": "s"})
    scheme.verify(right, {"secret": "s"})
    assert reason(scheme, right.with_header("X-T", None), {"secret": "s"}) == "missing"


def test_the_case_of_a_headers_name_says_nothing() -> None:
    scheme = HMAC("X-Signature", "{hex}", "{header:X-Kind}{body}")
    right = scheme.sign(REQUEST, {"secret": "s"})
    shouted = [(name.decode().upper(), value.decode("latin-1")) for name, value in right.headers]
    scheme.verify(Request.make(right.method, right.url, shouted, right.body, right.received), {"secret": "s"})


class Picky(HMAC):
    """Takes less than any HMAC."""

    def check(self, key: Any, message: bytes, signatures: Any) -> bool:
        """Only from who has the long key."""
        return len(key.value) > 5 and super().check(key, message, signatures)


class Needy(HMAC):
    """Needs another option."""

    def missing(self, options: Any) -> list[str]:
        """It is `account`."""
        return [] if options.get("account") else ["account"]


@pytest.mark.parametrize("kind", [Picky, Needy])
def test_a_stricter_scheme_of_a_plugin_stays_stricter(kind: type[HMAC]) -> None:
    scheme = kind("X-Signature")
    signed = HMAC("X-Signature").sign(REQUEST, {"secret": "short"})
    HMAC("X-Signature").verify(signed, {"secret": "short"})
    with pytest.raises(Refused):
        scheme.verify(signed, {"secret": "short"})
