"""The guard of the console listener: who may call it, and from where."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from hub.source import Outcome, problem

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """ASGI middleware. With a token: whoever has it. Without one: this machine, and no web page that it has open.

    A page can make a browser on this machine send requests here. It cannot make it send `application/json` without a
    CORS preflight, which nothing here answers; and a name of its own that it points at 127.0.0.1 (DNS rebinding)
    shows in `Host`.
    """

    def __init__(self, app: App, token: str | None) -> None:
        self._app = app
        self._token = None if token is None else token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or hand it on."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            elif scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1000})
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send)
            return
        headers = [(name.encode(), value.encode()) for name, value in refusal.headers.items()]
        headers.append((b"content-length", str(len(refusal.body)).encode()))
        await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
        await send({"type": "http.response.body", "body": refusal.body})

    def _refusal(self, scope: Scope) -> Outcome | None:
        headers: Mapping[bytes, bytes] = dict(reversed(scope["headers"]))  # the first of several counts
        if self._token is None:
            if hostname(headers.get(b"host", b"").decode("latin-1")) not in LOOPBACK:
                title = "Without a console token, only localhost is served here"
                return problem(421, "host", title, stage="console")
        elif not self._knows_token(headers.get(b"authorization", b"")):
            challenge = {"www-authenticate": 'Bearer realm="webhook-hub"'}
            title = "Send the console's token: Authorization: Bearer <token>"
            return problem(401, "unauthorized", title, stage="console", headers=challenge)
        media = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if scope["method"] not in SAFE and media != b"application/json":
            return problem(415, "content-type", "Send content-type: application/json", stage="console")
        return None

    def _knows_token(self, authorization: bytes) -> bool:
        scheme, _, given = authorization.partition(b" ")
        return scheme.lower() == b"bearer" and hmac.compare_digest(given.strip(), self._token or b"")


def hostname(host: str) -> str:
    """The name in a `Host` header, lower case, without the port; an IPv6 address keeps its brackets."""
    host = host.strip().lower()
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host
