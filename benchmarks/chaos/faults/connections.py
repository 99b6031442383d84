"""Thousands of connections that are idle, and of senders that are slow, beside those that are neither."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
from collections import Counter

from benchmarks.chaos.scene import Form, Result, Scene, scene

SPARE = 500
"""Open files that are not these connections."""
SLOW_HEAD = b"POST /webhooks/github HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 7000\r\n\r\n"
FLOOD = 200 << 20
"""Bytes of a head that no platform sends."""
ANSWERED_WITHIN = 10.0
"""Seconds: how long GitHub waits for an answer."""


async def connections(form: Form) -> Result:
    """Some of the idle ones say nothing at all, some were answered once; the slow ones send a byte now and then."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    most = hard - SPARE
    idle, slow = int(min(form.pick(1000, 10_000), most * 0.9)), int(min(form.pick(100, 1000), most * 0.1))
    async with scene("connections", form) as s:
        s.configure(server=f'body_timeout = "{int(form.pick(2, 10))}s"')
        await s.hub.start()
        open_before = files(s)
        with contextlib.ExitStack() as opened:
            async with s.sender.load(clients=8, rate=form.pick(50, 100)) as ledger:
                await s.recovers()
                statuses = await crowd(s, idle, slow, opened)
                flooded = await flood(s)
                memory = s.hub.look()
        s.result.facts |= {
            "idle": idle,
            "slow": slow,
            "answers to the slow": ", ".join(f"{count} times {status}" for status, count in sorted(statuses.items())),
            "memory with all of them, MiB": memory >> 20,
            "of an endless head taken, KiB": flooded >> 10,
        }
        slowest = ledger.slowest.get(200, 0.0)
        s.result.expect(not form.long or slowest < ANSWERED_WITHIN, f"a 200 took {slowest:.1f} s")
        s.result.expect(set(statuses) <= {"408"}, f"a slow sender was answered {dict(statuses)}")
        s.result.expect(flooded < FLOOD, "a head of 200 MiB was taken")
        await asyncio.sleep(1)
        left = files(s) - open_before
        s.result.expect(left < SPARE, f"{left} files are still open in the hub")
        return await s.finish()


async def crowd(s: Scene, idle: int, slow: int, opened: contextlib.ExitStack) -> Counter[str]:
    """Open them all, keep them for longer than the hub waits for a body; what the slow ones were answered."""
    for number in range(idle):
        reader, writer = await asyncio.open_connection("127.0.0.1", s.hub.port)
        opened.callback(writer.close)
        if number % 2:
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")
    return Counter(await asyncio.gather(*[drip(s, number) for number in range(slow)]))


async def drip(s: Scene, number: int) -> str:
    """Half of them are slow in the middle of the headers, half in the body; the status, or "closed"."""
    reader, writer = await asyncio.open_connection("127.0.0.1", s.hub.port)
    try:
        writer.write(SLOW_HEAD[:-4] + b"\r\nX-Slow: " if number % 2 else SLOW_HEAD)
        answer = asyncio.create_task(reader.read(12))
        for _ in range(40):
            writer.write(b"y")
            if (await asyncio.wait([answer], timeout=1.0))[0]:
                break
        else:
            answer.cancel()
            return "nothing"
        return (await answer)[9:12].decode() or "closed"
    except OSError:
        return "closed"
    finally:
        writer.close()


async def flood(s: Scene) -> int:
    """Send a head that does not end; how many bytes were taken before the hub closed the connection."""
    _, writer = await asyncio.open_connection("127.0.0.1", s.hub.port)
    writer.write(SLOW_HEAD[:-2])
    sent = 0
    with contextlib.suppress(OSError):
        while sent < FLOOD:
            writer.write(b"X-Flood: " + b"y" * 8000 + b"\r\n")
            await writer.drain()
            sent += 8011
    writer.close()
    return sent


def files(s: Scene) -> int:
    """Open files of the hub."""
    return len(os.listdir(f"/proc/{s.hub.pid}/fd"))
