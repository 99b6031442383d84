"""Requests that the hub signs, for foreign libraries to verify: `.venv/bin/python tests/vectors/make/ours.py FILE`."""

import base64
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.loader import builtin_names, load_plugins
from hub.mount import sample_folders
from hub.request import Request
from hub.samples import samples
from hub.source import Source
from hub.testing.conformance import modes

COMPACT = ("ebay", "zoom")
"""Their libraries write the JSON again before they verify it."""


def signed_requests() -> Iterator[dict[str, Any]]:
    """One for each mode of each provider, and another one where a sample looks otherwise; small ones."""
    plugins, now = load_plugins(installed=False), datetime.fromtimestamp(int(datetime.now(UTC).timestamp()), UTC)
    for name in builtin_names("providers"):
        provider = plugins.provider(name)
        found = sorted(samples(name, sample_folders(None)), key=lambda sample: sample.path.stat().st_size)
        for scheme, options in modes(provider.verify, None):
            url = f"https://hub.example.com/webhooks/{name}"
            unsigned = (compact(name, sample.request(url, now)) for sample in found)
            requests = (scheme.sign(request, options) for request in unsigned)
            source = Source(name, provider, {"public_url": url, **options})
            events = [request for request in requests if source.examine(replace(request)).events]
            for request in [*{look(request): request for request in reversed(events)}.values()][::-1][:2]:
                yield vector(name, options, request)


def compact(name: str, request: Request) -> Request:
    """The request as that provider's library takes it."""
    if name not in COMPACT:
        return request
    return replace(request, body=json.dumps(request.json, separators=(",", ":"), ensure_ascii=False).encode())


def look(request: Request) -> tuple[str, str, bytes]:
    """What tells a sample from others that are much the same."""
    return request.method, request.content_type, b"".join(request.body.split())[:6]


def vector(name: str, options: dict[str, Any], request: Request) -> dict[str, Any]:
    """A request as the vectors have it."""
    return {
        "provider": name,
        "origin": "sdk-accepted",
        "scheme": None,
        "options": options,
        "method": request.method,
        "url": request.url,
        "headers": {key.decode("latin-1"): value.decode("latin-1") for key, value in request.headers},
        "body_b64": base64.b64encode(request.body).decode(),
        "valid": True,
        "now": int(request.received.timestamp()),
        "note": "signed by the hub",
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(list(signed_requests()), indent=1), encoding="utf-8")
