"""Processes that receive for one hub: they take requests, verify and read them; the hub keeps what they read.

The interpreter runs on one processor at a time, and verifying costs more than keeping. A receiver decides by itself
only about requests that are plainly accepted; all others it hands to the hub, whole, which decides as if it had
received them itself. So nothing that the hub learns, counts or quarantines is ever in two places.
"""

from __future__ import annotations

from hub.receivers.pool import Receivers, how_many

__all__ = ["Receivers", "how_many"]
