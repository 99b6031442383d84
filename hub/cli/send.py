"""`hub send`: a real payload of a platform, signed as the platform would, sent to the hub as the platform would."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.common import CONFIG, AsJson, ConfigPath, Place, find_place, run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx2

    from hub.cli.sending import Target
    from hub.config import Config, SourceConfig
    from hub.log.base import Rejection

TIMEOUT = 30.0
ANSWER = 500
"""Characters of an answer that are shown."""
CELL = 60
"""As many in a table."""
WHY = 2.0
"""Seconds to wait for the refusal to be in the log: it is written behind the answer."""
COLUMNS = {"name": "source", "event": "event", "mark": "", "status": "status", "answer": "came back", "ms": "ms"}


def send(
    source: Annotated[str | None, typer.Argument(help="A [providers.<name>] table; all with --all.")] = None,
    event: Annotated[str | None, typer.Argument(help="Which sample; `hub providers <provider>` lists them.")] = None,
    config: ConfigPath = CONFIG,
    bad_signature: Annotated[bool, typer.Option("--bad-signature", help="Sign with a wrong secret.")] = False,
    same_id: Annotated[
        bool, typer.Option("--same-id", help="Keep the sample's id: a duplicate when sent twice.")
    ] = False,
    count: Annotated[int, typer.Option("--count", min=1, max=100_000, help="Send so many.")] = 1,
    body: Annotated[Path | None, typer.Option("--body", help="Send this file as the body.")] = None,
    url: Annotated[str | None, typer.Option("--url", help="Send to this URL, not to the configured hub.")] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Send every sample of the source, or of every source, and print a table.")
    ] = False,
    print_: Annotated[bool, typer.Option("--print", help="Print it as a curl command, with its credentials.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send a signed, realistic request to a source."""
    from hub.cli.sending import read_body
    from hub.config import load_config
    from hub.errors import UsageError

    place, loaded = find_place(config), load_config(config)
    if source is None and not every:
        raise UsageError("to which source? Name one, or send every sample of every source with --all")
    if source is None and (body is not None or url is not None):
        raise UsageError("--body and --url are for one source: name it")
    if event is not None and every:
        raise UsageError(f"either the sample {event!r} or --all of them")
    content = read_body(body) if body is not None else None
    order = _Order(place, loaded, event, content, count, every, bad=bad_signature, same_id=same_id, asked=url)
    chosen = [_find(loaded, source)] if source is not None else [one for one in loaded.sources if one.enabled]
    if print_:
        run(_print(order, chosen))
    run(_send(order, chosen, table=every, as_json=as_json))


@dataclass(frozen=True)
class _Order:
    """What is to be sent. event: a sample; every: all of them; body: instead of the sample's; asked: the URL given."""

    place: Place
    config: Config
    event: str | None
    body: bytes | None = field(repr=False)
    count: int
    every: bool
    bad: bool
    same_id: bool
    asked: str | None


@dataclass(frozen=True)
class _Answer:
    """What came back. status: None if nothing was sent; right: it is as it should be; at: when it was sent."""

    source: str
    event: str | None
    status: int | None
    text: str
    right: bool
    took: float = 0.0
    at: float = 0.0

    def row(self) -> dict[str, Any]:
        """For programs."""
        known = {"name": self.source, "event": self.event, "right": self.right, "status": self.status}
        return {**known, "answer": self.text, "ms": round(self.took * 1000, 1)}

    def cells(self) -> dict[str, Any]:
        """For a table."""
        mark = "ok" if self.right else "WRONG"
        return {**self.row(), "mark": mark, "answer": _short(self.text), "ms": f"{self.took * 1000:.1f}"}


async def _send(order: _Order, chosen: list[SourceConfig], *, table: bool, as_json: bool) -> int:
    """Send all; the exit code: 1 if one is not as it should be."""
    from hub.cli import output

    answers = []
    async for answer in _answers(order, chosen, together=table):
        answers.append(answer)
        if as_json:
            output.json_lines([answer.row()])
        elif not table:
            await _tell(order, answer)
    wrong = sum(not answer.right for answer in answers)
    if table and not as_json:
        output.table([answer.cells() for answer in answers], COLUMNS, empty="there is no source")
        output.say()
        sources = len({answer.source for answer in answers})
        what = f"{output.counted(len(answers), 'request')} to {output.counted(sources, 'source')}"
        verdict = f"{wrong} not as they should be" if wrong else "all as they should be"
        output.say(f"{what}: {verdict}", colour="red" if wrong else "green", bold=True)
    return 1 if wrong or not answers else 0


async def _answers(order: _Order, chosen: list[SourceConfig], *, together: bool) -> AsyncIterator[_Answer]:
    """One request after the other. together: what cannot be sent is an answer too."""
    import httpx2

    from hub.cli.sending import Unsigned, find_targets, sample_names
    from hub.errors import HubError, HubNotRunning, UsageError

    async with httpx2.AsyncClient(timeout=TIMEOUT, trust_env=order.asked is not None) as client:
        for target in await find_targets(order.place, order.config, chosen, order.asked):
            name = target.settings.name
            if order.bad and not target.proves:
                if together and len(chosen) > 1:
                    continue
                raise UsageError(f"[providers.{name}] takes unsigned requests: there is no signature that could be bad")
            for event in sample_names(order.config, target.settings) if order.every else [order.event]:
                for _ in range(order.count):
                    try:
                        yield await _answer(order, target, event, client)
                    except HubNotRunning:
                        raise
                    except Unsigned:
                        if not together:
                            raise
                    except HubError as error:
                        if not together:
                            raise
                        yield _Answer(name, event, None, str(error), right=False)


async def _answer(order: _Order, target: Target, event: str | None, client: httpx2.AsyncClient) -> _Answer:
    """Send one request.

    Raises:
        HubNotRunning: nothing listens there; HubError: it cannot be signed, or no answer comes.
    """
    import httpx2

    from hub.cli.sending import address, make_request
    from hub.errors import HubError, HubNotRunning

    request = make_request(order.config, target, event, order.body, same_id=order.same_id, bad=order.bad)
    url = address(request, target)
    began, at = time.perf_counter(), time.time()
    try:
        response = await client.request(
            request.method, url, headers=list(request.headers), content=request.body, follow_redirects=False
        )
    except httpx2.ConnectError:
        where = url.partition("/webhooks/")[0]
        raise HubNotRunning(f"the hub does not run at {where}: start it with `hub run`") from None
    except httpx2.HTTPError as error:
        raise HubError(f"{url}: no answer ({type(error).__name__})") from None
    took = time.perf_counter() - began
    right = response.is_success is not order.bad and response.status_code != 404  # an unknown source refuses nothing
    return _Answer(target.settings.name, event, response.status_code, response.text[:ANSWER], right, took, at)


async def _tell(order: _Order, answer: _Answer) -> None:
    from hub.cli.output import say

    name = f"{answer.source} {answer.event}" if answer.event else answer.source
    colour = "green" if answer.right else "red"
    say(f"{answer.status}  {name}  {answer.took * 1000:.1f} ms  {answer.text}", colour=colour)
    if answer.status == 404 and order.asked is None:
        say(f"the hub that runs does not know [providers.{answer.source}]: restart it", colour="yellow")
        return
    if not order.bad:
        return
    if not answer.right:
        say("a request with a wrong signature was ACCEPTED", colour="red", bold=True)
        return
    say("refused, as a wrong signature must be; what the sender learns is the line above")
    rejection = await _rejection(order, answer)
    if rejection is not None:
        say(f"for you: {rejection.reason}: {rejection.detail}")
        say(f"more: hub rejected explain {rejection.id}")


async def _rejection(order: _Order, answer: _Answer) -> Rejection | None:
    """The refusal as the log has it, once it has it."""
    import asyncio
    from datetime import UTC, datetime

    from hub.cli.reading import reading
    from hub.errors import LogError
    from hub.log.base import RejectionQuery

    if order.asked is not None:
        return None
    # the file may have been written on another clock tick than this process sees
    query = RejectionQuery(sources=(answer.source,), since=datetime.fromtimestamp(answer.at - 0.01, UTC))
    deadline = time.monotonic() + WHY
    try:
        async with reading(order.place) as log:
            while time.monotonic() < deadline:
                page = await log.rejections(query, None, 1)
                if page.items:
                    return page.items[0]
                await asyncio.sleep(0.02)
    except LogError:
        pass
    return None


async def _print(order: _Order, chosen: list[SourceConfig]) -> int:
    """The requests as curl commands."""
    import shlex

    from hub.cli.sending import address, find_targets, make_request, sample_names
    from hub.errors import UsageError

    for target in await find_targets(order.place, order.config, chosen, order.asked):
        for event in sample_names(order.config, target.settings) if order.every else [order.event]:
            request = make_request(order.config, target, event, order.body, same_id=order.same_id, bad=order.bad)
            parts = ["curl", "-i", "-X", request.method, address(request, target)]
            try:
                for name, value in request.headers:
                    parts += ["-H", f"{name.decode('latin-1')}: {value.decode('latin-1')}"]
                if request.body:
                    parts += ["--data-binary", request.body.decode()]
            except UnicodeDecodeError:
                text = "this body is no text, a shell cannot hold it: send it without --print"
                raise UsageError(text) from None
            typer.echo(shlex.join(parts))
    return 0


def _find(config: Config, name: str) -> SourceConfig:
    from hub.errors import UsageError
    from hub.validation import no_such

    for settings in config.sources:
        if settings.name == name:
            return settings
    raise UsageError(f"{name[:60]}: {no_such('source', name, [settings.name for settings in config.sources])}")


def _short(text: str) -> str:
    """An answer in a few words: the hub's own in one, a problem by its title."""
    import json

    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if isinstance(body, dict) and isinstance(body.get("status"), str):
        return str(body["status"])
    if isinstance(body, dict) and isinstance(body.get("title"), str):
        return str(body["title"])
    line = " ".join(text.split())
    return line if len(line) <= CELL else f"{line[:CELL]}…"
