"""The tunnel: a public URL for a hub on a laptop, by ngrok's agent SDK."""

from __future__ import annotations

import os
from typing import Any

from hub.errors import ServeError


class Tunnel:
    """An open tunnel; `url` is its public address."""

    def __init__(self, listener: Any) -> None:
        self._listener = listener
        self.url: str = listener.url()

    async def close(self) -> None:
        """Take the public address down."""
        await self._listener.close()


async def open_tunnel(kind: str, host: str, port: int) -> Tunnel:
    """Open a tunnel to a local address.

    Source: https://ngrok.github.io/ngrok-python/ (`ngrok.forward`; the token comes from NGROK_AUTHTOKEN).

    Raises:
        ServeError: the extra is not installed, the token is missing, or the service refuses.
    """
    if kind != "ngrok":
        raise ServeError(f"there is no tunnel {kind!r}; the hub can open: ngrok")
    try:
        import ngrok  # type: ignore[import-not-found,unused-ignore]  # an extra
    except ImportError:
        raise ServeError("the ngrok tunnel needs its extra: pip install 'webhook-hub[ngrok]'") from None
    if not os.environ.get("NGROK_AUTHTOKEN"):
        raise ServeError(
            "NGROK_AUTHTOKEN is not set: copy your token from the ngrok dashboard into .env, or run "
            "`ngrok http` yourself and set [server] public_url"
        )
    try:
        listener = await ngrok.forward(f"{host}:{port}", authtoken_from_env=True)
    except Exception as error:  # the SDK raises ValueError with the service's text
        text = str(error).replace(os.environ["NGROK_AUTHTOKEN"], "[secret]")
        raise ServeError(f"ngrok refused the tunnel: {text}") from None
    return Tunnel(listener)
