"""Requests of social platforms with one secret, their samples, and what events are recognized by."""

import json
from collections.abc import Mapping
from typing import Any

import provider_kit
from provider_kit import JSON, NOW, URL

from hub.mount import sample_folders
from hub.request import Request
from hub.samples import find_sample
from hub.source import Outcome

SECRET: Mapping[str, Any] = {"secret": "s3cRe7s3cRe7"}


async def send(
    name: str,
    content: Any = b"",
    options: Mapping[str, Any] = SECRET,
    headers: Mapping[str, str] = JSON,
    method: str = "POST",
    query: str = "",
) -> Outcome:
    """A request as it is, without a proof."""
    return await provider_kit.sent(name, options, content, headers, method=method, query=query)


async def signed(
    name: str, content: Any, options: Mapping[str, Any] = SECRET, headers: Mapping[str, str] = JSON
) -> Outcome:
    """A request as the platform signs it."""
    return await provider_kit.signed(name, options, content, headers)


def request_of(name: str, event: str) -> Request:
    """A sample."""
    return find_sample(name, event, sample_folders(None)).request(URL, NOW)


def sample(name: str, event: str) -> Any:
    """The JSON of a sample."""
    return json.loads(request_of(name, event).body)


def identities(*outcomes: Outcome) -> set[tuple[str, int]]:
    """What events are recognized by when they come again."""
    return {(event.deliveryid, event.index) for outcome in outcomes for event in outcome.events}


def types(outcome: Outcome) -> list[str]:
    return [event.type for event in outcome.events]
