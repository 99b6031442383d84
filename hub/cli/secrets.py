"""`hub secrets`: what handshakes have brought, which of it is trusted, and trusting more or less of it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hub.cli.common import CONFIG, AsJson, ConfigPath, Listing, Place, Sources, find_place, run

secrets = typer.Typer(
    cls=Listing, help="List, accept or drop secrets that handshakes have brought.", rich_markup_mode=None
)
COLUMNS = {"source": "source", "option": "option", "state": "state", "ends": "ends in", "id": "id"}
Ids = Annotated[list[str], typer.Argument(metavar="ID", help="Their ids, or the start of them.")]


@secrets.command("list")
def list_(
    config: ConfigPath = CONFIG,
    as_json: AsJson = False,
    source: Sources = None,
    show: Annotated[bool, typer.Option("--show", help="Print them whole, to paste one at its platform.")] = False,
) -> None:
    """List the secrets that handshakes have brought, the newest last."""
    run(_list(find_place(config), source or [], show=show, as_json=as_json))


async def _list(place: Place, wanted: list[str], *, show: bool, as_json: bool) -> int:
    from hub.cli.output import json_lines, table
    from hub.cli.reading import reading
    from hub.errors import UsageError
    from hub.operations import learned_rows
    from hub.toml import read_toml
    from hub.validation import no_such

    names = list(read_toml(place.file, str(place.file)).get("providers", {}))
    for name in wanted:
        if name not in names:
            raise UsageError(f"{name[:60]}: {no_such('source', name, names)}")
    async with reading(place) as log:
        rows = await learned_rows(log, wanted or names, show=show)
    columns = {**COLUMNS, "value": "value"} if show else COLUMNS
    if as_json:
        json_lines(rows)
    else:
        table(rows, columns, empty="no handshake has brought a secret")
    return 0


@secrets.command("accept")
def accept(ids: Ids, config: ConfigPath = CONFIG) -> None:
    """Trust them: requests that are signed with them are accepted from now on."""
    run(_change(find_place(config), "accept", ids))


@secrets.command("drop")
def drop(ids: Ids, config: ConfigPath = CONFIG) -> None:
    """Forget them. A source that has no secret then trusts the first one that a handshake brings."""
    run(_change(find_place(config), "drop", ids))


async def _change(place: Place, what: str, ids: list[str]) -> int:
    from hub.cli.console import changing
    from hub.cli.output import say

    done, colour = {"accept": ("accepted", "green"), "drop": ("dropped", "yellow")}[what]
    async with changing(place) as console:
        answer: dict[str, Any] = await console.post(f"/api/secrets/{what}", {"id": ids})
    for one in answer[done]:
        say(f"{done}  {one['id']}  {one['option']} of [providers.{one['source']}]", colour=colour)
    return 0
