"""Fixtures that pytest finds by itself when webhook-hub is installed."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hub.testing.whole_hub import RunningHub


@pytest.fixture
def hub(tmp_path: Path) -> Callable[..., contextlib.AbstractAsyncContextManager[RunningHub]]:
    """`async with hub('''[providers.github] ...''') as running:` runs a whole hub in the test's temporary folder."""

    @contextlib.asynccontextmanager
    async def run(config: str, **more: Any) -> AsyncIterator[RunningHub]:
        from hub.testing.whole_hub import running

        async with running(tmp_path, config, **more) as started:
            yield started

    return run
