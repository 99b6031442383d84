"""The console listener: the JSON API, the live stream and the metrics. Nothing here answers strangers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import asdict
from typing import Any

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request as HTTPRequest
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from hub.answers import RETRY_AFTER
from hub.core import Hub
from hub.details import event_details, find_event, find_rejection
from hub.errors import HubError, LogError, LogUnavailable, UsageError
from hub.event import rfc3339, to_json
from hub.forms import (
    DELIVERY_KEYS,
    EVENT_KEYS,
    PAGE_KEYS,
    REJECTION_KEYS,
    Row,
    Values,
    delivery_query,
    delivery_row,
    event_query,
    event_row,
    flag,
    health_form,
    job_row,
    matches,
    only,
    page_form,
    page_of,
    rejection_query,
    rejection_row,
    request_form,
    text,
    texts,
)
from hub.log.base import Position, Stored
from hub.operations import (
    accept_rejections,
    accept_secrets,
    drop_rejections,
    drop_secrets,
    explain,
    learned_rows,
    replay,
    source_row,
    subscription_rows,
)
from hub.redaction import Redactor
from hub.source import problem
from hub.web.guard import Guard

MAX_BODY = 256 * 1024
FOLLOWERS = 32
"""Live streams at once; each holds a connection and a place in the log's fan-out."""
HEARTBEAT = 15.0
"""Seconds between comments in a silent stream, so that proxies and readers know it lives."""


def console_app(hub: Hub) -> Starlette:
    """The ASGI application of the console listener."""
    token = hub.config.console.token
    secret = token.get_secret_value() if token is not None else None
    return Starlette(
        routes=_Api(hub).routes(),
        middleware=[Middleware(Guard, token=secret)],
        exception_handlers={HubError: _explained, HTTPException: _plain},
    )


class _Api:
    """The routes, bound to one hub."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._log = hub.log
        self._hide = Redactor(hub.config.secrets).redact
        self._followers = 0

    def routes(self) -> list[Route]:
        """Every route of the console listener."""
        return [
            Route("/", self.index),
            Route("/metrics", self.metrics),
            Route("/api/health", self.health),
            Route("/api/events", self.events),
            Route("/api/events/{id}", self.event),
            Route("/api/events/{id}/request", self.request),
            Route("/api/follow", self.follow),
            Route("/api/deliveries", self.deliveries),
            Route("/api/dead/retry", self.retry, methods=["POST"]),
            Route("/api/dead/drop", self.drop, methods=["POST"]),
            Route("/api/replay", self.replay, methods=["POST"]),
            Route("/api/jobs", self.jobs),
            Route("/api/jobs/{id}/cancel", self.cancel, methods=["POST"]),
            Route("/api/rejections", self.rejections),
            Route("/api/rejections/accept", self.accept, methods=["POST"]),
            Route("/api/rejections/drop", self.dismiss, methods=["POST"]),
            Route("/api/rejections/{id}", self.rejection),
            Route("/api/secrets", self.secrets),
            Route("/api/secrets/accept", self.trust, methods=["POST"]),
            Route("/api/secrets/drop", self.distrust, methods=["POST"]),
            Route("/api/sources", self.sources),
            Route("/api/subscriptions", self.subscriptions),
            Route("/api/subscriptions/{name}/retire", self.retire, methods=["POST"]),
        ]

    async def index(self, request: HTTPRequest) -> Response:
        paths = [route.path for route in self.routes()]
        return _json({"name": "webhook-hub", "started": rfc3339(self._hub.started_at), "paths": paths})

    async def health(self, request: HTTPRequest) -> Response:
        health = await self._log.health()
        # tells commands that this is the hub of their config, and not another one on the same port
        whose = {"config": str(self._hub.config.path.resolve()), "started": rfc3339(self._hub.started_at)}
        return _json({**health_form(health), **whose}, 200 if health.writable else 503)

    async def metrics(self, request: HTTPRequest) -> Response:
        lag = self._hub.telemetry.lag
        states = await self._log.subscriptions()
        lag.clear()
        for state in states:
            for name in ("waiting", "in_flight", "later", "dead"):
                lag.labels(state.name, name).set(getattr(state.lag, name))
        body = generate_latest(self._hub.telemetry.registry)
        return Response(body, headers={"content-type": CONTENT_TYPE_LATEST})

    async def events(self, request: HTTPRequest) -> Response:
        values = _asked(request, EVENT_KEYS | PAGE_KEYS)
        before, limit = page_of(values)
        return _json(page_form(await self._log.browse(event_query(values), before, limit), event_row))

    async def event(self, request: HTTPRequest) -> Response:
        return _json(await event_details(self._log, await self._stored(request)))

    async def request(self, request: HTTPRequest) -> Response:
        kept = await self._log.request((await self._stored(request)).event.id)
        if kept is None:
            raise HTTPException(404, "The request is no longer kept")
        return _json(request_form(kept, self._hide))

    async def follow(self, request: HTTPRequest) -> Response:
        values = _asked(request, frozenset({"source", "type", "after"}))
        after = text(values, "after") or request.headers.get("last-event-id")
        if after is not None and not (after.isascii() and after.isdigit() and len(after) <= 18):
            raise UsageError(f"after: the position of an event, not {after[:60]!r}")
        if self._followers >= FOLLOWERS:
            raise HTTPException(503, f"{FOLLOWERS} live streams are open already", {"retry-after": RETRY_AFTER})
        events = self._stream(None if after is None else Position(int(after)), values)
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)

    async def _stream(self, after: Position | None, values: Values) -> AsyncIterator[bytes]:
        """Server-sent events; `id` is the position to go on from, which browsers send back as Last-Event-ID."""
        query = event_query(values)
        self._followers += 1
        feed = aiter(self._log.follow(after))
        coming: asyncio.Task[Stored] | None = None
        try:
            yield b": the hub's events as they are kept\n\n"
            while True:
                coming = coming or asyncio.ensure_future(anext(feed))
                done, _ = await asyncio.wait([coming], timeout=HEARTBEAT)
                if not done:
                    yield b": \n\n"
                    continue
                stored, coming = coming.result(), None
                if matches(query, stored.event):
                    yield b"id: %d\nevent: event\ndata: %s\n\n" % (stored.position, stored.event.json())
        except (StopAsyncIteration, LogError):
            return  # dropped for being slow, or the hub ends: the reader comes back with the last id
        finally:
            self._followers -= 1
            if coming is not None:
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)
            if isinstance(feed, AsyncGenerator):
                await feed.aclose()

    async def deliveries(self, request: HTTPRequest) -> Response:
        values = _asked(request, DELIVERY_KEYS | PAGE_KEYS)
        before, limit = page_of(values)
        return _json(page_form(await self._log.deliveries(delivery_query(values), before, limit), delivery_row))

    async def retry(self, request: HTTPRequest) -> Response:
        values = _selected(await _body(request), DELIVERY_KEYS)
        return _json({"count": await self._log.requeue(delivery_query(values))})

    async def drop(self, request: HTTPRequest) -> Response:
        values = _selected(await _body(request), DELIVERY_KEYS - {"state"})
        return _json({"count": await self._log.drop(delivery_query(values))})

    async def replay(self, request: HTTPRequest) -> Response:
        body = await _body(request)
        names, dry_run = texts(body, "to"), flag(body, "dry_run")
        values = _selected({key: value for key, value in body.items() if key not in ("to", "dry_run")}, EVENT_KEYS)
        return _json(await replay(self._log, names, event_query(values), dry_run=dry_run))

    async def jobs(self, request: HTTPRequest) -> Response:
        return _json({"items": [job_row(job) for job in await self._log.jobs()]})

    async def cancel(self, request: HTTPRequest) -> Response:
        job = request.path_params["id"]
        if not await self._log.cancel(job):
            raise HTTPException(404, f"There is no running replay {job[:60]}")
        return _json({"cancelled": job})

    async def rejections(self, request: HTTPRequest) -> Response:
        values = _asked(request, REJECTION_KEYS | PAGE_KEYS)
        before, limit = page_of(values)
        return _json(page_form(await self._log.rejections(rejection_query(values), before, limit), rejection_row))

    async def rejection(self, request: HTTPRequest) -> Response:
        wanted = request.path_params["id"]
        rejection = await find_rejection(self._log, wanted)
        if rejection is None:
            raise HTTPException(404, f"There is no rejection {wanted[:60]}")
        row = {**rejection_row(rejection), "request": request_form(rejection.request, self._hide), "cause": None}
        source = self._hub.sources.get(rejection.source)
        if source is not None and rejection.stage == "verify":
            folder = self._hub.config.folder
            cause = await explain(rejection.request, source, self._hub.sources, folder=folder, log=self._log)
            row["cause"] = cause and {part: self._hide(text) for part, text in asdict(cause).items()}
        return _json(row)

    async def accept(self, request: HTTPRequest) -> Response:
        values = _selected(await _body(request), REJECTION_KEYS - {"state"})
        return _json(await accept_rejections(self._hub, rejection_query(values)))

    async def dismiss(self, request: HTTPRequest) -> Response:
        values = _selected(await _body(request), REJECTION_KEYS - {"state"})
        return _json({"count": await drop_rejections(self._log, rejection_query(values))})

    async def secrets(self, request: HTTPRequest) -> Response:
        """Never whole: `hub secrets --show` does that, on the machine that has the log."""
        wanted = texts(_asked(request, frozenset({"source"})), "source")
        names = [one.name for one in self._hub.config.sources if not wanted or one.name in wanted]
        return _json({"items": await learned_rows(self._log, names)})

    async def trust(self, request: HTTPRequest) -> Response:
        return _json(await accept_secrets(self._hub, await _ids(request)))

    async def distrust(self, request: HTTPRequest) -> Response:
        return _json(await drop_secrets(self._hub, await _ids(request)))

    async def sources(self, request: HTTPRequest) -> Response:
        server = self._hub.config.server
        local, public = f"http://{server.host}:{server.port}", self._hub.public_url
        return _json({"items": [source_row(one, local, public) for one in self._hub.config.sources]})

    async def subscriptions(self, request: HTTPRequest) -> Response:
        return _json({"items": await subscription_rows(self._log, self._hub.config)})

    async def retire(self, request: HTTPRequest) -> Response:
        name = request.path_params["name"]
        known = {row["name"]: row for row in await subscription_rows(self._log, self._hub.config)}
        if name not in known:
            raise HTTPException(404, f"There is no subscription {name[:60]!r}")
        if known[name]["configured"]:
            raise HTTPException(409, f"{name} is configured: remove it from config.toml and restart the hub first")
        await self._log.retire(name)
        return _json({"retired": name})

    async def _stored(self, request: HTTPRequest) -> Stored:
        wanted = request.path_params["id"]
        stored = await find_event(self._log, wanted)
        if stored is None:
            raise HTTPException(404, f"There is no event {wanted[:60]}")
        return stored


def _asked(request: HTTPRequest, known: frozenset[str]) -> Values:
    """The URL's query; empty fields count as left out, as HTML forms send them."""
    values: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        if value:
            values.setdefault(name, []).append(value)
    return only(values, known)


def _selected(body: Row, known: frozenset[str]) -> Values:
    """What a change is for. Everything has to be asked for: `{"all": true}`."""
    everything = flag(body, "all")
    values = only({key: value for key, value in body.items() if key != "all"}, known)
    if not everything and not any(value not in (None, [], "") for value in values.values()):
        raise UsageError(f'nothing is selected: give {", ".join(sorted(known))}, or "all": true')
    return values


async def _ids(request: HTTPRequest) -> tuple[str, ...]:
    ids = texts(only(await _body(request), frozenset({"id"})), "id")
    if not ids:
        raise UsageError('nothing is selected: give the "id" of one, or of several')
    return ids


async def _body(request: HTTPRequest) -> Row:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_BODY:
            raise HTTPException(413, f"A request to the API has at most {MAX_BODY // 1024} KiB")
    try:
        body = orjson.loads(content or b"{}")
    except orjson.JSONDecodeError as error:
        raise UsageError(f"the body is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise UsageError("the body is a JSON object")
    return body


def _json(value: Any, status: int = 200) -> Response:
    headers = {"content-type": "application/json", "cache-control": "no-store", "x-content-type-options": "nosniff"}
    return Response(to_json(value), status, headers)


def _problem(status: int, kind: str, title: str, headers: Mapping[str, str] | None = None) -> Response:
    outcome = problem(status, kind, title, stage="console", headers=headers)
    return Response(outcome.body, status, outcome.headers)


async def _explained(request: HTTPRequest, error: Exception) -> Response:
    if isinstance(error, UsageError):
        return _problem(400, "usage", str(error))
    if isinstance(error, LogUnavailable):
        return _problem(503, "log-unavailable", str(error), {"retry-after": RETRY_AFTER})
    return _problem(409, "failed", str(error))


async def _plain(request: HTTPRequest, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind = {404: "not-found", 405: "method", 409: "conflict", 413: "too-large", 503: "overload"}
    title = error.detail if error.status_code != 405 else "This address does not take this method"
    return _problem(error.status_code, kind.get(error.status_code, "http"), title, error.headers)
