"""The durable log: `open_log` gives the one that a URL names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hub.errors import ConfigError, Problem
from hub.log.base import Log

SQLITE = "sqlite:///"


def open_log(url: str, folder: Path, **settings: Any) -> Log:
    """The log that `url` names, not open yet; a relative path is relative to `folder`.

    settings: of the log's own class; `read_only=True` is for commands beside a running hub.

    Raises:
        ConfigError: no such kind of log.
    """
    if url.startswith(SQLITE) and url != SQLITE:
        from hub.log.sqlite import SqliteLog

        return SqliteLog(folder / url.removeprefix(SQLITE), **settings)
    what = f"{url!r} is no log: write sqlite:///data/hub.db (relative to this file) or sqlite:////var/lib/hub/hub.db"
    raise ConfigError([Problem("log.url", what)])


__all__ = ["Log", "open_log"]
