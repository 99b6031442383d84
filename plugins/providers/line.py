"""LINE: messages, follows, joins, postbacks of official accounts, in batches.

Setup: in the LINE Developers console open the channel, Messaging API: paste the hub's URL as the webhook URL, press
Verify, turn on Use webhook and, so that lost events come again, Webhook redelivery. `secret` is the channel secret
(Basic settings).
"""

from hub import Limits, Provider, body, first_of, hookimpl, items, whole
from hub.signatures import HMAC

line = Provider(
    name="line",
    title="LINE",
    docs="https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/",
    verify=HMAC("x-line-signature", "{base64}"),
    type=body("type"),
    id=body("webhookEventId"),
    time=body("timestamp"),
    subject=first_of(body("source.groupId"), body("source.roomId"), body("source.userId"), whole(body("destination"))),
    # Verify sends a batch without events
    split=items("events[]"),
    limits=Limits(retries="where redelivery is turned on; how often is not told", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [line]
