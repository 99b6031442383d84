"""Auth0: tenant logs by log streams, and users and organizations by event streams.

Setup: under Monitoring > Streams create a Custom Webhook with the hub's URL. `secret` is its Authorization Token; for
an event stream it is `Bearer ` with the token, or set `username` and `password`. Name another header in `header`.
"""

from typing import Any

import orjson

from hub import Limits, Provider, Request, Unreadable, body, first_of, hookimpl, items
from hub.signatures import Basic, OneOf

from ._places import chosen_header


def logs(request: Request) -> list[Any]:
    """The logs: JSON lines, an array or an object, as the stream's content format says."""
    try:
        return items("logs[]" if isinstance(request.json, dict) else "[]")(request)
    except Unreadable as error:
        try:
            return [orjson.loads(line) for line in request.body.splitlines() if line.strip()]
        except orjson.JSONDecodeError:
            raise error from None


auth0 = Provider(
    name="auth0",
    title="Auth0",
    docs="https://auth0.com/docs/customize/log-streams/custom-log-streams",
    verify=OneOf(basic=Basic(), header=chosen_header("Authorization", option="secret")),
    type=first_of(body("type"), body("data.type")),
    id=first_of(body("log_id"), body("data.log_id"), body("id")),
    time=first_of(body("time"), body("data.date")),
    subject=first_of(body("data.object.user_id"), body("data.object.id"), body("data.user_id"), body("data.client_id")),
    split=logs,
    limits=Limits(retries="3", disables="after days of failures", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [auth0]
