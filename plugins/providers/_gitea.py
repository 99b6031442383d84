"""What Gitea, Forgejo and Gogs share: the payload as JSON, in a form field or in the query, and what is in it."""

from typing import Any

import orjson

from hub import Request, form, inside, query


def payload(request: Request) -> str | bytes | None:
    """The JSON text, which is what is signed in every mode."""
    if request.method == "GET":
        return query("payload")(request)
    return form("payload")(request) if "form" in request.content_type else request.body


def content(request: Request) -> Any:
    """The payload's value."""
    text = payload(request)
    return request.json if text is request.body else orjson.loads(text or "null")


when = inside(
    content,
    "comment.updated_at",
    "review.updated_at",
    "pull_request.updated_at",
    "issue.updated_at",
    "release.published_at",
    "head_commit.timestamp",
    "commits.0.timestamp",
)
"""The time of what the event is about: a comment is newer than its issue."""

about = inside(content, "repository.full_name", "organization.username")
