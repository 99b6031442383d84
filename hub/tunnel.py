"""The tunnel: a public URL for a hub on a laptop, by ngrok's agent SDK."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.errors import ServeError, UsageError

KINDS = ("ngrok",)


class Tunnel:
    """An open tunnel; `url` is its public address."""

    def __init__(self, listener: Any) -> None:
        self._listener = listener
        self.url: str = listener.url()

    async def close(self) -> None:
        """Take the public address down."""
        await self._listener.close()


async def open_tunnel(kind: str, host: str, port: int, environment: Mapping[str, str]) -> Tunnel:
    """Open a tunnel to a local address. environment: with NGROK_AUTHTOKEN, which may stand in `.env`.

    Source: https://ngrok.github.io/ngrok-python/ (`ngrok.forward`).

    Raises:
        UsageError: there is no such kind; ServeError: the extra is not installed, the token is missing, or the service
        refuses.
    """
    if kind not in KINDS:
        raise UsageError(f"there is no tunnel {kind!r}; the hub can open: {', '.join(KINDS)}")
    try:
        import ngrok  # type: ignore[import-not-found,unused-ignore]  # an extra
    except ImportError:
        raise ServeError("the ngrok tunnel needs its extra: pip install 'webhook-hub[ngrok]'") from None
    token = environment.get("NGROK_AUTHTOKEN")
    if not token:
        raise ServeError(
            "NGROK_AUTHTOKEN is not set: copy your token from the ngrok dashboard into .env, or run "
            "`ngrok http` yourself and set [server] public_url"
        )
    try:
        listener = await ngrok.forward(f"{host}:{port}", authtoken=token)
    except Exception as error:  # the SDK raises ValueError with the service's text
        text = str(error).replace(token, "[secret]")
        raise ServeError(f"ngrok refused the tunnel: {text}") from None
    return Tunnel(listener)
