"""Details: everything the log knows about one event, and finding an event or a rejection by the start of its id."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar

from hub.errors import UsageError
from hub.event import Event
from hub.forms import Row, attempt_row, moment
from hub.log.base import DeliveryQuery, DeliveryState, Log, Page, Position, Query, Rejection, RejectionQuery, Stored

T = TypeVar("T")

PREFIX = re.compile(r"[0-9a-f]{1,8}(-[0-9a-f]{0,4}){0,3}(-[0-9a-f]{0,12})?", re.ASCII)
TIME_DIGITS = 12
"""Hexadecimal digits of a UUIDv7 that are its moment (RFC 9562, 5.7)."""
SLACK = timedelta(minutes=10)
"""A rejection's id is made when it has been decided, which may wait for a key."""
PAGES = 20
ANY: tuple[Literal["open", "accepted", "dropped"], ...] = ("open", "accepted", "dropped")


async def find_event(log: Log, wanted: str) -> Stored | None:
    """The event with this id, the start of an id, or a platform's delivery id; None if there is none.

    Raises:
        UsageError: several begin so.
    """
    exact = await log.browse(Query(ids=(wanted,)), None, 2)
    if len(exact.items) == 1:
        return exact.items[0]
    found = {stored.event.id: stored for stored in exact.items}
    span = _span(wanted)
    if not found and span is not None:
        query = Query(since=span[0], until=span[1])
        found = await _beginning(wanted, lambda before: log.browse(query, before, 100), lambda one: one.event.id)
    return _only_one(found, wanted, "event")


async def find_rejection(log: Log, wanted: str) -> Rejection | None:
    """The rejection with this id or the start of it, open or not; None if there is none.

    Raises:
        UsageError: several begin so.
    """
    exact = await log.rejections(RejectionQuery(ids=(wanted,), states=ANY), None, 1)
    if exact.items:
        return exact.items[0]
    span = _span(wanted)
    if span is None:
        return None
    query = RejectionQuery(states=ANY, since=span[0] - SLACK, until=span[1] + SLACK)
    found = await _beginning(wanted, lambda before: log.rejections(query, before, 100), lambda one: one.id)
    return _only_one(found, wanted, "rejection")


async def event_details(log: Log, stored: Stored) -> Row:
    """The event in its CloudEvents form, what became of it for each subscription and why, and the kept attempts."""
    event = stored.event
    statuses = await log.status(event.id)
    query = DeliveryQuery(states=("later", "dead"), events=Query(ids=(event.id,)))
    owed = await log.deliveries(query, None, len(statuses) + 1)
    states = {state.subscription: state for state in owed.items if state.event.id == event.id}
    return {
        "event": event.cloudevent(),
        "deliveries": [
            await _delivery(log, stored, name, status, states.get(name)) for name, status in sorted(statuses.items())
        ],
        "attempts": [attempt_row(attempt) for attempt in await log.attempts(event.id)],
    }


async def _delivery(log: Log, stored: Stored, name: str, status: str, state: DeliveryState | None) -> Row:
    row: dict[str, Any] = {"subscription": name, "status": status, "why": ""}
    if state is not None:
        row |= {"why": state.reason, "tries": state.attempts, "due": moment(state.due)}
    elif status in ("delivered", "filtered"):
        why = filtered_out(await log.filter_at(name, stored.position), stored.event)
        if why:
            row |= {"status": "filtered", "why": why}
    return row


def filtered_out(filter_text: str, event: Event) -> str:
    """Why a filter passes this event over; "" if it does not."""
    from hub.filters import Filter

    try:
        return Filter.from_text(filter_text).explain(event)
    except ValueError as error:
        return f"the filter of that time cannot be read any more: {error}"


async def _beginning(
    wanted: str, pages: Callable[[Position | None], Awaitable[Page[T]]], name: Callable[[T], str]
) -> dict[str, T]:
    """Up to two that begin so. All ids of a span begin alike but for their random end, so few pages suffice."""
    found: dict[str, T] = {}
    before: Position | None = None
    for _ in range(PAGES):
        page = await pages(before)
        found |= {name(item): item for item in page.items if name(item).startswith(wanted.lower())}
        before = page.next
        if before is None or len(found) > 1:
            break
    return found


def _only_one(found: dict[str, T], wanted: str, what: str) -> T | None:
    if len(found) > 1:
        some = ", ".join(sorted(found)[:3])
        raise UsageError(f"several {what}s have an id that is or begins with {wanted!r} ({some} ...): give more of it")
    return next(iter(found.values()), None)


def _span(prefix: str) -> tuple[datetime, datetime] | None:
    """When events whose id begins so arrived; None if no id does."""
    if not PREFIX.fullmatch(prefix.lower()):
        return None
    digits = prefix.lower().replace("-", "")[:TIME_DIGITS]
    first, last = (int(digits.ljust(TIME_DIGITS, end), 16) for end in "0f")
    try:
        # ids are made from a float of seconds: a millisecond on either side
        return _moment(first - 1), _moment(last + 2)
    except (OverflowError, ValueError, OSError):
        return _moment(max(first - 1, 0)), datetime.max.replace(tzinfo=UTC)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(max(milliseconds, 0) / 1000, UTC)
