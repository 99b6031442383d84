"""The HTTP client of subscribers: a status that is not 2xx is an error, an answer cannot grow without bound."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.request import getproxies

import httpx2

from hub.connections import Connections

CONNECT_TIMEOUT = 5.0
"""Seconds to connect, TLS included."""
MAX_ANSWER = 10 * 2**20
"""Bytes of a good answer; beyond it reading fails."""
MAX_FAILURE = 64 * 2**10
"""Bytes kept of an answer whose status is not 2xx."""
EXCERPT = 200
"""Characters of such an answer in the error's message."""
CREDENTIAL = 12
"""A part of a request this long is hidden where an answer echoes it."""
PLAIN = frozenset({"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent"})


def make_client(timeout: float) -> httpx2.AsyncClient:
    """A client that raises `HTTPStatusError` for every status that is not 2xx; `error.response.text` has the answer.

    It follows no redirect (one is a failure that names the new address), keeps no cookie, and its errors name no URL,
    because a URL may be a credential. timeout: seconds to wait for each part of an answer.
    """
    # its INFO lines have the URL
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(timeout, connect=min(CONNECT_TIMEOUT, timeout)),
        follow_redirects=False,
        # identity: a small compressed answer cannot become a large one
        headers={"user-agent": "webhook-hub", "accept-encoding": "identity"},
        # an answer may not change what the next delivery sends
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        event_hooks={"response": [_check]},
        # httpx2 knows the proxies of the environment
        transport=None if {"http", "https", "all"} & getproxies().keys() else Connections(),
    )


async def _check(response: httpx2.Response) -> None:
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    if response.is_success:
        too_large = httpx2.ReadError(f"the answer is larger than {MAX_ANSWER} bytes", request=response.request)
        response.stream = Capped(response.stream, MAX_ANSWER, too_large)
        return
    response.stream = Capped(response.stream, MAX_FAILURE)
    try:
        await response.aread()
        text = response.text
    except httpx2.HTTPError:  # the status is what counts
        text = ""
    raise httpx2.HTTPStatusError(_describe(response, text), request=response.request, response=response)


class Capped(httpx2.AsyncByteStream):
    """The first `limit` bytes of an answer; beyond them an end, or the error."""

    def __init__(self, stream: httpx2.AsyncByteStream, limit: int, error: Exception | None = None) -> None:
        self._stream = stream
        self._left = limit
        self._error = error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            if len(chunk) > self._left:
                if self._error is not None:
                    raise self._error
                yield chunk[: self._left]
                return
            self._left -= len(chunk)
            yield chunk

    async def aclose(self) -> None:
        """Close the connection, or give it back."""
        await self._stream.aclose()


def _describe(response: httpx2.Response, text: str) -> str:
    """`404 Not Found: no_service`: the status and the start of the answer, without what the request carried."""
    line = f"{response.status_code} {response.reason_phrase}".strip()
    if response.has_redirect_location:
        line += f" to {response.headers['location']} (redirects are not followed)"
    if text.strip():
        line += f": {text}"
    for part in _carried(response.request):
        line = line.replace(part, "[hidden]")
    line = " ".join(line.split())
    return line if len(line) <= EXCERPT else line[:EXCERPT] + "…"


def _carried(request: httpx2.Request) -> list[str]:
    """What an error page may echo and nobody may read: the URL and header values, whole and in parts; longest first."""
    url = request.url
    values = [value for name, value in request.headers.items() if name not in PLAIN]
    parts = [word for value in values for word in value.split()]
    parts += [url.username, url.password, *url.path.split("/"), *url.params.values()]
    long = {part for part in parts if len(part) >= CREDENTIAL}
    whole = {value for value in values if len(value) >= CREDENTIAL}
    return sorted(long | whole | {str(url), url.raw_path.decode("ascii")} - {"/", ""}, key=len, reverse=True)
