"""The hub: configuration, plugins, log and dispatcher in one object; no web framework in it."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.answers import accepted, failed, not_kept, unavailable
from hub.config import Config, SourceConfig
from hub.dispatch import Dispatcher, Subscription
from hub.errors import KeyNeeded, KeyUnavailable, LogError, LogUnavailable, Refused
from hub.event import Event, new_id
from hub.keys import Keys
from hub.log import open_log
from hub.log.base import Attempt, Delivery, Log, Rejection, Stored
from hub.provider import Reply
from hub.quarantine import Quarantine
from hub.request import Request
from hub.secrets import fingerprint, texts
from hub.source import Outcome, Source, problem
from hub.subscribing import make_subscription
from hub.telemetry import Telemetry

BODY_WINDOW = timedelta(minutes=10)
"""With `dedupe = "body"`, identical bytes within this time are one event."""
PRUNE_EVERY = 60.0


class Hub:
    """A whole hub. Two of them can run in one process.

    on_refusal: told of each request that is not proven, before its answer; it must not wait. on_bound: told of each
    source whose secrets have changed.
    """

    def __init__(self, config: Config, *, log: Log | None = None) -> None:
        self.config = config
        self.plugins = config.plugins
        self.telemetry = Telemetry()
        self.log = log or open_log(config.log.url, config.folder, notice=self.telemetry.notice)
        self.quarantine = Quarantine(self.log)
        self.dispatcher = Dispatcher(self.log, self._subscriptions(), self._attempted)
        self.public_url = config.server.public_url
        self.sources: dict[str, Source] = {}
        self.disabled: frozenset[str] = frozenset(source.name for source in config.sources if not source.enabled)
        self.started_at = datetime.now(UTC)
        self.on_refusal: Callable[[Source, Request], None] | None = None
        self.on_bound: Callable[[str], None] | None = None
        self._settings: dict[str, SourceConfig] = {source.name: source for source in config.sources}
        self._keys = Keys()
        self._learning: set[str] = set()
        self._binding = asyncio.Lock()
        self._janitor: asyncio.Task[None] | None = None
        self._following: set[asyncio.Task[None]] = set()
        self._receiving: set[asyncio.Task[Outcome]] = set()

    async def open(self) -> None:
        """Open the log and bind the sources; nothing is received or delivered yet."""
        await self.log.open()
        for settings in self.config.sources:
            if settings.enabled:
                self.sources[settings.name] = await bind_source(settings, self.log)

    async def start(self) -> None:
        """Open the log, bind the sources, start the deliveries."""
        await self.open()
        self.quarantine.start()
        await self.dispatcher.start()
        await self.plugins.startup(self)
        self._janitor = asyncio.create_task(self._keep_house(), name="janitor")

    async def stop(self, grace: float = 10.0) -> None:
        """Finish what is in flight, for at most `grace` seconds, and let go of the log."""
        if self._janitor is not None:
            self._janitor.cancel()
            await asyncio.gather(self._janitor, return_exceptions=True)
        # each ends by its own timeout
        await asyncio.gather(*self._following, return_exceptions=True)
        await self.plugins.shutdown(self)
        await self.dispatcher.stop(grace)
        await self.quarantine.close()
        await self.log.close()

    async def writable(self) -> bool:
        """Is what arrives now kept?"""
        return (await self.log.health()).writable

    def _subscriptions(self) -> list[Subscription]:
        return [
            make_subscription(settings, self.log, self.config.folder)
            for settings in self.config.subscriptions
            if settings.enabled
        ]

    def _attempted(self, event: Event, delivery: Delivery, attempt: Attempt) -> None:
        self.telemetry.attempted(event, delivery, attempt)
        self.plugins.attempt_finished(event, delivery, attempt)

    async def _keep_house(self) -> None:
        """Drop what is older than the log keeps and done for everybody, a little at a time."""
        while True:
            try:
                before = datetime.now(UTC) - timedelta(seconds=self.config.log.keep)
                while await self.log.prune(before):
                    await asyncio.sleep(0.05)
            except LogError as error:
                self.telemetry.warn(f"old events could not be dropped: {error}")
            await asyncio.sleep(PRUNE_EVERY)

    async def receive(self, name: str, request: Request) -> Outcome:
        """One request to `/webhooks/<name>`: decided, kept, and the answer to give."""
        began, source = time.perf_counter(), self.sources.get(name)
        try:
            outcome = self._no_source(name) if source is None else await self._examine(source, request)
        except KeyUnavailable as error:
            outcome = unavailable("key-unavailable", "A key for verification is not available", str(error))
        return await self._settle(name, request, outcome, began)

    def receive_soon(self, name: str, request: Request, answer: Callable[[Outcome], None]) -> None:
        """`receive` for a caller that does not wait, without a task where the request needs none, as nearly always.

        answer: called once, with the answer to give.
        """
        began, source = time.perf_counter(), self.sources.get(name)
        try:
            outcome = self._no_source(name) if source is None else source.examine(request)
        except KeyNeeded:
            self._later(self.receive(name, request), answer)
            return
        if not outcome.plain or self._settings[name].dedupe == "body":
            self._later(self._settle(name, request, outcome, began), answer)
            return

        def kept(appended: asyncio.Future[list[Stored]]) -> None:
            try:
                stored = appended.result()
                reply = accepted(outcome, stored[0].event.id, duplicate=all_known(stored))
            except LogUnavailable as error:
                stored, reply = [], not_kept(error)
            except LogError:
                # the request alone is kept
                self._later(self._settle(name, request, outcome, began), answer)
                return
            answer(self._answered(name, request, reply, stored, began))

        asyncio.ensure_future(self.log.append(request, outcome.events)).add_done_callback(kept)

    def _later(self, work: Coroutine[Any, Any, Outcome], answer: Callable[[Outcome], None]) -> None:
        """The answer comes from a task."""

        def done(task: asyncio.Task[Outcome]) -> None:
            self._receiving.discard(task)
            error = asyncio.CancelledError() if task.cancelled() else task.exception()
            if error is not None:
                self.telemetry.warn(f"a request could not be answered: {type(error).__name__}: {error}")
            answer(task.result() if error is None else failed())

        task = asyncio.create_task(work)
        self._receiving.add(task)
        task.add_done_callback(done)

    def refused_early(self, name: str, method: str, outcome: Outcome) -> None:
        """A request was refused before its body was there."""
        self.telemetry.answered(name if name in self._settings else None, method, outcome, (), 0.0)

    async def _settle(self, name: str, request: Request, outcome: Outcome, began: float) -> Outcome:
        """Do what the outcome asks for; the answer to give."""
        stored: list[Stored] = []
        if not outcome.accepted and outcome.stage == "verify":
            self.quarantine.offer(_rejection(name, request, outcome, "verify"))
            if self.on_refusal is not None:
                self.on_refusal(self.sources[name], request)
        elif outcome.accepted:
            try:
                outcome, stored = await self._keep_all(self.sources[name], request, outcome)
            except LogError as error:
                outcome = not_kept(error)
            if outcome.reply is not None and outcome.reply.follow is not None:
                task = asyncio.create_task(self._follow(name, outcome.reply), name=f"follow {name}")
                self._following.add(task)
                task.add_done_callback(self._following.discard)
        return self._answered(name, request, outcome, stored, began)

    def _answered(
        self, name: str, request: Request, outcome: Outcome, stored: Sequence[Stored], began: float
    ) -> Outcome:
        known = name if name in self._settings else None
        self.telemetry.answered(known, request.method, outcome, stored, time.perf_counter() - began)
        return outcome

    async def _follow(self, name: str, reply: Reply) -> None:
        """Call the URL that a reply names, if it does; a failure is for the operator."""
        # what a development key has signed names an address that the platform has not made
        if reply.follow is None or self._settings[name].development:
            return
        try:
            await self._keys.get(reply.follow)
        except KeyUnavailable:
            # not the URL: it may prove who calls it
            self.telemetry.warn(f"[providers.{name}]: the call that its platform asked for failed: {reply.note}")

    def _no_source(self, name: str) -> Outcome:
        if name in self.disabled:
            return unavailable("disabled", "This source is disabled", f"[providers.{name}] has enabled = false")
        return problem(
            404, "unknown-source", "There is no such source", stage="source", detail=f"no [providers.{name[:60]}]"
        )

    async def _examine(self, source: Source, request: Request) -> Outcome:
        for _ in range(3):
            try:
                return source.examine(request)
            except KeyNeeded as needed:
                source.supply(needed.fetch, await self._keys.get(needed.fetch))
        raise KeyUnavailable(f"the keys of {source.name} do not suffice to verify its requests")

    async def _keep_all(self, source: Source, request: Request, outcome: Outcome) -> tuple[Outcome, list[Stored]]:
        """Keep its events; the request alone where they can never be kept, until its provider is mended.

        Raises: LogError
        """
        try:
            return await self._keep(source, request, outcome)
        except LogUnavailable:
            raise
        except LogError as error:
            unread = outcome._replace(stage="read", reason="unreadable", detail=str(error), reply=None, events=())
            return await self._keep(source, request, unread)

    async def _keep(self, source: Source, request: Request, outcome: Outcome) -> tuple[Outcome, list[Stored]]:
        if outcome.stage == "read":
            rejection = _rejection(source.name, request, outcome, "read")
            await self.log.reject(rejection)
            return accepted(outcome, rejection.id), []
        if outcome.reply is not None and outcome.reply.learn:
            await self._learn(source, outcome)
        if not outcome.events:
            return (outcome if outcome.reply is not None else accepted(outcome, None)), []
        stored = await self._append(source, request, outcome.events)
        if outcome.reply is not None:
            return outcome, stored
        return accepted(outcome, stored[0].event.id, duplicate=all_known(stored)), stored

    async def _append(self, source: Source, request: Request, events: Sequence[Event]) -> list[Stored]:
        settings = self._settings[source.name]
        if settings.dedupe != "body":
            return await self.log.append(request, events)
        digest = hashlib.sha256(request.body).hexdigest()
        slot = int(request.received.timestamp() // BODY_WINDOW.total_seconds())
        earlier = await self.log.find(source.name, f"body:{digest}:{slot - 1}", 0)
        if earlier is not None and request.received - earlier.event.receivedat < BODY_WINDOW:
            slot -= 1
        key = f"body:{digest}:{slot}"
        return await self.log.append(request, [event.keyed(key, index) for index, event in enumerate(events)])

    async def _learn(self, source: Source, outcome: Outcome) -> None:
        assert outcome.reply is not None
        for option, value in outcome.reply.learn.items():
            known = list(texts(self.sources[source.name].options.get(option)))
            # anyone can POST a handshake: only the first one is trusted by itself, later ones wait for a person
            trusted = not known and source.name not in self._learning
            if value in known or not (trusted or self.quarantine.admits(source.name, len(value))):
                continue
            with self._first(source.name) if trusted else nullcontext():
                await self.log.learn(source.name, option, value, trusted)
                await self.bind(source.name)
            command = f"hub secrets accept {fingerprint(source.name, option, value)}"
            how = "is trusted" if trusted else f"waits, as the source has one already: {command}"
            self.telemetry.warn(f"a handshake brought a {option} for [providers.{source.name}]: it {how}")

    @contextmanager
    def _first(self, name: str) -> Iterator[None]:
        """Two handshakes at the same moment are not both the first."""
        self._learning.add(name)
        try:
            yield
        finally:
            self._learning.discard(name)

    async def bind(self, name: str) -> None:
        """Bind a source anew, with the secrets that are trusted now."""
        async with self._binding:  # who looked first must not be the last to bind
            if name in self.sources:
                self.sources[name] = await bind_source(self._settings[name], self.log)
                if self.on_bound is not None:
                    self.on_bound(name)

    async def accept(self, rejection: Rejection) -> list[Stored]:
        """Verify and read a kept request again, as of the moment it arrived, with today's secrets and plugins.

        Raises:
            Refused: it is still refused, or cannot be read; LogUnavailable
        """
        source = self.sources.get(rejection.source)
        if source is None:
            raise Refused("unconfigured", f"there is no enabled source {rejection.source!r}")
        reply: Reply | None = None
        if rejection.stage == "read":
            events: Sequence[Event] = source.read(rejection.request)
        else:
            outcome = await self._examine(source, rejection.request)
            if not outcome.accepted or outcome.stage == "read":
                raise Refused("mismatch", outcome.detail)
            events = outcome.events
            reply = outcome.reply
        stored = await self._append(source, rejection.request, events) if events else []
        await self.log.decide(rejection.id, "accepted")
        if reply is not None:
            await self._follow(source.name, reply)
        return stored


async def bind_source(settings: SourceConfig, log: Log) -> Source:
    """A source with its configured secrets and the trusted ones that handshakes brought."""
    options = dict(settings.options)
    for option, value, trusted in await log.learned(settings.name):
        if trusted:
            known = options.get(option)
            options[option] = [*(known if isinstance(known, list) else [known] if known else []), value]
    return Source(settings.name, settings.provider, options, verify=settings.verify)


def all_known(stored: Sequence[Stored]) -> bool:
    """Has every event of a request been there before?"""
    return all(one.duplicate for one in stored)


def _rejection(source: str, request: Request, outcome: Outcome, stage: str) -> Rejection:
    return Rejection(
        id=new_id(),
        source=source,
        at=request.received,
        stage="read" if stage == "read" else "verify",
        reason=outcome.reason,
        detail=outcome.detail[:1000],
        request=request,
    )
