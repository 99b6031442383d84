"""Webex: messages, rooms, memberships, meetings and recordings."""

from hub import Limits, Provider, body, first_of, hookimpl, join
from hub.signatures import HMAC

webex = Provider(
    name="webex",
    title="Webex",
    docs="https://developer.webex.com/docs/api/guides/webhooks",
    verify=HMAC("X-Spark-Signature", hash="sha1"),
    type=join(body("resource"), body("event")),
    # `id` is that of the webhook, `data.id` that of a thing to which more may happen: neither tells deliveries apart
    time=first_of(body("data.updated"), body("data.created")),
    subject=first_of(body("data.roomId"), body("data.id"), body("actorId")),
    limits=Limits(disables="after 100 failures in 5 minutes", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [webex]
