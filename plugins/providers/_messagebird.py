"""What MessageBird's webhooks have in common, however they are signed."""

from __future__ import annotations

from hub import digest_of, first_of, inside, join

from ._content import content

METHODS = ("POST", "GET")
TYPE = first_of(inside(content, "type", "event", "status"), "message")
TIME = inside(
    content,
    "message.updatedDatetime",
    "message.createdDatetime",
    "conversation.updatedDatetime",
    "payload.lastStatusAt",
    "payload.createdAt",
    "statusDatetime",
    "createdDatetime",
    "timestamp",
)
ABOUT = inside(content, "message.id", "conversation.id", "payload.id", "id", "message_id", "callID")
SUBJECT = first_of(ABOUT, join(inside(content, "originator"), inside(content, "recipient")))
# what an event is about has the same id in all its events
ID = digest_of(TIME, ABOUT, TYPE, inside(content, "message.status", "payload.status", "status"))
