"""Operations: what a person can ask of a hub, for the API and, where no hub runs, for the commands."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hub.config import Config, SourceConfig
from hub.errors import HubError, LogError, UsageError
from hub.forms import Row, subscription_row
from hub.log.base import Log, Position, Query, Rejection, RejectionQuery
from hub.request import Request
from hub.secrets import read_environment
from hub.source import Source

if TYPE_CHECKING:
    from hub.core import Hub
    from hub.diagnose import Cause

PAGE = 200
MOST_SPARES = 20


async def replay(log: Log, names: Sequence[str], query: Query, *, dry_run: bool = False) -> Row:
    """Start new deliveries of stored events to subscriptions; `count` is per subscription.

    names: () means the only one there is; dry_run: only count.

    Raises:
        UsageError: a subscription that the log does not know, or none is named and there are several.
    """
    known = sorted(state.name for state in await log.subscriptions())
    if not names and len(known) != 1:
        raise UsageError(f"to which subscription? There are {', '.join(known) or 'none yet: start the hub once'}")
    for name in names:
        if name not in known:
            raise UsageError(f"there is no subscription {name[:60]!r}; there are {', '.join(known) or 'none yet'}")
    to = list(dict.fromkeys(names)) or known
    count = await log.count(query)
    jobs = [] if dry_run or not count else [await log.replay(name, query) for name in to]
    return {"count": count, "to": to, "jobs": jobs}


async def accept_rejections(hub: Hub, query: RejectionQuery) -> Row:
    """Verify and read open rejections again, oldest first, with today's secrets and plugins."""
    accepted, refused = [], []
    for rejection_id in await _open(hub.log, query):
        page = await hub.log.rejections(RejectionQuery(ids=(rejection_id,)), None, 1)
        for rejection in page.items:
            try:
                stored = await hub.accept(rejection)
                accepted.append({"id": rejection.id, "events": [one.event.id for one in stored]})
            except LogError:
                raise
            except HubError as error:
                refused.append({"id": rejection.id, "detail": str(error)})
    return {"accepted": accepted, "refused": refused}


async def explain(
    request: Request,
    source: Source,
    others: Mapping[str, Source],
    *,
    folder: Path,
    log: Log,
    stop: Callable[[], bool] = lambda: False,
    largest: int | None = None,
) -> Cause | None:
    """The likely cause of a refusal, sought in a thread. folder: that of config.toml, for secrets that stand in `.env`.

    stop, largest: as in `diagnose`.
    """
    from hub.diagnose import LARGE, diagnose

    spares = {
        f"a {option} that a handshake brought and nobody has trusted": value
        for option, value, trusted in await log.learned(source.name)
        if not trusted
    }

    def work() -> Cause | None:
        known = {**_spares(source, folder), **spares}
        return diagnose(request, source, others.values(), spares=known, stop=stop, largest=largest or LARGE)

    return await asyncio.to_thread(work)


def _spares(source: Source, folder: Path) -> dict[str, str]:
    """Secrets of the environment that are named after the source or its provider, such as GITHUB_SECRET_OLD."""
    names = {name.upper().replace("-", "_") for name in (source.name, source.provider.name)}
    pattern = re.compile(f"({'|'.join(map(re.escape, names))})_.*(SECRET|TOKEN|KEY|PASSWORD)", re.IGNORECASE)
    values = read_environment(folder, os.environ)[0].values
    found = ((name, value) for name, value in sorted(values.items()) if pattern.match(name) and value)
    return {f"the value of {name}": value for name, value in list(found)[:MOST_SPARES]}


async def drop_rejections(log: Log, query: RejectionQuery) -> int:
    """Close open rejections for good; how many."""
    return sum([await log.decide(rejection_id, "dropped") for rejection_id in await _open(log, query)])


async def _open(log: Log, query: RejectionQuery) -> list[str]:
    """Ids of the open ones, oldest first."""
    query = replace(query, states=("open",))
    found: list[Rejection] = []
    ids: list[str] = []
    before: Position | None = None
    while True:
        page = await log.rejections(query, before, PAGE)
        found, before = page.items, page.next
        ids += [rejection.id for rejection in found]
        if before is None:
            return ids[::-1]


async def subscription_rows(log: Log, config: Config) -> list[Row]:
    """Every subscription that the log knows, and those that are configured and not known to it yet."""
    configured = {subscription.name: subscription for subscription in config.subscriptions}
    rows = [subscription_row(state, configured=state.name in configured) for state in await log.subscriptions()]
    for row in rows:
        if row["name"] in configured:
            row["plugin"] = configured[row["name"]].plugin
    return sorted(rows, key=lambda row: str(row["name"]))


def source_row(settings: SourceConfig, local: str, public: str | None) -> Row:
    """A source as a person sees it. local, public: the webhook listener's URL here and, if known, in the world."""
    scheme = settings.provider.verify
    path = f"/webhooks/{settings.name}"
    told = settings.public_url or (f"{public.rstrip('/')}{path}" if public else None)
    return {
        "name": settings.name,
        "provider": settings.plugin,
        "title": settings.provider.title,
        "url": told or f"{local}{path}",
        "public_url": told,
        "scheme": type(scheme).__name__,
        "trust": trust(settings),
        "covers": scheme.covers if settings.verify else "none",
        "enabled": settings.enabled,
        "docs": settings.provider.docs,
    }


def trust(settings: SourceConfig) -> str:
    """`verified`, `development key`, or `UNSIGNED` where anyone could send."""
    source = Source(settings.name, settings.provider, settings.options, verify=settings.verify)
    if not source.verified:
        return "UNSIGNED"
    return "development key" if settings.options.get("private_key") else "verified"
