"""The SQLite log: the contract, and what is its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from log_contract_append import Appending, Listing, Retention
from log_contract_feed import Feeding, Replaying, Retrying

from hub.log import open_log
from hub.log.base import Log
from hub.log.sqlite import SqliteLog


class SqlitePlace:
    """Logs on one file, one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.logs: list[SqliteLog] = []

    async def open(self, **settings: Any) -> SqliteLog:
        log = open_log("sqlite:///hub.db", self.folder, **settings)
        assert isinstance(log, SqliteLog)
        self.logs.append(log)
        await log.open()
        return log


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[SqlitePlace]:
    place = SqlitePlace(tmp_path)
    yield place
    for log in place.logs:
        await log.close()


@pytest.fixture
async def log(place: SqlitePlace) -> Log:
    return await place.open()


class TestContract(Appending, Listing, Retention, Feeding, Retrying, Replaying):
    """Every test of the contract."""
