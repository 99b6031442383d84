"""JSON Web Tokens and public keys: claims, times, algorithms, key sets, and how keys stand in a config."""

import base64
import hashlib
import hmac
import json
import sys
import warnings
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest

from hub import Refused, Request
from hub.errors import KeyNeeded, Unreadable
from hub.options import read_options
from hub.signatures import (
    JWT,
    RSA,
    Ed25519,
    claims_of,
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


def test_a_key_set_is_fetched_from_its_host() -> None:
    scheme = JWT("X", algorithms=("ES256",), fetch="https://keys.example.com/jwks")
    options = scheme.credentials()
    token = scheme.sign(REQUEST, options)
    with pytest.raises(KeyNeeded) as needed:
        scheme.verify(token, {})
    fetch = needed.value.fetch
    assert (fetch.url, fetch.hosts) == ("https://keys.example.com/jwks", ("keys.example.com",))
    jwk = jwt.algorithms.ECAlgorithm.to_jwk(jwt.algorithms.ECAlgorithm(None).prepare_key(options["jwks"]), as_dict=True)
    for answer in (json.dumps({"keys": [jwk]}), json.dumps([jwk]), json.dumps(jwk), options["jwks"]):
        scheme.verify(token, {"fetched": {fetch.url: answer}})
    for answer in ("no", "{}", "[]", '{"keys": 1}', '{"keys": [1, {"kty": "EC"}]}', "null"):
        assert reason(scheme, token, {"fetched": {fetch.url: answer}}) == "mismatch"


def test_a_token_names_its_key() -> None:
    scheme = JWT("X", algorithms=("RS256",), option="jwks")
    one, two = scheme.credentials(), scheme.credentials()
    table = {"a": one["jwks"], "b": two["jwks"]}
    right = scheme.sign(REQUEST, {"jwks": {"b": two["jwks"]}, "private_key": two["private_key"]})
    scheme.verify(right, {"jwks": table})
    wrong = scheme.sign(REQUEST, {"jwks": {"c": two["jwks"]}, "private_key": two["private_key"]})
    assert reason(scheme, wrong, {"jwks": table}) == "mismatch"


def token(claims: dict[str, Any], key: str = "s" * 32, algorithm: str = "HS256", **head: Any) -> Request:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return REQUEST.with_header("X", jwt.encode(claims, key, algorithm, headers=head or None))


SECRET = {"secret": "s" * 32}
AT = int(NOW.timestamp())


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({}, None),
        ({"exp": AT - 60}, None),
        ({"exp": AT - 61}, "stale"),
        ({"nbf": AT + 60}, None),
        ({"nbf": AT + 61}, "stale"),
        ({"iat": AT + 61}, "stale"),
        ({"iat": AT - 10_000}, None),
    ],
)
def test_the_times_of_a_token(claims: dict[str, Any], expected: str | None) -> None:
    scheme = JWT("X", algorithms=("HS256",))
    if expected is None:
        scheme.verify(token(claims), SECRET)
    else:
        assert reason(scheme, token(claims), SECRET) == expected


@pytest.mark.parametrize("value", [True, "1", [1], {}, 1e300])
def test_a_time_that_is_none_is_malformed(value: Any) -> None:
    scheme = JWT("X", algorithms=("HS256",))
    payload = base64.urlsafe_b64encode(json.dumps({"exp": value}).encode()).rstrip(b"=")
    head = base64.urlsafe_b64encode(b'{"alg":"HS256"}').rstrip(b"=")
    mac = hmac.digest(b"s" * 32, head + b"." + payload, "sha256")
    text = b".".join((head, payload, base64.urlsafe_b64encode(mac).rstrip(b"=")))
    assert reason(scheme, REQUEST.with_header("X", text.decode()), SECRET) == "malformed"


def test_the_age_of_a_token() -> None:
    scheme = JWT("X", algorithms=("HS256",), tolerance=300)
    scheme.verify(token({"iat": AT - 300}), SECRET)
    assert reason(scheme, token({"iat": AT - 301}), SECRET) == "stale"
    assert reason(scheme, token({}), SECRET) == "malformed"


def test_another_algorithm_is_said() -> None:
    scheme = JWT("X", algorithms=("HS256",))
    assert reason(scheme, token({}, algorithm="HS512"), SECRET) == "algorithm"
    none = jwt.encode({}, None, "none")
    assert reason(scheme, REQUEST.with_header("X", none), SECRET) == "malformed"
    assert reason(scheme, REQUEST.with_header("X", none + "AAAA"), SECRET) == "algorithm"
    assert reason(scheme, token({}, crit=["x"], x=1), SECRET) == "malformed"


def test_a_public_key_is_no_shared_secret() -> None:
    scheme = JWT("X", algorithms=("RS256", "RS512"))
    options = scheme.credentials()
    forged = base64.urlsafe_b64encode(b'{"alg":"HS256"}').rstrip(b"=") + b".e30"
    mac = hmac.digest(options["public_key"].encode(), forged, "sha256")
    text = forged + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")
    assert reason(scheme, REQUEST.with_header("X", text.decode()), options) == "algorithm"
    with pytest.raises(ValueError, match="one family"):
        JWT("X", algorithms=("RS256", "HS256"))


@pytest.mark.parametrize(
    ("claims", "content", "expected"),
    [
        ({"h": hashlib.sha256(b"x").hexdigest()}, b"x", None),
        ({"h": hashlib.sha256(b"y").hexdigest()}, b"x", "mismatch"),
        ({}, b"x", "mismatch"),
        ({"h": None}, b"x", "mismatch"),
        ({"h": [hashlib.sha256(b"x").hexdigest()]}, b"x", None),
        ({}, b"", None),
        ({"h": ""}, b"", "mismatch"),
        ({"h": hashlib.sha256(b"").hexdigest()}, b"", "mismatch"),
    ],
)
def test_a_claim_that_is_there_if_and_only_if_there_is_a_body(
    claims: Any, content: bytes, expected: str | None
) -> None:
    scheme = JWT("X", algorithms=("HS256",), claims={"h": "[{body|sha256|hex}]"})
    request = replace(token(claims), body=content)
    if expected is None:
        scheme.verify(request, SECRET)
    else:
        assert reason(scheme, request, SECRET) == expected


def test_a_claim_may_be_optional_or_any_of_several() -> None:
    scheme = JWT(
        "X", algorithms=("HS256",), claims={"iss": ("a", "b"), "sub": "{option:app}", "ok": "True"}, optional=("sub",)
    )
    options = {**SECRET, "app": "app-1"}
    assert scheme.options()["app"].doc
    assert not scheme.configured(SECRET)
    scheme.verify(token({"iss": "b", "ok": True}), options)
    scheme.verify(token({"iss": "a", "ok": True, "sub": "app-1"}), options)
    for claims in (
        {"iss": "c", "ok": True},
        {"iss": "a", "ok": False},
        {"iss": "a"},
        {"iss": "a", "ok": True, "sub": "x"},
    ):
        assert reason(scheme, token(claims), options) == "mismatch"


def test_the_claims_of_a_body_that_is_a_token() -> None:
    scheme = JWT("{body}", algorithms=("HS256",), claims={"iss": "x"})
    right = scheme.sign(REQUEST, SECRET)
    scheme.verify(right, SECRET)
    assert claims_of(right.text)["iss"] == "x"
    for text in ("", "a.b.c", "no", "e30.W10.AAAA"):
        with pytest.raises(Unreadable):
            claims_of(text)


@pytest.mark.parametrize("scheme", [JWT("X", algorithms=("ES256",), option="jwks"), Ed25519("X"), RSA("X")])
def test_public_keys_in_the_config(scheme: Any) -> None:
    fresh = scheme.credentials()
    (option,) = set(fresh) - {"private_key"}
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "JUO5L_EJVRFHatyDadtt3JM2ZaEZeN2hQE7hBmypVZ0"}
    for value in (fresh[option], [fresh[option]], {"kid": fresh[option]}, {"keys": [jwk]}, [jwk], jwk):
        assert read_options(scheme.options(), {option: value}, "p") == ({option: value}, [])
    for value in (True, 5, [], {}, [5]):
        assert [problem.where for problem in read_options(scheme.options(), {option: value}, "p")[1]] == [f"p.{option}"]


def test_public_keys_as_pages_show_them() -> None:
    scheme = Ed25519("X", "{hex}")
    fresh = scheme.credentials()
    request = scheme.sign(REQUEST, fresh)
    pem = fresh["public_key"]
    der = base64.b64decode("".join(pem.splitlines()[1:-1]))
    for text in (
        pem,
        pem.replace("\n", "\\n"),
        base64.b64encode(der).decode(),
        der[-32:].hex(),
        base64.b64encode(der[-32:]).decode(),
    ):
        scheme.verify(request, {"public_key": text})
    for text in ("", "no", pem[:60], RSA("X").credentials()["public_key"], fresh["private_key"]):
        assert not scheme.configured({"public_key": text})


def test_importing_the_schemes_is_light() -> None:
    import subprocess

    code = "import sys, hub.signatures; print([m for m in ('pydantic', 'cryptography', 'jwt') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
