"""`hub events`: what arrived, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.common import (
    CONFIG,
    AsJson,
    ConfigPath,
    Limit,
    Listing,
    Place,
    Since,
    Sources,
    Subject,
    Types,
    Until,
    find_place,
    run,
    selection,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.log.base import Log, Query, Stored

events = typer.Typer(cls=Listing, help="List, show or follow events.", rich_markup_mode=None)
COLUMNS = {"receivedat": "received", "source": "source", "type": "type", "subject": "subject", "id": "id"}
RECONNECT = 1.0


@events.command("list")
def list_(
    config: ConfigPath = CONFIG,
    as_json: AsJson = False,
    limit: Limit = 30,
    since: Since = None,
    until: Until = None,
    source: Sources = None,
    type_: Types = None,
    subject: Subject = None,
    id_: Annotated[list[str] | None, typer.Option("--id", help="With this id, the hub's or the platform's.")] = None,
) -> None:
    """List events, the newest last."""
    values = selection(since=since, until=until, source=source, type=type_, subject=subject, id=id_)
    run(_list(find_place(config), values, limit, as_json))


async def _list(place: Place, values: dict[str, Any], limit: int, as_json: bool) -> int:
    from hub.cli.output import json_lines, table
    from hub.cli.reading import newest, reading
    from hub.forms import event_query, event_row

    query = event_query(values)
    async with reading(place) as log:
        found = await newest(lambda before, size: log.browse(query, before, size), limit)
    if as_json:
        json_lines(stored.event.cloudevent() for stored in found)
    else:
        empty = "no such event" if values else "no event yet: `hub send <source>` sends one"
        table([event_row(stored) for stored in found], COLUMNS, empty=empty)
    return 0


@events.command("show")
def show(
    event: Annotated[str, typer.Argument(metavar="ID", help="Its id or the start of it, or the platform's id.")],
    config: ConfigPath = CONFIG,
    as_json: AsJson = False,
    request: Annotated[bool, typer.Option("--request", help="Also the request that it came in.")] = False,
) -> None:
    """Show one event: its data, what became of it for each subscription and why."""
    run(_show(find_place(config), event, as_json, request))


async def _show(place: Place, wanted: str, as_json: bool, with_request: bool) -> int:
    from hub.cli.output import json_lines
    from hub.cli.reading import reading
    from hub.details import event_details, find_event
    from hub.errors import UsageError
    from hub.forms import request_form

    hide = _hide(place) if with_request else str
    async with reading(place) as log:
        stored = await find_event(log, wanted)
        if stored is None:
            raise UsageError(f"there is no event {wanted[:60]!r}: `hub events` lists them")
        details = await event_details(log, stored)
        if with_request:
            kept = await log.request(stored.event.id)
            details["request"] = None if kept is None else request_form(kept, hide)
    if as_json:
        json_lines([details])
    else:
        _print(details)
    return 0


def _hide(place: Place) -> Callable[[str], str]:
    """Blots out the secrets of the config: tokens are sent in requests as they are."""
    from hub.config import load_config
    from hub.redaction import Redactor

    return Redactor(load_config(place.file).secrets).redact


def _print(details: dict[str, Any]) -> None:
    from hub.cli.output import pretty, say, shown, table

    event = details["event"]
    for name in ("id", "type", "source", "provider", "subject", "time", "receivedat", "deliveryid"):
        if event.get(name) is not None:
            say(f"{name:<11} {shown(event[name])}")
    say()
    pretty(event["data"])
    say()
    columns = {"subscription": "subscription", "status": "status", "why": "why", "tries": "tries", "due": "next try"}
    table(details["deliveries"], columns, empty="no subscription has it")
    if details["attempts"]:
        say()
        columns = {"at": "attempt at", "subscription": "subscription", "outcome": "outcome", "detail": "detail"}
        table(details["attempts"], columns, empty="")
    if details.get("request"):
        request = details["request"]
        say()
        say(f"{request['method']} {request['url']}")
        for name, value in request["headers"]:
            say(f"{name}: {value}")
        say()
        say(request.get("body") or f"({request['size']} bytes that are no text)" if request["size"] else "(no body)")


@events.command("tail")
def tail(
    config: ConfigPath = CONFIG,
    as_json: AsJson = False,
    source: Sources = None,
    type_: Types = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="First, this many of the newest.")] = 10,
) -> None:
    """Follow events as they arrive, until Ctrl-C; restarts of the hub are waited for."""
    run(_tail(find_place(config), selection(source=source, type=type_), limit, as_json))


async def _tail(place: Place, values: dict[str, Any], limit: int, as_json: bool) -> int:
    import asyncio

    from hub.cli.output import say
    from hub.cli.reading import reading
    from hub.errors import LogUnavailable
    from hub.forms import event_query

    query = event_query(values)
    after: Any = None
    waiting = False
    while True:
        try:
            async with reading(place) as log:
                waiting = False
                if after is None:
                    after = await _start(log, query, limit, as_json)
                async for stored in log.follow(after):
                    after = stored.position
                    _line(stored, query, as_json)
        except LogUnavailable as error:
            if not waiting:
                say(f"waiting for the log: {error}", err=True)
            waiting = True
            await asyncio.sleep(RECONNECT)


async def _start(log: Log, query: Query, limit: int, as_json: bool) -> int:
    """Print the newest events; the position to follow from."""
    from hub.cli.reading import newest
    from hub.forms import event_query

    last = await log.browse(event_query({}), None, 1)
    position = last.items[0].position if last.items else 0
    if limit:
        for stored in await newest(lambda before, size: log.browse(query, before, size), limit):
            if stored.position <= position:
                _line(stored, query, as_json)
    return position


def _line(stored: Stored, query: Query, as_json: bool) -> None:
    import sys

    from hub.cli.output import json_lines, say, shown
    from hub.event import rfc3339
    from hub.forms import matches

    event = stored.event
    if not matches(query, event):
        return
    if as_json:
        json_lines([event.cloudevent()])
    else:
        at = shown(rfc3339(event.receivedat))
        say(f"{at}  {event.source:<14} {event.type:<34} {(event.subject or '')[:40]:<20} {event.id}")
    sys.stdout.flush()
