"""A whole hub in a temporary folder: the real log, the real dispatcher, the real listener's code, no socket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hub.config import load_config
from hub.core import Hub
from hub.log.base import Query, Stored
from hub.mount import sample_folders
from hub.samples import find_sample, fresh
from hub.web.webhooks import Webhooks

if TYPE_CHECKING:
    import httpx2

BASE = "http://hub.test"
QUIET = '[server]\nlog = "quiet"\nport = 0\n[console]\nport = 0\n'


@dataclass(frozen=True)
class RunningHub:
    """A hub that runs. client: an HTTP client of its webhook listener; folder: that of its config.toml."""

    hub: Hub
    client: httpx2.AsyncClient
    folder: Path

    async def post(
        self, source: str, body: bytes | str = b"", headers: Mapping[str, str] | None = None, query: str = ""
    ) -> httpx2.Response:
        """POST to a source, as it is."""
        url = f"/webhooks/{source}{'?' + query if query else ''}"
        return await self.client.post(url, content=body, headers=dict(headers or {}))

    async def send(self, source: str, event: str | None = None, *, same_id: bool = False) -> httpx2.Response:
        """Send a source a sample of its platform, signed with its secret, with an id of its own."""
        bound = self.hub.sources[source]
        request = find_sample(bound.provider.name, event, sample_folders(self.hub.plugins.folder)).request(
            f"{BASE}/webhooks/{source}"
        )
        request = request if same_id else fresh(request, bound.provider)
        if bound.verified:
            request = bound.provider.verify.sign(request, bound.options)
        return await self.client.request(
            request.method, request.url, content=request.body, headers=list(request.headers)
        )

    async def events(self) -> list[Stored]:
        """The newest thousand events of the log, oldest first."""
        page = await self.hub.log.browse(Query(), None, 1000)
        return page.items[::-1]

    async def settled(self, timeout: float = 10.0) -> None:
        """Wait until no subscription has anything waiting or in flight.

        Raises:
            TimeoutError
        """
        async with asyncio.timeout(timeout):
            while any(s.lag.waiting + s.lag.in_flight for s in await self.hub.log.subscriptions() if s.live):
                await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def running(
    folder: Path, config: str, plugins: Mapping[str, str] | None = None, environ: Mapping[str, str] | None = None
) -> AsyncIterator[RunningHub]:
    """Run a hub in a folder.

    config: the text of config.toml; plugins: files of its `plugins/` folder, name to source; environ: the environment,
    instead of the real one.
    """
    import httpx2

    (folder / "config.toml").write_text(config, encoding="utf-8")
    for name, source in (plugins or {}).items():
        path = folder / "plugins" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    hub = Hub(load_config(folder / "config.toml", environ or {}))
    await hub.start()
    try:
        transport = httpx2.ASGITransport(Webhooks(hub))
        async with httpx2.AsyncClient(transport=transport, base_url=BASE) as client:
            yield RunningHub(hub, client, folder)
    finally:
        await hub.stop(2.0)
