"""The template language, and the descriptions of headers."""

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest

from hub import Refused, Request, header
from hub.signatures import (
    HMAC,
)
from hub.signatures.template import Absent, compile_template
from hub.signatures.value import compile_form

NOW = datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)
REQUEST = Request.make(
    "PUT",
    "https://hub.example.com/a/b%20c?x=1&y=%C3%A9",
    {"X-Kind": "é", "Content-Type": "application/json"},
    b'{"a": {"b": "text", "n": 1.50, "t": true, "o": {"k": [1]}, "e": "", "z": null}, "u": "\xc3\xa9"}',
    NOW,
)
FORM = Request.make(headers={"Content-Type": "application/x-www-form-urlencoded"}, body="b=2&a=1&b=1&b=2&c=")


def sums(name: str, data: bytes) -> str:
    return hashlib.new(name, data).hexdigest()


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{body}", REQUEST.body),
        ("{method} {path}?{query}", b"PUT /a/b%20c?x=1&y=%C3%A9"),
        ("{url}", REQUEST.url.encode()),
        ("{url|no-query}", b"https://hub.example.com/a/b%20c"),
        ("{timestamp}.{id}.{nonce}", b"1.i.n"),
        ("{header:x-kind}|{query:y}", "é|é".encode().replace(b"\xc3\xa9", b"\xe9", 1)),
        ("{body:a.b}:{body:a.n}:{body:a.t}:{body:a.o}", b'text:1.5:true:{"k":[1]}'),
        ("{option:app}", b"42"),
        ("{body|sha256|hex}", sums("sha256", REQUEST.body).encode()),
        ("{body|md5|base64}", base64.b64encode(hashlib.md5(REQUEST.body).digest())),
        ("{body|sha1|hex}-{body|sha512|hex}", f"{sums('sha1', REQUEST.body)}-{sums('sha512', REQUEST.body)}".encode()),
        ("{method|lower}", b"put"),
        (
            "{body|minified}",
            '{"a":{"b":"text","n":1.5,"t":true,"o":{"k":[1]},"e":"","z":null},"u":"é"}'.encode(),
        ),
        ("{{{method}}} [[x]]", b"{PUT} [x]"),
        ("a[b{body:a.e}c]d[{body:a.b}]", b"adtext"),
        ("[{body:a.z}]:[{body:none}]:[{header:none|sha256|hex}]", b"::"),
    ],
)
def test_templates(template: str, expected: bytes) -> None:
    values = {"timestamp": "1", "id": "i", "nonce": "n", "options": {"app": 42}}
    assert compile_template(template).render(REQUEST, values) == expected


def test_params_are_sorted_and_joined() -> None:
    assert compile_template("{params}").render(FORM, {}) == b"a1b1b2c"
    assert compile_template("{form:b},{form:c}").render(FORM, {}) == b"2,"


def test_the_crc_is_a_number() -> None:
    assert compile_template("{body|crc32}").render(Request.make(body="123456789"), {}) == b"3421780262"


@pytest.mark.parametrize(
    "name", ["{header:none}", "{query:none}", "{form:none}", "{body:none}", "{option:none}", "{id}"]
)
def test_an_absent_value_is_said(name: str) -> None:
    with pytest.raises(Absent) as absent:
        compile_template(f"x{name}").render(REQUEST, {"options": {}})
    assert absent.value.name == name[1:-1]


@pytest.mark.parametrize(
    "text",
    [
        "{bdy}",
        "{body",
        "body}",
        "[{body}",
        "{body}]",
        "{body|sha3}",
        "{header}",
        "{header:}",
        "{x:y}",
        "{}",
        "[[{body}]",
    ],
)
def test_a_wrong_template_is_an_error_of_the_plugin(text: str) -> None:
    with pytest.raises(ValueError, match=r"template|brackets"):
        HMAC("X", signed=text)


def test_nothing_from_a_request_is_a_template() -> None:
    request = Request.make(headers={"X-A": "{body}[{url}]"}, body="secret {option:app}")
    assert compile_template("{header:X-A}.{body}").render(request, {"options": {"app": 1}}) == (
        b"{body}[{url}].secret {option:app}"
    )


@pytest.mark.parametrize(
    ("signed", "covers"),
    [
        ("{body}", "all"),
        ("{timestamp}.{body|sha256|hex}", "all"),
        ("[{body}]", "all"),
        ("{body|minified}", "part"),
        ("{params}", "part"),
        ("{url}{body:a}", "part"),
        ("{form:payload}", "part"),
        ("{url}{query}{header:x}", "none"),
        (("{body}", "{body}{timestamp}"), "all"),
        (("{body}", "{url}"), "none"),
        (lambda request: request.body, "part"),
    ],
)
def test_what_is_covered_is_told_from_the_template(signed: Any, covers: str) -> None:
    assert HMAC("X", signed=signed, timestamp=header("T")).covers == covers


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("{hex}", "abc", [(["abc"], {})]),
        ("HMAC {base64}", "HMAC ab==", [(["ab=="], {})]),
        ("sha256={base64}", "sha256=ab==", [(["ab=="], {})]),
        ("v1={hex}", "v1=a,v1=b,v2=c", [(["a", "b"], {})]),
        ("t={timestamp},v1={hex}", "t=1,v1=a,v0=x,v1=b", [(["a", "b"], {"timestamp": "1"})]),
        ("t={timestamp},v1={hex}", "v1=a; t=1", [(["a"], {"timestamp": "1"})]),
        (
            "t={timestamp},v1={hex}",
            "t=1,v1=a t=2,v1=b",
            [(["a"], {"timestamp": "1"}), (["b"], {"timestamp": "2"})],
        ),
        ("t={timestamp},v1={hex}", "v1=a", None),
        ("t={timestamp},v1={hex}", "t=1", None),
        ("{timestamp},{hex}...", "1,a,b", [(["a", "b"], {"timestamp": "1"})]),
        ("{timestamp},{hex}...", "1", None),
        ("v1,{base64} ...", "v1,a v2,x v1,b", [(["a"], {}), (["b"], {})]),
        ("{keyid}/SHA256/{hex}", "k/SHA256/a", [(["a"], {"keyid": "k"})]),
        ("{keyid}/SHA256/{hex}", "k/SHA512/a", None),
    ],
)
def test_forms_of_headers(form: str, text: str, expected: Any) -> None:
    if expected is None:
        with pytest.raises(Refused) as refusal:
            compile_form(form).read(text, "the header X")
        assert refusal.value.reason == "malformed"
        return
    assert [(group.signatures, group.values) for group in compile_form(form).read(text, "the header X")] == expected


@pytest.mark.parametrize("text", ["", "t={timestamp}", "{hex}{base64}", "{sha}", "x={option:y}:{hex}", "{hex"])
def test_a_wrong_form_is_an_error_of_the_plugin(text: str) -> None:
    with pytest.raises(ValueError, match=r"place|needs"):
        HMAC("X", text)
