"""`hub dead`: deliveries that will not be tried again by themselves."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hub.cli.common import (
    CONFIG,
    AsJson,
    ConfigPath,
    Everything,
    Limit,
    Listing,
    Place,
    Since,
    Sources,
    Types,
    Until,
    find_place,
    run,
    selection,
)

dead = typer.Typer(cls=Listing, help="List, retry or drop dead letters.", rich_markup_mode=None)
COLUMNS = {
    "id": "event",
    "type": "type",
    "subscription": "subscription",
    "attempts": "attempts",
    "reason": "reason",
    "receivedat": "received",
}
WAITING = {**COLUMNS, "due": "next try"}
Subscription = Annotated[str | None, typer.Option("--subscription", help="Of this subscription.")]
Events = Annotated[list[str] | None, typer.Argument(metavar="EVENT", help="Ids of events.")]


@dead.command("list")
def list_(
    config: ConfigPath = CONFIG,
    as_json: AsJson = False,
    limit: Limit = 30,
    subscription: Subscription = None,
    since: Since = None,
    until: Until = None,
    source: Sources = None,
    type_: Types = None,
    waiting: Annotated[bool, typer.Option("--waiting", help="Instead, those that will be tried again.")] = False,
) -> None:
    """List dead letters, the newest event last."""
    values = selection(subscription=subscription, since=since, until=until, source=source, type=type_)
    run(_list(find_place(config), values, limit, as_json, waiting))


async def _list(place: Place, values: dict[str, Any], limit: int, as_json: bool, waiting: bool) -> int:
    from hub.cli.output import json_lines, table
    from hub.cli.reading import newest, reading
    from hub.forms import delivery_query, delivery_row

    query = delivery_query({**values, "state": "later" if waiting else "dead"})
    async with reading(place) as log:
        found = await newest(lambda before, size: log.deliveries(query, before, size), limit)
    rows = [delivery_row(state) for state in found]
    if as_json:
        json_lines(rows)
    else:
        empty = "no delivery waits for another try" if waiting else "no dead letters"
        table(rows, WAITING if waiting else COLUMNS, empty=empty)
    return 0


@dead.command("retry")
def retry(
    event: Events = None,
    config: ConfigPath = CONFIG,
    subscription: Subscription = None,
    since: Since = None,
    until: Until = None,
    source: Sources = None,
    type_: Types = None,
    everything: Everything = False,
) -> None:
    """Try dead letters again now, from the first attempt on."""
    values = selection(id=event, subscription=subscription, since=since, until=until, source=source, type=type_)
    run(_change(find_place(config), "retry", values, everything, "due again"))


@dead.command("drop")
def drop(
    event: Events = None,
    config: ConfigPath = CONFIG,
    subscription: Subscription = None,
    since: Since = None,
    until: Until = None,
    source: Sources = None,
    type_: Types = None,
    everything: Everything = False,
) -> None:
    """Forget dead letters. Their events stay in the log, and can be replayed."""
    values = selection(id=event, subscription=subscription, since=since, until=until, source=source, type=type_)
    run(_change(find_place(config), "drop", values, everything, "dropped"))


async def _change(place: Place, what: str, values: dict[str, Any], everything: bool, done: str) -> int:
    from hub.cli.console import changing
    from hub.cli.output import counted, say
    from hub.errors import UsageError

    if not values and not everything:
        raise UsageError(f"which ones? Give ids of events, options that select them, or --all: hub dead {what} --help")
    async with changing(place) as console:
        count = (await console.post(f"/api/dead/{what}", {**values, "all": everything}))["count"]
    say(f"{counted(count, 'dead letter')} {done}")
    return 0 if count else 1
