"""What the tests of the API share: a hub with one source, and its console listener on a real port."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from cli_kit import free_ports

from hub.config import load_config
from hub.core import Hub
from hub.request import Request
from hub.web.api import console_app

SECRET = "a-secret-of-the-tests"
ACME = """
from hub import Provider, body, header, hookimpl
from hub.signatures import HMAC

acme = Provider(
    name="acme", title="Acme", docs="https://acme.example", verify=HMAC("X-Acme-Signature", "{hex}"),
    type=body("event"), id=body("id"), subject=body("subject"),
)


@hookimpl
def register_providers():
    return [acme]
"""
CONFIG = f"""
[providers.acme]
secret = "{SECRET}"

[providers.open]
plugin = "acme"
verify = false
"""


@dataclass(frozen=True)
class Running:
    """A hub whose console listener answers at `client.base_url`."""

    hub: Hub
    client: httpx2.AsyncClient

    async def get(self, path: str, status: int = 200, **values: Any) -> Any:
        """The JSON of an answer that has this status."""
        response = await self.client.get(path, params=values)
        assert response.status_code == status, response.text
        return response.json()

    async def post(self, path: str, status: int = 200, **values: Any) -> Any:
        """As `get`."""
        response = await self.client.post(path, json=values)
        assert response.status_code == status, response.text
        return response.json()

    def request(self, body: bytes, secret: str = SECRET, source: str = "acme") -> Request:
        """A request as Acme signs it."""
        headers = {"content-type": "application/json", "authorization": "Bearer x"}
        request = Request.make("POST", f"http://h/webhooks/{source}", headers, body)
        return self.hub.sources["acme"].provider.verify.sign(request, {"secret": secret})


def acme_folder(folder: Path, config: str = "") -> Path:
    """A folder with the provider and a config; the file of the config."""
    (folder / "plugins").mkdir()
    (folder / "plugins" / "acme.py").write_text(ACME, encoding="utf-8")
    server, console = free_ports(2)
    file = folder / "config.toml"
    text = f"[server]\nport = {server}\n[console]\nport = {console}\n{CONFIG}{config}"
    file.write_text(text, encoding="utf-8")
    return file


@contextlib.asynccontextmanager
async def running(file: Path) -> AsyncIterator[Running]:
    """A hub that has its log and sources and delivers nothing, and its console listener."""
    hub = Hub(load_config(file, {}))
    await hub.open()
    try:
        async with (
            serving(console_app(hub), hub.config.console.port) as url,
            httpx2.AsyncClient(base_url=url, timeout=10, trust_env=False, verify=False) as http,
        ):
            yield Running(hub, http)
    finally:
        await hub.log.close()


@contextlib.asynccontextmanager
async def serving(app: Any, port: int) -> AsyncIterator[str]:
    """A real listener; its URL."""
    import asyncio

    server = _Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
    )
    task = asyncio.create_task(server.serve())
    while not server.started and not task.done():
        await asyncio.sleep(0.002)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
