"""`hub rejected`: requests that were refused or could not be read; why, and letting them in after all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

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
    Until,
    find_place,
    run,
    selection,
)

if TYPE_CHECKING:
    from hub.config import Config
    from hub.log.base import Rejection
    from hub.source import Source

rejected = typer.Typer(
    cls=Listing, help="List, explain, accept or drop requests that were refused.", rich_markup_mode=None
)
COLUMNS = {
    "at": "received",
    "source": "source",
    "stage": "stage",
    "reason": "reason",
    "detail": "detail",
    "peer": "from",
    "id": "id",
}
Ids = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Their ids, or the start of them.")]
Stage = Annotated[
    str | None, typer.Option("--stage", help="verify: refused; read: signed well, but the provider could not read it.")
]


@rejected.command("list")
def list_(
    config: ConfigPath = CONFIG,
    as_json: AsJson = False,
    limit: Limit = 30,
    since: Since = None,
    until: Until = None,
    source: Sources = None,
    stage: Stage = None,
    state: Annotated[str | None, typer.Option("--state", help="open (if left out), accepted or dropped.")] = None,
) -> None:
    """List rejections, the newest last."""
    run(
        _list(
            find_place(config),
            selection(since=since, until=until, source=source, stage=stage, state=state),
            limit,
            as_json,
        )
    )


async def _list(place: Place, values: dict[str, Any], limit: int, as_json: bool) -> int:
    from hub.cli.output import json_lines, table
    from hub.cli.reading import newest, reading
    from hub.forms import rejection_query, rejection_row

    query = rejection_query(values)
    async with reading(place) as log:
        found = await newest(lambda before, size: log.rejections(query, before, size), limit)
    rows = [rejection_row(rejection) for rejection in found]
    if as_json:
        json_lines(rows)
    else:
        table(rows, COLUMNS, empty="no such rejection" if values else "nothing was refused")
    return 0


@rejected.command("explain")
def explain(
    rejection: Annotated[str, typer.Argument(metavar="ID", help="Its id or the start of it.")],
    config: ConfigPath = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Say why a request was refused, what it was, and what would become of it today."""
    from hub.config import load_config

    run(_explain(find_place(config), load_config(config), rejection, as_json))


async def _explain(place: Place, config: Config, wanted: str, as_json: bool) -> int:
    from dataclasses import asdict

    from hub.cli.output import json_lines, say
    from hub.cli.reading import reading
    from hub.core import bind_source
    from hub.forms import rejection_row, request_form
    from hub.operations import explain
    from hub.redaction import Redactor

    hide = Redactor(config.secrets).redact
    async with reading(place) as log:
        rejection = await _one(log, wanted)
        sources = {one.name: await bind_source(one, log) for one in config.sources}
        source = sources.get(rejection.source)
        cause = None
        if source is not None and rejection.stage == "verify":
            cause = await explain(rejection.request, source, sources, folder=config.folder, log=log)
    row = {**rejection_row(rejection), "request": request_form(rejection.request, hide)}
    row["today"] = hide(_today(source, rejection))
    row["cause"] = cause and {part: hide(text) for part, text in asdict(cause).items()}
    if as_json:
        json_lines([row])
        return 0
    say(f"{row['source']}: {row['reason']}: {row['detail']}", colour="red")
    if row["cause"]:
        say(f"likely cause: {row['cause']['sentence']}", bold=True)
        say(f"  found by    {row['cause']['evidence']}")
        say(f"  what to do  {row['cause']['hint']}")
    say(row["today"])
    say()
    say(f"{row['request']['method']} {row['request']['url']}  from {row['peer'] or 'unknown'}, {row['size']} bytes")
    for name, value in row["request"]["headers"]:
        say(f"{name}: {value}")
    return 0


def _today(source: Source | None, rejection: Rejection) -> str:
    """What would become of the request with today's secrets and plugins, as of when it arrived."""
    from hub.errors import KeyNeeded

    if source is None:
        return f"there is no [providers.{rejection.source}] any more"
    try:
        outcome = source.examine(rejection.request)
    except KeyNeeded as needed:
        return f"its verification needs a key that the hub fetches: {needed.fetch.url}"
    if outcome.accepted and outcome.stage != "read":
        return f"today it is good: hub rejected accept {rejection.id}"
    return f"today it is still refused: {outcome.reason}: {outcome.detail}"


async def _one(log: Any, wanted: str) -> Rejection:
    from hub.details import find_rejection
    from hub.errors import UsageError

    rejection = await find_rejection(log, wanted)
    if rejection is None:
        raise UsageError(f"there is no rejection {wanted[:60]!r}: `hub rejected` lists them")
    return rejection


@rejected.command("accept")
def accept(
    ids: Ids = None,
    config: ConfigPath = CONFIG,
    since: Since = None,
    until: Until = None,
    source: Sources = None,
    stage: Stage = None,
    everything: Everything = False,
) -> None:
    """Verify and read them again as of when they arrived, and take in those that are good now."""
    values = selection(since=since, until=until, source=source, stage=stage)
    run(_accept(find_place(config), ids or [], values, everything))


async def _accept(place: Place, ids: list[str], values: dict[str, Any], everything: bool) -> int:
    from hub.cli.console import changing
    from hub.cli.output import say

    values = await _chosen(place, ids, values, everything, "accept")
    async with changing(place) as console:
        answer = await console.post("/api/rejections/accept", {**values, "all": everything})
    for one in answer["accepted"]:
        say(f"accepted  {one['id']}  {', '.join(one['events']) or 'no event in it'}", colour="green")
    for one in answer["refused"]:
        say(f"refused   {one['id']}  {one['detail']}", colour="red")
    if not answer["accepted"] and not answer["refused"]:
        say("no such rejection is open", err=True)
    return 0 if answer["accepted"] and not answer["refused"] else 1


@rejected.command("drop")
def drop(
    ids: Ids = None,
    config: ConfigPath = CONFIG,
    since: Since = None,
    until: Until = None,
    source: Sources = None,
    stage: Stage = None,
    everything: Everything = False,
) -> None:
    """Close them for good."""
    values = selection(since=since, until=until, source=source, stage=stage)
    run(_drop(find_place(config), ids or [], values, everything))


async def _drop(place: Place, ids: list[str], values: dict[str, Any], everything: bool) -> int:
    from hub.cli.console import changing
    from hub.cli.output import counted, say

    values = await _chosen(place, ids, values, everything, "drop")
    async with changing(place) as console:
        count = (await console.post("/api/rejections/drop", {**values, "all": everything}))["count"]
    say(f"{counted(count, 'rejection')} dropped")
    return 0 if count else 1


async def _chosen(place: Place, ids: list[str], values: dict[str, Any], everything: bool, what: str) -> dict[str, Any]:
    """The selection for the API, with whole ids."""
    from hub.cli.reading import reading
    from hub.errors import UsageError

    if not ids and not values and not everything:
        raise UsageError(f"which ones? Give ids, options that select them, or --all: hub rejected {what} --help")
    if not ids:
        return values
    async with reading(place) as log:
        return {**values, "id": [(await _one(log, wanted)).id for wanted in ids]}
