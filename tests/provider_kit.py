"""Requests to a provider, as they are or with the platform's proof, and what they come to."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson

from hub import Request
from hub.loader import Plugins, load_plugins
from hub.provider import Provider
from hub.source import Outcome
from hub.testing import receive

NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
URL = "https://hub.example.com/webhooks/x"
JSON = {"content-type": "application/json"}


@cache
def builtins() -> Plugins:
    """Those that come with the hub, found and loaded once."""
    return load_plugins()


def builtin(name: str) -> Provider:
    """A provider that comes with the hub."""
    return builtins().provider(name)


def packed(content: Any) -> bytes:
    """The body: bytes as they are, all else as compact JSON."""
    return content if isinstance(content, bytes) else orjson.dumps(content)


async def sent(
    name: str,
    options: Mapping[str, Any],
    content: Any = b"",
    headers: Mapping[str, str] = JSON,
    *,
    method: str = "POST",
    query: str = "",
    now: datetime = NOW,
) -> Outcome:
    """What a request as it is comes to."""
    return await receive(name, options, method=method, url=URL + query, headers=headers, body=packed(content), now=now)


def proven(name: str, options: Mapping[str, Any], content: Any, headers: Mapping[str, str] = JSON) -> Request:
    """A request with the platform's proof."""
    return builtin(name).verify.sign(Request.make("POST", URL, headers, packed(content), NOW), options)


async def signed(name: str, options: Mapping[str, Any], content: Any, headers: Mapping[str, str] = JSON) -> Outcome:
    request = proven(name, options, content, headers)
    shown = {key.decode(): value.decode("latin-1") for key, value in request.headers}
    return await receive(name, options, url=request.url, headers=shown, body=request.body, now=NOW)
