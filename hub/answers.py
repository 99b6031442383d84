"""The hub's own answers, where a provider gives none."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from hub.errors import LogError
from hub.source import Outcome, problem

JSON: Mapping[str, str] = {"content-type": "application/json"}
RETRY_AFTER = "5"
"""Seconds that a sender is asked to wait; most platforms have a schedule of their own."""


def accepted(outcome: Outcome, event_id: str | None, *, duplicate: bool = False) -> Outcome:
    """`200` with the event's id. Never 201, 202 or 204: several platforms count only 200."""
    body = {"status": "duplicate" if duplicate else "accepted"}
    if event_id is not None:
        body["id"] = event_id
    return Outcome(
        accepted=True,
        status=200,
        stage=outcome.stage,
        reason=outcome.reason,
        detail=outcome.detail,
        events=outcome.events,
        headers=JSON,
        body=orjson.dumps(body),
        bug=outcome.bug,
    )


def unavailable(kind: str, title: str, detail: str) -> Outcome:
    """`503` with `Retry-After`. Never 429: some platforms drop what was answered so."""
    return problem(503, kind, title, stage="unavailable", detail=detail, headers={"retry-after": RETRY_AFTER})


def not_kept(error: LogError) -> Outcome:
    """`503` while the log cannot be written."""
    return unavailable("log-unavailable", "The request could not be kept", str(error))


def failed() -> Outcome:
    """`500`: the hub has a bug."""
    return problem(500, "internal", "The hub failed", stage="internal")
