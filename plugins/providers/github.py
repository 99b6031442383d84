"""GitHub: repository, organization and app webhooks, as JSON or as a form."""

from typing import Any

import orjson

from hub import Limits, Provider, Request, body, first_of, header, hookimpl, join
from hub.signatures import HMAC


def content(request: Request) -> Any:
    """The payload, which the form mode puts into one field."""
    payload = request.form.get("payload") if "form" in request.content_type else None
    return orjson.loads(payload[0]) if payload else request.json


def inside(path: str) -> Any:
    """A place in the payload, in either mode."""
    place = body(path)
    return lambda request: place(request.part(content(request)))


github = Provider(
    name="github",
    title="GitHub",
    docs="https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
    verify=HMAC("X-Hub-Signature-256", "sha256={hex}"),
    type=join(header("X-GitHub-Event"), inside("action")),
    id=header("X-GitHub-Delivery"),
    time=first_of(inside("head_commit.timestamp"), inside("release.published_at"), inside("issue.updated_at")),
    subject=first_of(inside("repository.full_name"), inside("organization.login")),
    data=content,
    limits=Limits(timeout=10, retries="none; by hand for three days", disables="never", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [github]
