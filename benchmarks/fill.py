"""Fills a log through the hub's own code, without HTTP: `fill.py CONFIG EVENTS`, with the hub's interpreter.

Requests are signed ones with ids of their own, received over the last hour, proven and read by the provider.
"""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from payload import DELIVERY, SECRET, deliveries, payload

from hub.config import load_config
from hub.core import Hub
from hub.log.base import Query
from hub.request import Request

TOGETHER = 512
"""Requests under way at once."""
SPAN = timedelta(hours=1)


async def fill(config: Path, events: int) -> None:
    """Append until the log has so many events."""
    hub = Hub(load_config(config, {"GITHUB_SECRET": SECRET}))
    await hub.open()
    have = await hub.log.count(Query())
    began = datetime.now(UTC) - SPAN
    base = Request.make("POST", "http://127.0.0.1/webhooks/github", payload().headers, payload().body)
    base = base.with_header("host", "127.0.0.1").with_header("content-length", str(len(base.body)))
    ids = deliveries()
    number = have
    try:
        while number < events:
            wave = list(islice(ids, min(TOGETHER, events - number)))
            await asyncio.gather(*(append(hub, base, delivery, began + SPAN * (number / events)) for delivery in wave))
            number += len(wave)
    finally:
        await hub.quarantine.close()
        await hub.log.close()


async def append(hub: Hub, base: Request, delivery: str, received: datetime) -> None:
    request = Request(
        base.method,
        base.url,
        (*base.headers, (DELIVERY.lower().encode(), delivery.encode())),
        base.body,
        received,
        "127.0.0.1",
    )
    outcome = hub.sources["github"].examine(request)
    assert outcome.accepted, outcome.detail
    await hub.log.append(request, outcome.events)


if __name__ == "__main__":
    import uvloop

    uvloop.run(fill(Path(sys.argv[1]), int(sys.argv[2])))
