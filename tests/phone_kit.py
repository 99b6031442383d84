"""Requests as platforms make them, through one provider: for the tests of what is a provider's own."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from provider_kit import builtin

from hub import Request
from hub.mount import sample_folders
from hub.samples import find_sample
from hub.source import Outcome, Source

NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
URL = "https://hub.example.com/webhooks/x"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
VECTORS = json.loads((Path(__file__).parent / "vectors" / "vectors.json").read_text(encoding="utf-8"))


def vector(provider: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in VECTORS if one["provider"] == provider and one["valid"])
    return found


def made(content: Any = b"", headers: Mapping[str, str] = JSON, method: str = "POST", url: str = URL) -> Request:
    """A request as the platform sends it, without a proof."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Request.make(method, url, headers, raw, NOW)


def sample(provider: str, event: str) -> Request:
    return find_sample(provider, event, sample_folders(None)).request(URL, NOW)


def source(provider: str, options: Mapping[str, Any]) -> Source:
    return Source(provider, builtin(provider), {"public_url": URL, **options})


def signed(provider: str, options: Mapping[str, Any], request: Request) -> Request:
    return builtin(provider).verify.sign(request, {"public_url": URL, **options})


def sent(provider: str, options: Mapping[str, Any], request: Request) -> Outcome:
    """What a request comes to that is signed as the platform does."""
    return source(provider, options).examine(signed(provider, options, request))
