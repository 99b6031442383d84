"""Pusher Channels: channels occupied and vacated, presence, client events.

Setup: in the dashboard open the app, Webhooks: add the hub's URL for each kind of event. `key` and `secret` are those
under App Keys.
"""

from hub import Limits, Option, Provider, body, hookimpl, items, whole
from hub.signatures import HMAC

pusher = Provider(
    name="pusher",
    title="Pusher Channels",
    docs="https://pusher.com/docs/channels/server_api/webhooks/",
    verify=HMAC(
        "X-Pusher-Signature",
        timestamp=body("time_ms"),
        clock="ms",
        tolerance=600,  # retries last for five minutes
        require={"X-Pusher-Key": "{option:key}"},
    ),
    type=body("name"),
    time=whole(body("time_ms")),
    subject=body("channel"),
    split=items("events[]"),
    options={"key": Option("The app's key, whose secret signs.")},
    limits=Limits(retries="ever slower, for five minutes", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [pusher]
