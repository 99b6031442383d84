"""What all tests share: how they are spread over processes, and the RSA keys that they use again."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Generator
from functools import cache, lru_cache
from itertools import count
from typing import Any

import httpx2
import pytest
import uvloop
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from hub.client import make_client

LONG = ("test_chaos.py", "test_every_provider.py", "test_connections.py")
"""Tests of many seconds, most of which they wait: the first ones of every process, so that none is left for the end."""
BOTH = ("test_http_out.py", "test_http_answers.py")
"""Tests of what the two loops do differently; the hub runs on uvloop where there is one."""
KEYS = 8
"""So many RSA keys of a size are made, and given out in turn, so that one is never the one before."""


@pytest.hookimpl(wrapper=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """Twice as many processes as there are processors: half of them wait."""
    return (yield) * 2


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loops that a test runs on."""
    loops: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
    return loops | {"uvloop": uvloop.new_event_loop} if item.path.name in BOTH else loops


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give each process, which begins with one stretch of the tests, its share of the long ones first."""
    if not hasattr(config, "workerinput"):
        return
    processes = config.workerinput["workercount"]
    long = [item for item in items if item.path.name in LONG]
    short = [item for item in items if item.path.name not in LONG]
    size = len(items) / processes
    order: list[pytest.Item] = []
    for number in range(processes):
        order += long[number::processes]
        end = max(0, round(size * (number + 1)) - len(order))
        order += short[:end]
        del short[:end]
    items[:] = order + short


def pytest_collection_finish() -> None:
    """Thousands of tests stay until the end: the garbage collector need not look at them again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture
async def http_client(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx2.AsyncClient]:
    """The HTTP client of subscribers, without the proxies of this environment."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    async with make_client(5.0) as client:
        yield client


def in_turn(make: Callable[[int, int], Any]) -> Callable[[int, int], Any]:
    """RSA keys, made as ever but only so many: each takes longer than most tests."""
    numbers = count()

    @cache
    def made(exponent: int, size: int, number: int) -> Any:
        return make(exponent, size)

    return lambda exponent, size: made(exponent, size, next(numbers) % KEYS)


# before anything imports them; whoever reads an RSA key tests its primes, each time
rsa.generate_private_key = in_turn(rsa.generate_private_key)
serialization.load_pem_private_key = lru_cache(maxsize=1000)(serialization.load_pem_private_key)
