"""Whole requests to a provider: made, signed in any of its modes, changed, and sent."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from provider_kit import JSON, NOW, URL, builtin, packed

from hub import Request
from hub.mount import sample_folders
from hub.samples import find_sample
from hub.source import Outcome
from hub.testing import receive

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BASIC = {"Authorization": "Basic aG9vazpzM2NyZXQ="}
LOGIN = {"username": "hook", "password": "s3cret"}


def made(content: Any = b"", headers: Mapping[str, str] = JSON, method: str = "POST", query: str = "") -> Request:
    """A request as the platform sends it, without a proof."""
    return Request.make(method, URL + query, headers, packed(content), NOW)


def form(fields: Mapping[str, str], headers: Mapping[str, str] | None = None, query: str = "") -> Request:
    return made(urlencode(fields).encode(), {**FORM, **(headers or {})}, query=query)


def sample(name: str, event: str) -> Request:
    return find_sample(name, event, sample_folders(None)).request(URL, NOW)


def signed(name: str, options: Mapping[str, Any], request: Request, mode: str | None = None) -> Request:
    scheme = builtin(name).verify
    return (scheme if mode is None else scheme.modes[mode]).sign(request, options)  # type: ignore[attr-defined]  # OneOf


def fresh(name: str, mode: str | None = None) -> dict[str, Any]:
    """Credentials for development."""
    scheme = builtin(name).verify
    made: dict[str, Any] = (scheme if mode is None else scheme.modes[mode]).credentials()  # type: ignore[attr-defined]  # as above
    return made


async def sent(name: str, options: Mapping[str, Any], request: Request) -> Outcome:
    """What the request comes to as it is."""
    headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in request.headers}
    return await receive(
        name,
        {"public_url": URL, **options},
        method=request.method,
        url=request.url,
        headers=headers,
        body=request.body,
        now=request.received,
    )


def keys(outcome: Outcome) -> list[tuple[str, int]]:
    return [(event.deliveryid, event.index) for event in outcome.events]
