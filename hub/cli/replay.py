"""`hub replay`: new deliveries of events that the log has."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hub.cli.common import (
    CONFIG,
    AsJson,
    ConfigPath,
    Everything,
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

COLUMNS = {"id": "id", "subscription": "subscription", "state": "state", "delivered": "delivered", "total": "total"}


def replay(
    event: Annotated[list[str] | None, typer.Argument(metavar="EVENT", help="Ids of events.")] = None,
    config: ConfigPath = CONFIG,
    to: Annotated[list[str] | None, typer.Option("--to", help="To this subscription; may be repeated.")] = None,
    since: Since = None,
    until: Until = None,
    source: Sources = None,
    type_: Types = None,
    subject: Subject = None,
    everything: Everything = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
    jobs: Annotated[bool, typer.Option("--list", help="Instead, list replays and how far they are.")] = False,
    cancel: Annotated[str | None, typer.Option("--cancel", metavar="REPLAY", help="Instead, stop this one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Deliver stored events again: by id, by filter or by time."""
    place = find_place(config)
    if jobs:
        run(_list(place, as_json))
    if cancel is not None:
        run(_cancel(place, cancel))
    values = selection(id=event, since=since, until=until, source=source, type=type_, subject=subject)
    run(_replay(place, values, to or [], everything, dry_run, as_json))


async def _replay(
    place: Place, values: dict[str, Any], to: list[str], everything: bool, dry_run: bool, as_json: bool
) -> int:
    from hub.cli.console import changing
    from hub.cli.output import counted, json_lines, say
    from hub.errors import UsageError

    if not values and not everything:
        raise UsageError("which events? Give ids, options that select them, or --all: hub replay --help")
    async with changing(place) as console:
        asked = {**values, "to": to, "all": everything, "dry_run": dry_run}
        answer = await console.post("/api/replay", asked)
    count, names = answer["count"], ", ".join(answer["to"])
    if as_json:
        ids = answer["jobs"] or [None] * len(answer["to"])
        pairs = zip(ids, answer["to"], strict=True)
        json_lines({"id": job, "subscription": name, "count": count} for job, name in pairs)
    elif dry_run:
        say(f"{counted(count, 'event')} would be delivered again to {names}")
    elif count:
        say(f"{counted(count, 'event')} will be delivered again to {names}")
        for job in answer["jobs"]:
            say(f"replay {job}: `hub replay --list` shows how far it is")
    else:
        say("no such event is in the log", err=True)
    return 0 if count else 1


async def _list(place: Place, as_json: bool) -> int:
    from hub.cli.output import json_lines, table
    from hub.cli.reading import reading
    from hub.forms import job_row

    async with reading(place) as log:
        rows = [job_row(job) for job in reversed(await log.jobs())]
    if as_json:
        json_lines(rows)
    else:
        table(rows, COLUMNS, empty="no replays")
    return 0


async def _cancel(place: Place, job: str) -> int:
    from hub.cli.console import changing
    from hub.cli.output import say

    async with changing(place) as console:
        await console.post(f"/api/jobs/{job}/cancel", {})
    say(f"stopped {job}; what it delivered is delivered")
    return 0
