"""`hub check`: is the configuration right, and what does it say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from hub.cli.common import CONFIG, AsJson, ConfigPath, Place, find_place

if TYPE_CHECKING:
    from hub.config import Config, SubscriptionConfig

SOURCES = {"name": "source", "url": "URL", "provider": "provider", "scheme": "scheme", "trust": "trust"}
SUBSCRIPTIONS = {"name": "subscription", "plugin": "subscriber", "events": "events", "where": "where"}


def check(config: ConfigPath = CONFIG, as_json: AsJson = False) -> None:
    """Check the configuration; say what is doubtful."""
    import asyncio

    from hub.cli.output import json_lines, say, table
    from hub.config import load_config
    from hub.operations import source_row

    loaded = load_config(config)
    server = loaded.server
    local = f"http://{server.host}:{server.port}"
    sources = [source_row(one, local, server.public_url) for one in loaded.sources]
    subscriptions = [_row(one) for one in loaded.subscriptions]
    warnings = [*_warnings(loaded, sources), *asyncio.run(_of_the_log(loaded))]
    if as_json:
        json_lines({"kind": "source", **row} for row in sources)
        json_lines({"kind": "subscription", **row} for row in subscriptions)
        json_lines({"kind": "warning", "name": "warning", "text": text} for text in warnings)
        return
    table(sources, SOURCES, empty="no sources: add a [providers.<name>] table")
    say()
    table(subscriptions, SUBSCRIPTIONS, empty="no subscriptions: add a [subscribers.<name>] table, or an @on function")
    for text in warnings:
        say()
        say(f"warning: {text}", colour=typer.colors.YELLOW)
    say()
    say(f"{loaded.path} is right", colour=typer.colors.GREEN)


def _row(subscription: SubscriptionConfig) -> dict[str, Any]:
    return {
        "name": subscription.name,
        "plugin": "@on function" if subscription.handler is not None else subscription.plugin,
        "events": list(subscription.events),
        "sources": list(subscription.sources),
        "where": subscription.where,
        "enabled": subscription.enabled,
    }


def _warnings(config: Config, sources: list[dict[str, Any]]) -> list[str]:
    from hub.secrets import DEVELOPMENT_KEY, variable_name

    found = []
    for row in sources:
        if row["trust"] == "UNSIGNED":
            found.append(f"[providers.{row['name']}] takes UNSIGNED requests: whoever knows its URL can send events")
        elif row["trust"] == "development key":
            found.append(
                f"development key in use: [providers.{row['name']}]: whoever has it can sign for the platform; put the "
                f"platform's public key in its place and remove {variable_name(row['name'], DEVELOPMENT_KEY)}"
            )
        elif row["covers"] == "none":
            found.append(
                f"[providers.{row['name']}]: the platform's proof does not cover the body; use TLS all the way"
            )
        if not row["enabled"]:
            found.append(f"[providers.{row['name']}] is disabled: its requests are answered 503")
    found += [
        f"[subscribers.{one.name}] is disabled: events wait for it" for one in config.subscriptions if not one.enabled
    ]
    return found


async def _of_the_log(config: Config) -> list[str]:
    from hub.cli.reading import known_options

    place = find_place(config.path)
    options = await known_options(place, (one for one in config.sources if one.verify and one.enabled))
    waiting = [one for one in config.sources if one.name in options]
    found = [
        f"[providers.{one.name}] has no secret yet: {one.provider.title} brings it with its handshake; until then its "
        "requests are refused"
        for one in waiting
        if not one.provider.verify.configured(options[one.name])
    ]
    return found + await _forgotten(config, place)


async def _forgotten(config: Config, place: Place) -> list[str]:
    """Subscriptions that the log still keeps events for."""
    from hub.cli.reading import reading
    from hub.errors import LogUnavailable

    configured = {subscription.name for subscription in config.subscriptions}
    try:
        async with reading(place) as log:
            known = await log.subscriptions()
    except LogUnavailable:
        return []  # there is no log before the first run
    return [
        f"the log keeps events for {state.name}, which is not configured (renamed?): hub doctor --retire {state.name}"
        for state in known
        if state.name not in configured
    ]
