"""Requests with a known verdict: published by platforms, made by their SDKs, or computed from the documented scheme."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from hub.loader import builtin_names
from hub.testing import receive

FILE = Path(__file__).parent / "vectors" / "vectors.json"
VECTORS: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))


def name_of(vector: dict[str, Any]) -> str:
    return (
        f"{VECTORS.index(vector)}-{vector['provider']}-{vector['origin']}-{'valid' if vector['valid'] else 'invalid'}"
    )


@pytest.mark.parametrize("vector", [v for v in VECTORS if v["provider"] in builtin_names("providers")], ids=name_of)
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
KNOWN = [v for v in VECTORS if v["valid"] and v["provider"] in builtin_names("providers")]


@pytest.mark.parametrize("vector", KNOWN, ids=name_of)
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


PUBLISHED = {"github", "slack", "stripe", "standard-webhooks"}


def test_the_published_ones_are_there() -> None:
    there = {v["provider"] for v in VECTORS if v["origin"] in ("docs", "sdk-test", "sdk-generated") and v["valid"]}
    assert there >= PUBLISHED
    assert set(builtin_names("providers")) >= PUBLISHED
