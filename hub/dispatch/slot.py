"""One of the places of a subscription's concurrency: deliveries being tried, whatever the subscriber's code does."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from hub.log.base import Delivery


class Slot:
    """Deliveries being tried in a task of their own.

    parts: what is not settled yet, the first of them being tried; probe: its end decides whether the breaker closes;
    halted: the hub is stopping; given_up: it was stopped and does not end: nobody waits for it any more.
    """

    def __init__(self, deliveries: list[Delivery], *, probe: bool) -> None:
        self.parts = deque([deliveries])
        self.probe = probe
        self.halted = False
        self.given_up = False
        self.began = 0.0
        self.task: asyncio.Task[None]
        self._timed_out = False

    @property
    def deliveries(self) -> list[Delivery]:
        """What is not settled yet."""
        return [delivery for part in self.parts for delivery in part]

    async def call(
        self, run: Callable[[], Awaitable[None]], timeout: float, too_late: Callable[[], None]
    ) -> BaseException | None:
        """Run the subscriber's code; what it raised, TimeoutError if it was not done in time, None if all went well.

        An attempt that was told to stop has failed even if it then returns: it may have swallowed the cancellation.
        timeout: seconds, then it is cancelled and `too_late` called.
        """
        loop = asyncio.get_running_loop()
        self._timed_out = False
        self.began = loop.time()
        timer = loop.call_later(timeout, self._expire, too_late)
        error: BaseException | None = None
        try:
            await run()
        except GeneratorExit:
            raise
        except BaseException as raised:  # of a plugin: SystemExit would end the hub
            if self.task.cancelling() and not (self._timed_out or self.halted):
                raise  # the loop is ending
            error = raised
        finally:
            timer.cancel()
        while self.task.cancelling():
            self.task.uncancel()
        if self._timed_out:
            return TimeoutError(f"not done after {timeout:g} s")
        return error or (asyncio.CancelledError() if self.halted else None)

    def halt(self) -> None:
        """The hub is stopping and does not wait any longer."""
        self.halted = True
        self.task.cancel()

    def _expire(self, too_late: Callable[[], None]) -> None:
        self._timed_out = True
        self.task.cancel()
        too_late()
