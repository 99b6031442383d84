"""CloudEvents over HTTP: consent to be sent events, and events in any of the three modes as they are in one."""

from typing import Annotated, Any
from urllib.parse import unquote

import orjson

from hub import Reply, Request, items

DOC = "The sender that may send events, as it names itself; `*` for any."


def consent(request: Request, *, allowed_origin: Annotated[str, DOC] = "*") -> Reply | None:
    """OPTIONS asks whether events may be sent here (CloudEvents' abuse protection)."""
    origin = request.header("WebHook-Request-Origin")
    if request.method != "OPTIONS" or not origin or allowed_origin not in ("*", origin):
        return None
    rate = request.header("WebHook-Request-Rate") or ""
    headers = {
        "Allow": "POST",
        "WebHook-Allowed-Origin": allowed_origin,
        "WebHook-Allowed-Rate": rate if rate.isascii() and rate.isdigit() else "*",
    }
    return Reply(200, "", headers, event=False, note="consent given")


def structured(request: Request) -> list[Any]:
    """For `split`: the events of a batch, the one of the body, or the one whose attributes are headers."""
    if request.header("ce-specversion") is None:
        return items("[]")(request)
    named = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers]
    event: dict[str, Any] = {name[3:]: unquote(value) for name, value in named if name.startswith("ce-")}
    if request.content_type:
        event["datacontenttype"] = request.content_type
    try:
        return [{**event, "data": orjson.loads(request.body)}]
    except orjson.JSONDecodeError:
        return [{**event, "data": request.text}] if request.body else [event]
