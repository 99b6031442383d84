"""One request through one provider: no server, no network, its own clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from hub.answers import accepted, unavailable
from hub.errors import KeyNeeded
from hub.loader import Plugins, load_plugins
from hub.provider import Provider
from hub.request import Request
from hub.source import Outcome, Source


def _plugins(folder: Path | None) -> Plugins:
    """A local folder is read again each time: its files may have changed."""
    return _others() if folder is None else load_plugins(folder)


@cache
def _others() -> Plugins:
    return load_plugins(None)


async def receive(
    provider: str | Provider,
    options: Mapping[str, Any],
    *,
    method: str = "POST",
    url: str = "https://hub.example.com/webhooks/test",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    now: float | datetime | None = None,
    plugins: Path | None = None,
) -> Outcome:
    """What a request comes to.

    provider: its name, or the object; options: as in config.toml, `verify = false` too; url: as the platform was told
    it (it is the `public_url`); now: when the request arrives, unix seconds or a moment, else now; plugins: a local
    plugins folder where the name is looked up first.

    A key that would have to be fetched is a 503, unless it is given inline among the options.
    """
    found = provider if isinstance(provider, Provider) else _plugins(plugins).provider(provider)
    moment = (
        now if isinstance(now, datetime) else datetime.now(UTC) if now is None else datetime.fromtimestamp(now, UTC)
    )
    request = Request.make(method, url, headers or {}, body, moment)
    given = {"public_url": url, **options}
    verify = given.pop("verify", True) is not False
    try:
        outcome = Source(found.name, found, given, verify=verify).examine(request)
    except KeyNeeded as needed:
        return unavailable("key-unavailable", "A key for verification is not available", str(needed))
    if outcome.accepted and outcome.reply is None:
        answered = accepted(outcome, outcome.events[0].id if outcome.events else None)
        return answered._replace(stage=outcome.stage)
    return outcome
