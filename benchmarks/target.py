"""A tiny HTTP server that takes what the hub delivers. GET tells what came, and how long it was under way.

The time of arrival at the hub is read from the event's id (UUIDv7), which has milliseconds: a lag is told up to 1 ms
too long.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import httptools
import uvloop

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


@dataclass
class Seen:
    """What came. lags: ms, in order of arrival; ids: to find what came twice."""

    count: int = 0
    first: float = 0.0
    last: float = 0.0
    lags: list[float] = field(default_factory=list)
    ids: set[bytes] = field(default_factory=set)

    def add(self, event: bytes) -> None:
        """An event was delivered."""
        now = time.time()
        self.first, self.last = self.first or now, now
        self.count += 1
        self.ids.add(event)
        self.lags.append(now * 1000 - (int(event.replace(b"-", b"")[:12], 16)))

    def told(self) -> bytes:
        """As an HTTP answer."""
        told = {"count": self.count, "different": len(self.ids), "first": self.first, "last": self.last}
        body = json.dumps(told | {"lags": self.lags}).encode()
        return b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


class Connection(asyncio.Protocol):
    """One connection of the hub, or of who asks."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.parser: Any = httptools.HttpRequestParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_begin(self) -> None:
        self.event = b""

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"hub-event-id":
            self.event = value

    def on_message_complete(self) -> None:
        if self.parser.get_method() != b"POST":
            self.transport.write(self.seen.told())
            self.transport.close()
            return
        self.seen.add(self.event)
        self.transport.write(OK)


async def main(port: int) -> None:
    seen = Seen()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(seen), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
