"""Changes go through the console's API: of the running hub, or, where none runs, of one that only this command has."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from hub.cli.common import Place
from hub.errors import HubError, HubNotRunning, UsageError

if TYPE_CHECKING:
    import httpx2

TIMEOUT = 60.0


class Console:
    """The JSON API of one hub."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def get(self, path: str, values: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Raises: HubNotRunning; UsageError or HubError with the API's own words."""
        return await self._call("GET", path, params=dict(values or {}))

    async def post(self, path: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Raises: as `get`."""
        return await self._call("POST", path, json=dict(values))

    async def _call(self, method: str, path: str, **parts: Any) -> dict[str, Any]:
        import httpx2

        where = f"{self._client.base_url}"
        try:
            response = await self._client.request(method, path, **parts)
        except httpx2.ConnectError:
            raise HubNotRunning(f"no hub runs at {where}: start it with `hub run`") from None
        except httpx2.HTTPError as error:
            raise HubError(f"the hub at {where} does not answer: {type(error).__name__}") from None
        try:
            body = response.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise HubError(f"what answers at {where} is no hub: change [console] port, or stop it")
        if response.is_success:
            return body
        text = str(body.get("title") or body.get("detail") or f"the hub answered {response.status_code}")
        if response.status_code == 401:
            raise HubError(f"the hub at {where} wants another token than [console] token of this config")
        raise (UsageError if response.status_code in (400, 404) else HubError)(text)


@asynccontextmanager
async def running(place: Place) -> AsyncIterator[Console]:
    """The API of the hub that runs with this config.

    Raises:
        HubNotRunning: nothing answers there; HubError: another hub does.
    """
    import httpx2

    headers = {"authorization": f"Bearer {place.token}"} if place.token else {}
    # a proxy named in the environment is for other hosts, and must not see the token
    async with httpx2.AsyncClient(base_url=place.console, headers=headers, timeout=TIMEOUT, trust_env=False) as client:
        console = Console(client)
        found = (await console.get("/api/health")).get("config")
        if found != str(place.file.resolve()):
            raise HubError(f"the hub at {place.console} runs with another config, {found}: [console] port must differ")
        yield console


@asynccontextmanager
async def changing(place: Place) -> AsyncIterator[Console]:
    """The running hub's API, or else the same API over the log itself, which nobody else has then.

    Raises:
        ConfigError: no hub runs, and the config cannot be used; LogInUse: its console does not answer.
    """
    async with AsyncExitStack() as stack:
        try:
            console = await stack.enter_async_context(running(place))
        except HubNotRunning:
            console = await stack.enter_async_context(_alone(place))
        yield console


@asynccontextmanager
async def _alone(place: Place) -> AsyncIterator[Console]:
    import httpx2

    from hub.config import load_config
    from hub.core import Hub
    from hub.web.api import console_app

    hub = Hub(load_config(place.file))
    await hub.open()
    try:
        transport = httpx2.ASGITransport(app=console_app(hub))
        token = hub.config.console.token
        headers = {"authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
            yield Console(client)
    finally:
        await hub.log.close()
