"""Why a request was refused: each cause made on purpose with real providers; nothing secret is told."""

from __future__ import annotations

import base64
from dataclasses import astuple, replace

import pytest
from diagnose_kit import (
    B64,
    BODY,
    GITHUB,
    HEX,
    NOW,
    SECRET,
    SHA,
    TYPEFORM,
    URL,
    WHSEC,
    WHSEC_BARE,
    Case,
    as_base64,
    as_hex,
    body_case,
    digest,
    github_with,
    http_date,
    late,
    moved,
    pretty,
    provider,
    request,
    seen_as,
    signed,
    source,
    trace,
    url_case,
    written,
)

from hub.diagnose import Cause
from hub.request import Request

HEADERS = {
    "no signature": Case("the request is not signed", "github", request()),
    "sibling": Case(
        "the signature is in the header x-hub-signature; GitHub has it in X-Hub-Signature-256",
        "github",
        moved(signed("github"), GITHUB, "X-Hub-Signature"),
    ),
    "sibling, wrong": Case(
        "the header X-Hub-Signature-256 is missing; there is x-hub-signature",
        "github",
        moved(signed("github", "another-one"), GITHUB, "X-Hub-Signature"),
    ),
    "sibling time": Case(
        "the signature is in the header x-slack-request-time; Slack has it in X-Slack-Request-Timestamp",
        "slack",
        moved(signed("slack"), "X-Slack-Request-Timestamp", "X-Slack-Request-Time"),
    ),
    "all of svix's": Case(
        "the signature is in the header svix-signature; Standard Webhooks has it in webhook-signature",
        "standard-webhooks",
        moved(
            moved(
                moved(signed("standard-webhooks", WHSEC), "webhook-id", "svix-id"),
                "webhook-timestamp",
                "svix-timestamp",
            ),
            "webhook-signature",
            "svix-signature",
        ),
        {"secret": WHSEC},
    ),
    "hex for base64": Case(
        "the signature is written in hex, where base64 is due",
        "typeform",
        written(signed("typeform"), TYPEFORM, as_hex),
    ),
    "base64 for hex": Case(
        "the signature is written in base64, where hex is due", "github", written(signed("github"), GITHUB, as_base64)
    ),
    "base64 of hex": Case(
        "the signature is written in base64 of its hex, where base64 is due",
        "typeform",
        written(
            signed("typeform"), TYPEFORM, lambda value: SHA + base64.b64encode(as_hex(value)[7:].encode()).decode()
        ),
    ),
    "capitals": Case(
        "the signature is written in upper-case hex, where hex is due",
        "github",
        written(signed("github"), GITHUB, lambda value: SHA + value[7:].upper()),
    ),
    "no prefix": Case(
        "the prefix 'sha256=' is missing from X-Hub-Signature-256",
        "github",
        written(signed("github"), GITHUB, lambda value: value[7:]),
    ),
    "no prefix, slack": Case(
        "the prefix 'v0=' is missing from X-Slack-Signature",
        "slack",
        written(signed("slack"), "X-Slack-Signature", lambda value: value[3:]),
    ),
    "stripe in base64": Case(
        "the signature is written in base64, where hex is due",
        "stripe",
        written(signed("stripe"), "Stripe-Signature", as_base64),
    ),
    "bare bearer": Case(
        "the prefix 'Bearer ' is missing from Authorization",
        "generic",
        request(Authorization=SECRET),
        {"secret": SECRET, "scheme": "bearer"},
    ),
    "another platform": Case(
        "it looks like a request of GitHub, not of Stripe",
        "stripe",
        signed("github", "x" * 20).with_header("X-GitHub-Event", "push").with_header("User-Agent", "GitHub-Hookshot/1"),
    ),
}

BODIES = {
    "compact": ("the compact JSON", BODY, pretty(indent=2)),
    "spaced": ("the spaced JSON", pretty(), BODY),
    "indented by 2": ("the indented by 2 JSON", pretty(indent=2), BODY),
    "indented by 4": ("the indented by 4 JSON", pretty(indent=4), BODY),
    "pretty": ("the pretty JSON", pretty(indent=2, separators=(",", " : ")), BODY),
    "sorted": (
        "the compact JSON with its keys sorted",
        pretty(separators=(",", ":"), sort_keys=True),
        BODY,
    ),
    "slashes": ("the compact JSON with `\\/` for slashes", BODY.replace(b"/", b"\\/"), BODY),
    "escapes": ("the compact JSON with `\\u` escapes", BODY.replace("é".encode(), b"\\u00e9"), BODY),
    "php": (
        "the indented by 4 JSON with `\\u` escapes with `\\/` for slashes",
        pretty(indent=4).replace("é".encode(), b"\\u00e9").replace(b"/", b"\\/"),
        BODY,
    ),
    "capital escapes": (
        "the compact JSON with `\\u` escapes with `\\u` in capitals",
        BODY.replace("é".encode(), b"\\u00E9"),
        BODY,
    ),
    "angle brackets": ("the compact JSON with `\\u003c` for `<`", BODY.replace(b"<", b"\\u003c"), BODY),
    "spaced with an end": ("the spaced JSON and a line break at its end", pretty() + b"\n", BODY),
}
ENDINGS = {
    "newline lost": ("the body lost its last line break on its way", BODY + b"\n", BODY),
    "CRLF lost": ("the body lost its last line break (CRLF) on its way", BODY + b"\r\n", BODY),
    "newline gained": ("the body gained a line break at its end on its way", BODY, BODY + b"\n"),
    "space gained": ("the body gained white space around it on its way", BODY, b" " + BODY + b" "),
    "to CRLF": ("the line breaks became CRLF on their way", b"{\n}", b"{\r\n}"),
    "from CRLF": ("the line breaks (CRLF) became LF on their way", b"{\r\n}", b"{\n}"),
    "nothing signed": ("the signature is of an empty body", b"", BODY),
    "form": ("the form was encoded again on its way: the signature has spaces as `%20`", b"a=b%20c", b"a=b+c"),
}
RESERIALISED = "the body was re-serialised on its way: the signature is of "
BODY_CASES = {name: body_case(RESERIALISED + says, sent, seen) for name, (says, sent, seen) in BODIES.items()}
BODY_CASES |= {name: body_case(*values) for name, values in ENDINGS.items()}
BODY_CASES["typeform too"] = Case(
    RESERIALISED + "the spaced JSON", "typeform", replace(signed("typeform", content=pretty()), body=BODY)
)
SECRETS = {
    "white space": github_with(f" {SECRET}\t", SECRET, "the secret has white space around it"),
    "quotes": github_with(f'"{SECRET}"', SECRET, "the secret has quotes around it"),
    "single quotes": github_with(f"'{SECRET}'", SECRET, "the secret has quotes around it"),
    "quotes there": github_with(SECRET, f'"{SECRET}"', "the secret lacks the quotes that the platform's has"),
    "newline there": github_with(
        SECRET, f"{SECRET}\n", "the secret lacks a line break at its end, which the platform's has"
    ),
    "its name": github_with(f"GITHUB_SECRET={SECRET}", SECRET, "the secret has the name of its variable in it"),
    "lower": github_with(SECRET.lower(), SECRET.upper(), "the secret is in other case than the platform's"),
    "hex of it": github_with(HEX, SECRET, "the secret is the hex of the platform's"),
    "base64 of it": github_with(B64, SECRET, "the secret is the base64 of the platform's"),
    "hex there": github_with(SECRET, HEX, "the secret is the decoded form: the platform's is its hex"),
    "base64 there": github_with(SECRET, B64, "the secret is the decoded form: the platform's is its base64"),
    "stripe's prefix left out": Case(
        "the secret lacks its prefix whsec_", "stripe", signed("stripe", WHSEC), {"secret": WHSEC_BARE}
    ),
    "stripe's prefix kept": Case(
        "the secret still has its prefix whsec_", "stripe", signed("stripe", WHSEC_BARE), {"secret": WHSEC}
    ),
    "decoded key": Case(
        "the platform's key is the secret decoded from base64; the hub makes it otherwise",
        "github",
        request(**{GITHUB: SHA + digest(b"\xff\x00 raw bytes \xfe")}),
        {"secret": base64.b64encode(b"\xff\x00 raw bytes \xfe").decode()},
    ),
    "hex key": Case(
        "the platform's key is the secret decoded from hex; the hub makes it otherwise",
        "generic",
        request(**{"X-Signature": digest(bytes.fromhex("ff00aa11" * 4))}),
        {"secret": "ff00aa11" * 4},
    ),
    "text key": Case(
        "the platform's key is the secret's text as it is; the hub makes it otherwise",
        "generic",
        request(**{"X-Signature": digest(WHSEC.encode())}),
        {"secret": WHSEC, "key": "whsec"},
    ),
    "another source's": Case(
        "it is signed with the secret of [providers.github-eu]",
        "github",
        signed("github", "the-eu-secret"),
        others=(("github", "github-eu", {"secret": "the-eu-secret"}),),
    ),
    "another platform's secret": Case(
        "it is signed with the secret of [providers.forms]",
        "github",
        signed("github", "the-eu-secret"),
        others=(("typeform", "forms", {"secret": ["old-old-old", "the-eu-secret"]}),),
    ),
    "another source's request": Case(
        "it is a request of Typeform for [providers.forms]",
        "github",
        signed("typeform", "the-eu-secret"),
        others=(("typeform", "forms", {"secret": "the-eu-secret"}),),
    ),
    "the previous one": Case(
        "it is signed with another secret: the value of GITHUB_SECRET_OLD",
        "github",
        signed("github", "the-old-secret"),
        spares={"the value of GITHUB_SECRET_OLD": "the-old-secret"},
    ),
    "unknown": Case(
        "it is signed with a secret that is not configured in [providers.github], or comes from a stranger",
        "github",
        signed("github", "nobody knows it"),
    ),
    "unknown token": Case(
        "its token is not configured in [providers.tokenish], or it comes from a stranger",
        "tokenish",
        signed("tokenish", "nobody-knows-it"),
    ),
    "token with space": Case(
        "the secret has white space around it", "tokenish", signed("tokenish"), {"secret": f"{SECRET} "}
    ),
    "other hash": Case(
        "the signature is made with sha1, where sha256 is due",
        "github",
        request(**{"X-Hub-Signature": "sha1=" + digest(SECRET.encode(), how="sha1")}),
    ),
    "other hash in its header": Case(
        "the signature is made with sha512, where sha256 is due",
        "generic",
        request(**{"X-Signature": digest(SECRET.encode(), how="sha512")}),
    ),
    "test mode": Case(
        "it is signed with a secret that is not configured in [providers.stripe], perhaps that of the other mode: "
        "the request says livemode = false",
        "stripe",
        signed("stripe", "whsec_of_the_test_mode", b'{"id":"evt_1","livemode":false}'),
    ),
    "test mode's source": Case(
        "it is signed with the secret of [providers.stripe-test]",
        "stripe",
        signed("stripe", "whsec_of_the_test_mode", b'{"id":"evt_1","livemode":false}'),
        others=(("stripe", "stripe-test", {"secret": "whsec_of_the_test_mode"}),),
    ),
    "a white space before the prefix": Case(
        "the secret has white space around it",
        "standard-webhooks",
        signed("standard-webhooks", WHSEC),
        {"secret": f" {WHSEC}"},
    ),
    "none": Case("the source has no usable credentials", "github", signed("github"), {}),
}
TIMES = {
    "late": Case("it was delivered late: 1000 s after it was signed", "stripe", late("stripe", 1000)),
    "very late": Case("it was delivered late: 7200 s (2.0 h) after it was signed", "slack", late("slack", 7200)),
    "days": Case("it was delivered late: 432000 s (5 days) after it was signed", "slack", late("slack", 432_000)),
    "early": Case("the sender's clock is ahead of this machine's by 900 s", "slack", late("slack", -900)),
    "standard": Case(
        "the sender's clock is ahead of this machine's by 900 s",
        "standard-webhooks",
        late("standard-webhooks", -900, WHSEC),
        {"secret": WHSEC},
    ),
    "behind": Case(
        "the sender's clock is behind this machine's by 900 s", "slack", late("slack", 900, Date=http_date(900))
    ),
    "here ahead": Case(
        "this machine's clock is 900 s ahead", "slack", late("slack", 900, **{"X-Amzn-Trace-Id": trace(900)})
    ),
    "here behind": Case(
        "this machine's clock is 900 s behind",
        "slack",
        late("slack", -900, **{"X-Request-Start": f"t={NOW.timestamp() + 900:.3f}"}),
    ),
}
URLS = {
    "scheme": url_case(URL, "http://hub.example.com/webhooks/it"),
    "port": url_case(URL, "https://hub.example.com:8000/webhooks/it"),
    "explicit port": url_case("https://hub.example.com:443/webhooks/it", URL),
    "slash": url_case(f"{URL}/", URL),
    "no slash": url_case(URL, f"{URL}/"),
    "query": url_case(URL, f"{URL}?utm=1"),
    "proxy": url_case(URL, "http://127.0.0.1:8000/webhooks/it", **{"X-Forwarded-Host": "hub.example.com"}),
    "forwarded": url_case(
        URL, "http://127.0.0.1:8000/webhooks/it", Forwarded="for=1.2.3.4;host=hub.example.com;proto=https"
    ),
    "prefix": url_case(
        "https://hub.example.com/in/webhooks/it",
        "http://hub.example.com/webhooks/it",
        **{"X-Forwarded-Prefix": "/in"},
    ),
    "capitals": url_case(URL, "https://HUB.example.com/webhooks/it"),
    "public_url": Case(
        f"the platform signed the URL {URL}",
        "squarish",
        seen_as("http://127.0.0.1:8000/webhooks/it"),
        {"secret": SECRET, "public_url": URL},
    ),
}
CASES = {**HEADERS, **BODY_CASES, **SECRETS, **TIMES, **URLS}


@pytest.mark.parametrize("name", CASES)
def test_the_cause_is_found(name: str) -> None:
    case = CASES[name]
    assert not source(case.source, case.options).examine(case.request).accepted
    cause = case.cause()
    assert cause is not None
    assert cause.sentence.startswith(case.says), cause
    assert cause.evidence and cause.hint


@pytest.mark.parametrize("name", CASES)
def test_no_secret_and_no_right_signature_is_told(name: str) -> None:
    case = CASES[name]
    words = " ".join(astuple(case.cause() or Cause("", "", "")))
    hidden = {SECRET, SECRET.lower(), SECRET.upper(), HEX, B64, WHSEC, WHSEC_BARE, "the-eu-secret", "the-old-secret"}
    hidden |= {str(value) for value in case.options.values() if len(str(value)) > 12 and value != URL}
    hidden |= {text.partition("=")[2] or text for text in given(case.request)}
    scheme = provider(case.source).verify
    if scheme.configured(case.options):
        hidden |= {text.partition("=")[2] or text for text in given(scheme.sign(case.request, case.options))}
    for text in hidden:
        assert text not in words


def given(sent: Request) -> list[str]:
    """The values of its headers that could be signatures."""
    named = [(name.decode(), value.decode("latin-1")) for name, value in sent.headers]
    return [value for name, value in named if "sign" in name or name == "authorization"]


def test_a_secret_in_a_url_is_blotted_out() -> None:
    case = url_case(f"{URL}/{SECRET}", f"http://hub.example.com/webhooks/it/{SECRET}")
    cause = case.cause()
    assert cause is not None
    assert SECRET not in str(cause) and "[secret]" in cause.sentence
