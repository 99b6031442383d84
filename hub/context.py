"""What the hub lends to one subscription: an HTTP client, templates, the kept request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hub.event import Event
from hub.request import Request

if TYPE_CHECKING:
    import httpx2

    from hub.render import Templates


class SubscriberContext:
    """The `Context` of one subscription (see `hub.subscriber`).

    name: the subscription's; folder: that of config.toml; request: finds the request an event came in;
    timeout: seconds to wait for each part of an answer; how long an attempt may take is the dispatcher's business.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        request: Callable[[Event], Awaitable[Request | None]],
        *,
        timeout: float = 30.0,
    ) -> None:
        self.name = name
        self.folder = folder
        self._request = request
        self._timeout = timeout
        self._client: httpx2.AsyncClient | None = None

    async def request(self, event: Event) -> Request | None:
        """The request that the event came in; None if it is no longer kept."""
        return await self._request(event)

    @property
    def http(self) -> httpx2.AsyncClient:
        """A client of this subscription's own, made when first asked for (see `hub.client`)."""
        if self._client is None:
            from hub.client import make_client

            self._client = make_client(self._timeout)
        return self._client

    def render(self, template: str, event: Event) -> str:
        """The Jinja2 template with `event` in it (see `hub.render`).

        Raises:
            Reject: the template has an error, or fails on this event.
        """
        return self._templates.render(template, event)

    async def close(self) -> None:
        """Close the connections; called by the hub after the subscriber's own `close()`."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    @cached_property
    def _templates(self) -> Templates:
        from hub.render import Templates

        return Templates()
