"""Forms: events, deliveries, rejections, replays and subscriptions as JSON rows, and queries read from text."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Literal, TypeVar, cast

from hub.errors import UsageError
from hub.event import Event, rfc3339
from hub.log.base import (
    Attempt,
    DeliveryQuery,
    DeliveryState,
    Health,
    Job,
    Lag,
    Page,
    Position,
    Query,
    Rejection,
    RejectionQuery,
    Stored,
    SubscriptionState,
)
from hub.request import Request
from hub.units import parse_duration

T = TypeVar("T")
Row = dict[str, Any]
Values = Mapping[str, Any]
"""What was asked for: a text or a list of texts by name, from a command line, a URL's query or a JSON body."""

EVENT_KEYS = frozenset({"source", "type", "id", "subject", "since", "until"})
DELIVERY_KEYS = EVENT_KEYS | {"subscription", "state"}
REJECTION_KEYS = frozenset({"id", "source", "stage", "state", "since", "until"})
PAGE_KEYS = frozenset({"limit", "before"})
MOST = 1000
"""Rows in one page."""

HIDDEN = "[hidden]"
CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
"""Headers that hold credentials in a form that a search for the secret does not find."""

Hide = Callable[[str], str]


def event_row(stored: Stored) -> Row:
    """One line about an event, without its data."""
    event = stored.event
    return {
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": moment(event.time),
        "receivedat": rfc3339(event.receivedat),
        "deliveryid": event.deliveryid,
        "position": stored.position,
    }


def delivery_row(state: DeliveryState) -> Row:
    """A delivery that waits for another attempt, or a dead letter; `id` is the event's."""
    return {
        "id": state.event.id,
        "subscription": state.subscription,
        "state": state.state,
        "type": state.event.type,
        "source": state.event.source,
        "receivedat": rfc3339(state.event.receivedat),
        "attempts": state.attempts,
        "due": moment(state.due),
        "reason": state.reason,
        "job": state.job,
    }


def attempt_row(attempt: Attempt) -> Row:
    """One try at a delivery. took: seconds."""
    return {
        "subscription": attempt.subscription,
        "number": attempt.number,
        "at": rfc3339(attempt.at),
        "took": round(attempt.took, 6),
        "outcome": attempt.outcome,
        "detail": attempt.detail,
        "job": attempt.job,
    }


def rejection_row(rejection: Rejection) -> Row:
    """One line about a refused request, without the request."""
    return {
        "id": rejection.id,
        "source": rejection.source,
        "at": rfc3339(rejection.at),
        "stage": rejection.stage,
        "reason": rejection.reason,
        "detail": rejection.detail,
        "state": rejection.state,
        "method": rejection.request.method,
        "size": len(rejection.request.body),
        "peer": rejection.request.peer,
    }


def job_row(job: Job) -> Row:
    """A replay and how far it is."""
    return {
        "id": job.id,
        "subscription": job.subscription,
        "state": job.state,
        "delivered": job.delivered,
        "total": job.total,
    }


def subscription_row(state: SubscriptionState, *, configured: bool) -> Row:
    """A subscription that the log knows. configured: the config names it."""
    return {"name": state.name, "configured": configured, "live": state.live, **lag_form(state.lag)}


def lag_form(lag: Lag) -> Row:
    """How far a subscription is behind."""
    return {
        "waiting": lag.waiting,
        "in_flight": lag.in_flight,
        "later": lag.later,
        "dead": lag.dead,
        "oldest": moment(lag.oldest),
    }


def health_form(health: Health) -> Row:
    """How the log is. size, free: bytes."""
    return {
        "writable": health.writable,
        "detail": health.detail,
        "events": health.events,
        "size": health.size,
        "free": health.free,
    }


def request_form(request: Request, hide: Hide) -> Row:
    """A kept request for a person: `body` is text, or `body_base64` where it is none. hide: blots secrets out."""
    form: Row = {
        "method": request.method,
        "url": hide(request.url),
        "received": rfc3339(request.received),
        "peer": request.peer,
        "headers": [_header(name.decode("latin-1"), value.decode("latin-1"), hide) for name, value in request.headers],
        "size": len(request.body),
    }
    try:
        form["body"] = hide(request.body.decode())
    except UnicodeDecodeError:
        # latin-1 keeps every byte, so that a secret among other bytes is found too
        form["body_base64"] = base64.b64encode(hide(request.body.decode("latin-1")).encode("latin-1")).decode()
    return form


def page_form(page: Page[T], row: Callable[[T], Row]) -> Row:
    """A page: `next` goes into `before` for the page after it; it is null at the end."""
    return {"items": [row(item) for item in page.items], "next": page.next, "complete": page.complete}


def moment(value: datetime | None) -> str | None:
    """RFC 3339, or None."""
    return None if value is None else rfc3339(value)


def event_query(values: Values, now: datetime | None = None) -> Query:
    """Which events: `source type id` (one or several), `subject since until`.

    Raises:
        UsageError: a time that is none.
    """
    return Query(
        sources=texts(values, "source"),
        types=texts(values, "type"),
        ids=texts(values, "id"),
        subject=text(values, "subject"),
        since=_moment(values, "since", now),
        until=_moment(values, "until", now),
    )


def matches(query: Query, event: Event) -> bool:
    """Is the event of the query's sources and types? The rest of the query is for stored events."""
    if query.sources and event.source not in query.sources:
        return False
    return not query.types or any(fnmatchcase(event.type, pattern) for pattern in query.types)


def delivery_query(values: Values, now: datetime | None = None) -> DeliveryQuery:
    """Which deliveries: what selects events, `subscription`, and `state` (`dead` if left out).

    Raises:
        UsageError: a time or a state that is none.
    """
    states = _words(values, "state", ("later", "dead")) or ("dead",)
    return DeliveryQuery(
        subscription=text(values, "subscription"),
        states=cast("tuple[Literal['later', 'dead'], ...]", states),
        events=event_query(values, now),
    )


def rejection_query(values: Values, now: datetime | None = None) -> RejectionQuery:
    """Which rejections: `id source stage state` (one or several; state is `open` if left out), `since until`.

    Raises:
        UsageError: a time, stage or state that is none.
    """
    states = _words(values, "state", ("open", "accepted", "dropped")) or ("open",)
    return RejectionQuery(
        ids=texts(values, "id"),
        sources=texts(values, "source"),
        stages=cast("tuple[Literal['verify', 'read'], ...]", _words(values, "stage", ("verify", "read"))),
        states=cast("tuple[Literal['open', 'accepted', 'dropped'], ...]", states),
        since=_moment(values, "since", now),
        until=_moment(values, "until", now),
    )


def page_of(values: Values, default: int = 50) -> tuple[Position | None, int]:
    """`before` and `limit` of a listing.

    Raises:
        UsageError: they are no numbers, or out of range.
    """
    limit = _number(values, "limit", default)
    if not 1 <= limit <= MOST:
        raise UsageError(f"limit: a page has 1 to {MOST} rows, not {limit}")
    before = _number(values, "before", 0)
    return (Position(before) if before else None), limit


def only(values: Values, known: frozenset[str]) -> Values:
    """The values, if every name is known: a misspelt one must not widen what is selected.

    Raises:
        UsageError: a name that is not known.
    """
    unknown = sorted(set(values) - known)
    if unknown:
        raise UsageError(f"there is no {unknown[0]!r} here; there are {', '.join(sorted(known))}")
    return values


def parse_moment(value: str, now: datetime | None = None) -> datetime:
    """A moment: a time ago (`90s 30m 1h 7d`), a date, or an RFC 3339 time; UTC where no zone is given.

    Raises:
        UsageError: it is none of them.
    """
    now = now or datetime.now(UTC)
    value = value.strip()
    try:
        return now - timedelta(seconds=parse_duration(value))
    except (ValueError, OverflowError):
        pass
    try:
        found = datetime.fromisoformat(value) if re.match(r"\d{4}-\d\d-\d\d", value) else None
        if found is not None:
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise UsageError(f"{value[:60]!r} is no time: write 30m, 1h or 7d (ago), 2026-05-01, or 2026-05-01T12:00:00Z")


def texts(values: Values, name: str) -> tuple[str, ...]:
    """The texts of that name: none, one or several.

    Raises:
        UsageError: it is something else.
    """
    value = values.get(name)
    if value is None:
        return ()
    several: Sequence[Any] = value if isinstance(value, (list, tuple)) else [value]
    if not all(isinstance(one, str) for one in several):
        raise UsageError(f"{name}: a text, or a list of texts, not {_shown(value)}")
    return tuple(several)


def text(values: Values, name: str) -> str | None:
    """The text of that name, None if there is none.

    Raises:
        UsageError: there are several, or it is something else.
    """
    several = texts(values, name)
    if len(several) > 1:
        raise UsageError(f"{name}: only one, not {len(several)}")
    return several[0] if several else None


def flag(values: Values, name: str) -> bool:
    """The yes or no of that name; no if it is left out.

    Raises:
        UsageError: it is neither.
    """
    value = values.get(name, False)
    if not isinstance(value, bool):
        raise UsageError(f"{name}: true or false, not {_shown(value)}")
    return value


def _header(name: str, value: str, hide: Hide) -> list[str]:
    if name in CREDENTIALS:
        kind, space, rest = value.partition(" ")
        return [name, f"{kind} {HIDDEN}" if space and rest else HIDDEN]
    return [name, hide(value)]


def _moment(values: Values, name: str, now: datetime | None) -> datetime | None:
    value = text(values, name)
    return None if value is None else parse_moment(value, now)


def _words(values: Values, name: str, known: tuple[str, ...]) -> tuple[str, ...]:
    found = texts(values, name)
    for one in found:
        if one not in known:
            raise UsageError(f"{name}: {' or '.join(known)}, not {_shown(one)}")
    return found


def _number(values: Values, name: str, default: int) -> int:
    value = values.get(name)
    if value is None:
        return default
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value):
        return int(value)
    raise UsageError(f"{name}: a whole number, not {_shown(value)}")


def _shown(value: object) -> str:
    return repr(value)[:80]
