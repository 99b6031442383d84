"""Requests with a known verdict: published by platforms, made or verified by SDKs, or computed from what is documented.

`vectors/README.md` says where they come from.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from provider_kit import builtin

from hub import Refused, Request, signatures
from hub.loader import builtin_names, load_plugins
from hub.provider import Scheme
from hub.signatures import AllOf, Configured, Each, OneOf, StandardWebhooks
from hub.testing import receive

FOLDER = Path(__file__).parent / "vectors"
VECTORS: list[dict[str, Any]] = [
    vector for name in ("vectors", "sdk") for vector in json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
]
KNOWN = [vector for vector in VECTORS if vector["provider"] in builtin_names("providers")]
FOREIGN = ("docs", "sdk-test", "sdk-generated", "sdk-accepted")
"""Origins whose verdict is not the hub's own."""


def name_of(vector: dict[str, Any]) -> str:
    verdict = "valid" if vector["valid"] else "invalid"
    return f"{VECTORS.index(vector)}-{vector['provider'] or vector['scheme']['class']}-{vector['origin']}-{verdict}"


def request_of(vector: dict[str, Any]) -> Request:
    at = datetime.fromtimestamp(vector["now"] or 1_760_000_000, UTC)
    body = base64.b64decode(vector["body_b64"])
    return Request.make(vector["method"], vector["url"], vector["headers"], body, at)


@pytest.mark.parametrize("vector", KNOWN, ids=name_of)
async def test_vector(vector: dict[str, Any]) -> None:
    outcome = await receive(
        vector["provider"],
        vector["options"],
        method=vector["method"],
        url=vector["url"],
        headers=vector["headers"],
        body=base64.b64decode(vector["body_b64"]),
        now=vector["now"],
    )
    assert outcome.accepted is vector["valid"], f"{outcome.reason}: {outcome.detail} ({vector['note']})"


NAMED = {("mollie", "classic")}
"""Modes that prove nothing, which a config has to name."""


@pytest.mark.parametrize("vector", [vector for vector in KNOWN if vector["valid"]], ids=name_of)
async def test_valid_vector_without_its_headers_is_refused(vector: dict[str, Any]) -> None:
    """That a vector is accepted says something only if its proof matters."""
    outcome = await receive(
        vector["provider"],
        {name: value for name, value in vector["options"].items() if name != "verify"},
        method=vector["method"],
        url=vector["url"].partition("?")[0],
        headers={"content-type": "application/json"},
        body=b'{"proof": "none"}',
        now=vector["now"],
    )
    unproven = (
        vector["options"].get("verify") is False or (vector["provider"], vector["options"].get("variant")) in NAMED
    )
    assert not outcome.accepted or outcome.stage == "handshake" or unproven


@pytest.mark.parametrize("vector", [vector for vector in VECTORS if vector["provider"] is None], ids=name_of)
def test_scheme(vector: dict[str, Any]) -> None:
    """Forms that no provider has."""
    described, request = vector["scheme"], request_of(vector)
    scheme: Scheme = getattr(signatures, described["class"])(*described["arguments"], **described["more"])
    scheme.verify(request, vector["options"])
    proof = request.header("X-Signature") or ""
    at = len(proof) // 2
    changed = (
        replace(request, body=request.body + b"\n"),
        request.with_header("X-Signature", proof[:at] + chr(ord(proof[at]) ^ 1) + proof[at + 1 :]),
    )
    for other in changed:
        with pytest.raises(Refused):
            scheme.verify(other, vector["options"])


ACCEPTED = [vector for vector in KNOWN if vector["origin"] == "sdk-accepted" and vector["body_b64"]]
UNCOVERED = {"alertmanager", "chargebee", "cloudevents", "google-chat", "google-play-rtdn", "google-pubsub"} | {
    *("brevo", "mailgun", "mailjet", "mercadopago", "plivo-v2", "postmark", "sparkpost", "telegram", "wechat"),
}
"""Their proofs do not cover the body, in one of their modes at least."""


@pytest.mark.parametrize("vector", [one for one in ACCEPTED if one["provider"] not in UNCOVERED], ids=name_of)
async def test_with_another_body_it_is_refused_as_the_library_refused_it(vector: dict[str, Any]) -> None:
    outcome = await receive(
        vector["provider"],
        vector["options"],
        method=vector["method"],
        url=vector["url"],
        headers=vector["headers"],
        body=base64.b64decode(vector["body_b64"]).replace(b"e", b"3"),
        now=vector["now"],
    )
    assert not outcome.accepted


KEYS = {"public_key", "public_keys", "jwks", "certificate", "root_certificates", "encoding_aes_key"}
"""Options of schemes whose private key is not in the vectors, or that have something random in what they sign."""
SIGNED = [vector for vector in KNOWN if vector["origin"] == "sdk-accepted" and not KEYS & vector["options"].keys()]


@pytest.mark.parametrize("vector", SIGNED, ids=name_of)
def test_the_hub_still_signs_as_a_library_accepted_it(vector: dict[str, Any]) -> None:
    provider = builtin(vector["provider"])
    request = request_of(vector)
    schemes = getattr(provider.verify, "modes", {"": provider.verify}).values()
    signed = [one.sign(request, vector["options"]) for one in schemes if one.configured(vector["options"])]
    assert any((one.url, one.body, one.fields) == (request.url, request.body, request.fields) for one in signed), (
        vector["note"]
    )


def parts(scheme: Scheme) -> Iterator[Scheme]:
    """The scheme, and those that it is made of."""
    yield scheme
    match scheme:
        case OneOf():
            inner: Any = scheme.modes.values()
        case AllOf():
            inner = scheme.schemes
        case Configured():
            inner = scheme.examples
        case Each():
            inner = (scheme.scheme,)
        case _:
            inner = ()
    for one in inner:
        yield from parts(one)


def accepts(scheme: Scheme, vector: dict[str, Any]) -> bool:
    try:
        scheme.verify(request_of(vector), {"public_url": vector["url"], **vector["options"]})
    except Refused:
        return False
    return True


def test_each_scheme_is_proven_by_others() -> None:
    """Everything in `hub.signatures` verifies something that was made, or is accepted, by code that is not ours."""
    plugins, proven = load_plugins(installed=False), set[type]()
    for vector in KNOWN:
        if vector["valid"] and vector["origin"] in FOREIGN:
            schemes = parts(plugins.provider(vector["provider"]).verify)
            proven |= {kind for one in schemes if accepts(one, vector) for kind in type(one).__mro__}
    schemes = {thing for name in signatures.__all__ if hasattr(thing := getattr(signatures, name), "verify")}
    assert schemes - proven <= {signatures.Scheme, signatures.Unsigned}
    assert isinstance(StandardWebhooks(), OneOf)


PUBLISHED = {"github", "slack", "stripe", "standard-webhooks"}


def test_the_published_ones_are_there() -> None:
    there = {vector["provider"] for vector in VECTORS if vector["origin"] in FOREIGN and vector["valid"]}
    assert there >= PUBLISHED
    assert set(builtin_names("providers")) >= PUBLISHED
