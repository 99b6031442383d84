"""Keys that verification needs from the network: certificates and key sets, from pinned hosts, cached."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from hub.errors import KeyUnavailable
from hub.provider import Fetch

KEEP = 3600.0
"""Seconds that a fetched key is used before it is fetched again."""
PAUSE = 30.0
"""Seconds before a failed fetch of the same URL is tried again: a stranger must not make the hub hammer a platform."""
TIMEOUT = 5.0
MAX_BYTES = 256 * 1024
MAX_KEYS = 64


@dataclass(frozen=True, slots=True)
class _Entry:
    text: str | None
    until: float


class Keys:
    """A small cache of fetched keys; one fetch at a time for each URL."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def get(self, fetch: Fetch) -> str:
        """The text behind a URL.

        Raises:
            KeyUnavailable: the URL is not https on a pinned host, or it does not answer with 200 in time.
        """
        check_url(fetch)
        lock = self._locks.setdefault(fetch.url, asyncio.Lock())
        try:
            async with lock:
                entry = self._entries.get(fetch.url)
                if entry is None or entry.until < time.monotonic():
                    entry = await self._load(fetch)
                    self._keep(fetch.url, entry)
        finally:
            if not lock.locked():
                self._locks.pop(fetch.url, None)
        if entry.text is None:
            raise KeyUnavailable(f"{fetch.url} could not be fetched; the hub tries again in {PAUSE:.0f} s")
        return entry.text

    def _keep(self, url: str, entry: _Entry) -> None:
        self._entries.pop(url, None)
        self._entries[url] = entry
        while len(self._entries) > MAX_KEYS:
            self._entries.pop(next(iter(self._entries)))

    async def _load(self, fetch: Fetch) -> _Entry:
        import httpx2

        try:
            async with (
                asyncio.timeout(TIMEOUT),
                httpx2.AsyncClient(timeout=TIMEOUT, follow_redirects=False, auth=fetch.auth) as client,
                client.stream("POST" if fetch.json is not None else "GET", fetch.url, json=fetch.json) as response,
            ):
                body = b""
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > MAX_BYTES:
                        break
                if response.status_code == 200 and len(body) <= MAX_BYTES:
                    return _Entry(body.decode("utf-8"), time.monotonic() + KEEP)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, TimeoutError, UnicodeDecodeError):
            pass  # remembered as a failure below
        return _Entry(None, time.monotonic() + PAUSE)


def check_url(fetch: Fetch) -> None:
    """Refuse a URL that is not https on one of the fetch's hosts.

    Raises:
        KeyUnavailable
    """
    if not _is_pinned(fetch):
        raise KeyUnavailable(f"the request names a key at {fetch.url[:200]!r}, which is not a host of the platform")


def _is_pinned(fetch: Fetch) -> bool:
    try:
        parts = urlsplit(fetch.url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:  # half an IPv6 address, a port that is no number
        return False
    pinned = any(_is_host(host, allowed) for allowed in fetch.hosts)
    return pinned and parts.scheme == "https" and port in (None, 443) and parts.username is None


def _is_host(host: str, allowed: str | re.Pattern[str]) -> bool:
    if isinstance(allowed, re.Pattern):
        return allowed.fullmatch(host) is not None
    return host.endswith(allowed) if allowed.startswith(".") else host == allowed
