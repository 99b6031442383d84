"""Webex: messages, rooms, memberships, meetings and recordings.

Setup: by the API (`POST /v1/webhooks`) make a webhook with the hub's URL as `targetUrl`, a resource, an event, and a
`secret` of your own.

The text of a message is not sent: fetch it by `data.id`.
"""

from hub import Limits, Provider, Request, body, first_of, hookimpl, join
from hub.signatures import HMAC


def when(request: Request) -> object:
    """When the thing was made, or changed where that is told."""
    return body("data.created" if body("event")(request) == "created" else "data.updated")(request)


webex = Provider(
    name="webex",
    title="Webex",
    docs="https://developer.webex.com/docs/api/guides/webhooks",
    verify=HMAC("X-Spark-Signature", hash="sha1"),
    type=join(body("resource"), body("event")),
    # `id` is that of the webhook, `data.id` that of a thing to which more may happen: neither tells deliveries apart
    time=when,
    subject=first_of(body("data.roomId"), body("data.id"), body("actorId")),
    limits=Limits(disables="after 100 failures in 5 minutes", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [webex]
