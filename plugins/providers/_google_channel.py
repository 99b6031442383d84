"""Push notifications of Google's APIs: an empty body, all of it in headers."""

from typing import Any

from hub import Limits, Reply, Request, first_of, header, join
from hub.signatures import Token

NAMES = ("Channel-ID", "Message-Number", "Resource-ID", "Resource-State", "Resource-URI", "Changed")

VERIFY = Token("X-Goog-Channel-Token", doc="The `token` that the channel was made with.")
TYPE = header("X-Goog-Resource-State")
ID = join(header("X-Goog-Channel-ID"), header("X-Goog-Message-Number"))
SUBJECT = first_of(header("X-Goog-Resource-URI"), header("X-Goog-Resource-ID"))
LIMITS = Limits(retries="on 500, 502, 503 and 504, ever slower", confidence="low")


def content(request: Request) -> Any:
    """The headers that tell something, by their names without `X-Goog-`; and the body, should there be one."""
    told = {name.lower(): request.header(f"X-Goog-{name}") for name in (*NAMES, "Channel-Expiration")}
    found = {name: value for name, value in told.items() if value is not None}
    return {**found, "body": request.text} if request.body else found


def opened(request: Request) -> Reply | None:
    """The first message of a channel tells of no change."""
    return Reply(200, event=False, note="the channel is open") if TYPE(request) == "sync" else None
