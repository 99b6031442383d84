"""Buildkite: builds, jobs and agents.

Setup: under Organization Settings > Notification Services add a webhook with the hub's URL and let it send a signature.
`secret` is its token, whether that signs or is sent itself.

A payload may show a later state than that of its event.
"""

from typing import Any

from hub import Provider, Request, body, first_of, header, hookimpl
from hub.signatures import HMAC, OneOf, Token

TIMES = {
    "build.scheduled": "build.scheduled_at",
    "build.running": "build.started_at",
    "build.finished": "build.finished_at",
    "job.scheduled": "job.scheduled_at",
    "job.started": "job.started_at",
    "job.finished": "job.finished_at",
}
"""A payload may be of a later state than its event, so the time is that of the event's own state."""

kind = first_of(body("event"), header("X-Buildkite-Event"))


def when(request: Request) -> Any:
    """The time of the state that the event is about."""
    path = TIMES.get(str(kind(request)))
    return body(path)(request) if path else None


buildkite = Provider(
    name="buildkite",
    title="Buildkite",
    docs="https://buildkite.com/docs/apis/webhooks/pipelines",
    verify=OneOf(
        signature=HMAC("X-Buildkite-Signature", "timestamp={timestamp},signature={hex}", "{timestamp}.{body}"),
        token=Token("X-Buildkite-Token"),
    ),
    type=kind,
    time=when,
    subject=first_of(body("pipeline.slug"), body("agent.id"), body("organization.slug")),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [buildkite]
