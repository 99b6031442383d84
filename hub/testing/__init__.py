"""The testing kit for plugin authors: one request through one provider, the conformance checks, a whole hub."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hub.testing.conformance import Nonconforming, check_provider
    from hub.testing.receiving import receive
    from hub.testing.whole_hub import RunningHub, running

__all__ = ["Nonconforming", "RunningHub", "check_provider", "receive", "running"]

_HOMES = {
    "Nonconforming": "conformance",
    "check_provider": "conformance",
    "receive": "receiving",
    "RunningHub": "whole_hub",
    "running": "whole_hub",
}


def __getattr__(name: str) -> Any:
    """Imported when asked for: pytest loads this package's fixtures in every run where the hub is installed."""
    if name in _HOMES:
        return getattr(import_module(f"hub.testing.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'hub.testing' has no attribute {name!r}")
