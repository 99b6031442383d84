"""What every process of a running hub sets up for itself: its loop, its memory, its files."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
from collections.abc import Callable


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, where there is one."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


def settle_memory() -> None:
    """What start-up made stays: the collector looks at none of it again, and less often at what requests leave.

    Requests and events hold no cycles; with the default thresholds half of the slowest answers wait for a collection.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def raise_file_limit() -> None:
    """As many open files as the system allows: every idle connection is one."""
    if sys.platform == "win32":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
