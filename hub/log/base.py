"""The protocol of the durable log: what an SQLite file and a JetStream cluster both do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, NamedTuple, NewType, Protocol, TypeVar

from hub.event import Event
from hub.request import Request

T = TypeVar("T")

Position = NewType("Position", int)
"""Where an event stands in the log: grows in order of commit, has gaps, compared only within one log."""

DeliveryStatus = Literal["delivered", "filtered", "waiting", "in-flight", "later", "dead"]
"""What became of one event for one subscription."""


class Stored(NamedTuple):
    """An event as the log holds it. duplicate: it was there before; position and event are the first one's."""

    position: Position
    event: Event
    duplicate: bool = False


Done = Callable[[list[list[Stored]] | Exception], None]
"""Is given what was stored of each of several appends, or why one of them was not."""
Synced = Callable[[list[list[Stored]]], None]
"""Is given the same once it is on the disk, in a thread."""


class Group(NamedTuple):
    """Several requests that were prepared (see `Log.prepare`), and who waits for them.

    done: called once in the loop, now or later, with what `append` gives for each, or raises for one; synced: may be
    called before that, in another thread; after `done` was told that the log is unavailable, too.
    """

    ready: Sequence[Any]
    done: Done
    synced: Synced | None = None


class Intake(Protocol):
    """A socket on which groups come in; used by one thread at a time, mostly not the loop's."""

    def fileno(self) -> int:
        """What to wait for until it can be read."""

    def take(self) -> Group | None:
        """The next group; None if there is none now.

        Raises:
            EOFError: there will be none any more.
        """


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event owed to one subscription, handed out by `Feed.take`.

    attempt: number of the try that this is, from 1; job: the replay it belongs to, None for the live stream;
    token: the log's own.
    """

    subscription: str
    position: Position
    event: Event
    attempt: int = 1
    job: str | None = None
    token: object = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a delivery.

    kind: delivered, filtered (the subscription's filter says no), later (try again at `due`), dead (never again by
    itself), returned (not tried: given back, counts no attempt). reason: for the operator, without secrets;
    took: seconds the attempt ran.
    """

    delivery: Delivery
    kind: Literal["delivered", "filtered", "later", "dead", "returned"]
    due: datetime | None = None
    reason: str = ""
    took: float = 0.0


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a listing, newest first. next: pass as `before` to go on; None at the end.

    complete: False if the search stopped at its time budget before the page was full; go on from `next`.
    """

    items: list[T]
    next: Position | None = None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a subscription is behind: events not yet taken, being tried, to be tried again, given up on.

    oldest: when the oldest waiting or in-flight event arrived; None if there is none.
    """

    waiting: int
    in_flight: int
    later: int
    dead: int
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionSpec:
    """A subscription as the log needs it.

    filter: the filter's text, kept in versions so that old decisions can be explained; start: where a subscription
    that the log does not know yet begins; ordered: one delivery at a time, a retry holds back all that follow.
    """

    name: str
    filter: str = ""
    start: Literal["now", "beginning"] | datetime = "now"
    ordered: bool = False
    concurrency: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which events: every given part must hold; empty means any.

    sources: exact names; types: patterns with `*` (fnmatch); ids: event ids or delivery ids; since <= received < until.
    """

    sources: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryQuery:
    """Which deliveries that are not simply done: of a subscription, in a state, of the events that `events` selects."""

    subscription: str | None = None
    states: tuple[Literal["later", "dead"], ...] = ("dead",)
    events: Query = field(default_factory=Query)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryState:
    """A delivery that is waiting for another attempt or is a dead letter."""

    subscription: str
    position: Position
    event: Event
    state: Literal["later", "dead"]
    attempts: int
    due: datetime | None
    reason: str
    job: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at a delivery, as kept for failures and for the success after one. took: seconds."""

    subscription: str
    number: int
    at: datetime
    took: float
    outcome: Literal["delivered", "later", "dead"]
    detail: str
    job: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A request that made no event, kept so that it can be taken in later.

    id: a UUIDv7; stage: `verify` = refused (quarantined while bounded room lasts), `read` = its signature was good but
    the provider could not read it (a dead letter, never dropped to make room); reason: the kind; detail: for the
    operator; state: open, or what a person decided.
    """

    id: str
    source: str
    at: datetime
    stage: Literal["verify", "read"]
    reason: str
    detail: str
    request: Request
    state: Literal["open", "accepted", "dropped"] = "open"
    position: Position = Position(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectionQuery:
    """Which rejections: every given part must hold; empty means any."""

    ids: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    stages: tuple[Literal["verify", "read"], ...] = ()
    states: tuple[Literal["open", "accepted", "dropped"], ...] = ("open",)
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A replay of stored events to one subscription: a second cursor over a range, no row per event."""

    id: str
    subscription: str
    state: Literal["running", "done", "cancelled"]
    total: int
    delivered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionState:
    """A subscription that the log knows, also one that the config no longer names (`live` False until retired)."""

    name: str
    live: bool
    retired: bool
    lag: Lag


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How the log is. writable: the last write succeeded; size: bytes on disk; free: bytes free there, or None."""

    writable: bool
    detail: str
    events: int
    size: int
    free: int | None = None


class Feed(Protocol):
    """One subscription, as seen by this hub."""

    async def take(self, limit: int, wait: float) -> list[Delivery]:
        """At most `limit` deliveries: due retries (at most half while new ones wait), returned ones, new ones.

        Waits up to `wait` seconds for the first; [] if there was none. None of them is out elsewhere.
        """

    async def settle(self, results: Sequence[Settled]) -> None:
        """Record what became of deliveries. Durable on return; idempotent; what this feed does not have is ignored.

        While the log cannot be written it waits: the outcomes are kept in memory and written with the next success.
        """

    async def extend(self, deliveries: Sequence[Delivery]) -> None:
        """Still working on these: keeps the lease of a log that has leases."""

    async def lag(self) -> Lag:
        """How far the subscription is behind."""

    async def close(self) -> None:
        """Give back what is in flight, uncounted."""


class Log(Protocol):
    """The durable, ordered store of requests and events: the truth."""

    async def open(self) -> None:
        """Open, create or migrate it.

        Raises:
            LogDamaged, LogTooNew, LogInUse, LogUnavailable
        """

    async def close(self) -> None:
        """Write what is pending, then let go of it."""

    def append(self, request: Request, events: Sequence[Event]) -> Awaitable[list[Stored]]:
        """Keep a request and its events: all or none, in order, synced to disk when it is done, duplicates found.

        (source, deliveryid, index) has one position for as long as it is kept. A duplicate whose event has dead letters
        queues those again. With no events the request alone is not kept and [] is returned.

        Raises:
            LogUnavailable: unknown whether it was kept; repeating it is safe.
        """

    def prepare(self, appends: Sequence[tuple[Request, Sequence[Event]]]) -> list[Any]:
        """What of each `append` needs no open log, for `keep`, also of another process: made of what `marshal` takes.

        Raises:
            LogError: one of the events can never be kept.
        """

    def keep(self, group: Group) -> None:
        """`append` of several that were prepared, for a caller that does not wait: futures cost as much as the rest."""

    def attend(self, intake: Intake) -> None:
        """Keep the groups that come in there, too, until the log is closed."""

    async def find(self, source: str, deliveryid: str, index: int = 0) -> Stored | None:
        """The event that has this de-duplication key."""

    async def feed(self, spec: SubscriptionSpec) -> Feed:
        """The feed of a subscription, created or updated to `spec`."""

    async def retire(self, subscription: str) -> None:
        """Forget a subscription: its cursor, retries and dead letters; it no longer holds events back from pruning."""

    async def subscriptions(self) -> list[SubscriptionState]:
        """Every subscription that the log knows and that is not retired."""

    async def get(self, event_id: str) -> Stored | None:
        """The event with this id."""

    async def request(self, event_id: str) -> Request | None:
        """The request that an event came in."""

    async def status(self, event_id: str) -> dict[str, DeliveryStatus]:
        """What became of the event, by subscription; `filtered` is told as `delivered` (see `filter_at`)."""

    async def filter_at(self, subscription: str, position: Position) -> str:
        """The filter text that was in force for a position."""

    async def attempts(self, event_id: str) -> list[Attempt]:
        """The kept attempts at an event's deliveries, oldest first."""

    async def browse(self, query: Query, before: Position | None, limit: int) -> Page[Stored]:
        """Events, newest first."""

    async def count(self, query: Query) -> int:
        """How many events a query selects."""

    async def deliveries(self, query: DeliveryQuery, before: Position | None, limit: int) -> Page[DeliveryState]:
        """Deliveries that wait for another attempt or are dead letters, newest event first."""

    async def requeue(self, query: DeliveryQuery) -> int:
        """Make dead letters (or waiting retries) due now, at attempt 1; how many."""

    async def drop(self, query: DeliveryQuery) -> int:
        """Forget dead letters; how many."""

    async def replay(self, subscription: str, query: Query) -> str:
        """New deliveries of stored events to a subscription, out of the same Feed; the job's id."""

    async def cancel(self, job: str) -> bool:
        """Stop a replay; False if there is none running of that id."""

    async def jobs(self) -> list[Job]:
        """Replays, newest first."""

    async def reject(self, rejection: Rejection) -> None:
        """Keep a request that made no event; synced to disk on return."""

    async def rejections(self, query: RejectionQuery, before: Position | None, limit: int) -> Page[Rejection]:
        """Kept rejections, newest first."""

    async def decide(self, rejection_id: str, state: Literal["accepted", "dropped"]) -> bool:
        """Close an open rejection; False if it was not open."""

    async def learn(self, source: str, option: str, value: str, trusted: bool) -> None:
        """Keep a secret that a handshake brought; it is never shown."""

    async def learned(self, source: str) -> list[tuple[str, str, bool]]:
        """(option, value, trusted) that handshakes brought to a source, oldest first."""

    async def forget(self, source: str, option: str, value: str) -> bool:
        """Drop a secret that a handshake brought; False if there is no such."""

    def follow(self, after: Position | None) -> AsyncIterator[Stored]:
        """Events as they are appended, from after a position (None: from now), with no gap between history and live.

        Raises:
            LogUnavailable: the reader is too slow and was dropped; go on from the last position.
        """

    async def prune(self, before: datetime, limit: int = 500) -> int:
        """Drop at most `limit` events that arrived before a moment and are done for every subscription; how many."""

    async def health(self) -> Health:
        """How the log is."""
