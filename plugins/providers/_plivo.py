"""What Plivo's callbacks have in common, however they are signed."""

from __future__ import annotations

from hub import Reply, Request, first_of, inside, join

from ._content import content

TYPE = first_of(inside(content, "Event", "CallStatus", "Status", "Type"), "callback")
# a message has each status once; the events of a call have no id
ID = join(inside(content, "MessageUUID"), inside(content, "Status"))
SUBJECT = inside(content, "MessageUUID", "CallUUID")


def answer(request: Request) -> Reply:
    """Calls and messages want XML; an empty response does nothing with a message and ends a call."""
    return Reply(200, "<Response/>", {"content-type": "text/xml"})
