"""Operations: what a person can ask of a hub, for the API and, where no hub runs, for the commands."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hub.config import Config, SourceConfig
from hub.errors import HubError, LogError, UsageError
from hub.forms import Row, subscription_row
from hub.log.base import Log, Position, Query, Rejection, RejectionQuery
from hub.request import Request
from hub.secrets import fingerprint, read_environment
from hub.source import Source

if TYPE_CHECKING:
    from hub.core import Hub
    from hub.diagnose import Cause

PAGE = 200
MOST_SPARES = 20
TAIL = 4
"""Signs of a secret that are shown, of one that is four times as long."""


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


def learned_row(source: str, option: str, value: str, *, trusted: bool) -> Row:
    """A secret that a handshake brought, by its last signs: enough to tell which one it is."""
    end = f"…{value[-TAIL:]}" if len(value) >= 4 * TAIL else "…"
    state = "trusted" if trusted else "waiting"
    return {"id": fingerprint(source, option, value), "source": source, "option": option, "state": state, "ends": end}


async def learned_rows(log: Log, sources: Iterable[str], *, show: bool = False) -> list[Row]:
    """The secrets that handshakes brought to these sources, oldest first in each. show: whole, as `value`."""
    return [
        learned_row(source, option, value, trusted=trusted) | ({"value": value} if show else {})
        for source in sources
        for option, value, trusted in await log.learned(source)
    ]


async def accept_secrets(hub: Hub, ids: Sequence[str]) -> Row:
    """Trust secrets that handshakes brought, at once and for good.

    Raises:
        UsageError: one is not known; nothing is changed then.
    """
    chosen = [await _learned(hub, wanted) for wanted in ids]
    for source, option, value in chosen:
        await hub.log.learn(source, option, value, True)
        await hub.bind(source)
    return {"accepted": [learned_row(*one, trusted=True) for one in chosen]}


async def drop_secrets(hub: Hub, ids: Sequence[str]) -> Row:
    """Forget secrets that handshakes brought; a source without any trusts the next one.

    Raises:
        UsageError: one is not known; nothing is changed then.
    """
    chosen = [await _learned(hub, wanted) for wanted in ids]
    for source, option, value in chosen:
        await hub.log.forget(source, option, value)
        await hub.bind(source)
    return {"dropped": [learned_row(*one, trusted=False) for one in chosen]}


async def _learned(hub: Hub, wanted: str) -> tuple[str, str, str]:
    """(source, option, value) by the id or the start of it."""
    found = {
        fingerprint(source.name, option, value): (source.name, option, value)
        for source in hub.config.sources
        for option, value, _ in await hub.log.learned(source.name)
    }
    matching = [secret for name, secret in found.items() if wanted and name.startswith(wanted)]
    if len(matching) != 1:
        which = "there is no secret" if not matching else f"{len(matching)} secrets begin with"
        raise UsageError(f"{which} {wanted[:60]!r}: `hub secrets` lists them")
    return matching[0]


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
    return "development key" if settings.development else "verified"
