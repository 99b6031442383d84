"""Discourse: topics, posts, users, groups, likes and more of a forum.

Setup: under Admin > API > Webhooks add one with the hub's URL as payload URL and a secret of your own, which is the
`secret`.

A retry has a new delivery id, so a repeated event is not recognized. A webhook whose retries end in 404 or 410 is
deactivated; there are retries only if the site's setting `retry_web_hook_events` is on.
"""

from typing import Any

from hub import Limits, Provider, Request, body, first_of, header, hookimpl, key_of
from hub.signatures import HMAC


def inside(name: str) -> Any:
    """A field of what the event is about, the only member of the body."""
    return lambda request: body(f"{key_of()(request)}.{name}")(request)


def content(request: Request) -> Any:
    """JSON, whatever the content type is set to."""
    return request.json


discourse = Provider(
    name="discourse",
    title="Discourse",
    docs="https://meta.discourse.org/t/configure-webhooks-that-trigger-on-discourse-events/49045",
    verify=HMAC("X-Discourse-Event-Signature", "sha256={hex}"),
    type=first_of(header("X-Discourse-Event"), header("X-Discourse-Event-Type")),
    id=header("X-Discourse-Event-Id"),
    time=first_of(inside("updated_at"), inside("created_at")),
    subject=inside("id"),
    data=content,
    limits=Limits(
        retries="4, after 1, 5, 25 and 125 minutes, if the site is set to", disables="on 404 or 410", confidence="high"
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [discourse]
