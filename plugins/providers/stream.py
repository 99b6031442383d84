"""Stream: chat, video and feeds; bodies may be compressed, and the signature is of what was before.

Setup: in the dashboard open the app and enter the hub's URL as webhook. `secret` is the app's API secret.
"""

from hub import Limits, Provider, body, first_of, header, hookimpl
from hub.signatures import HMAC

from ._gzip import content, plain

stream = Provider(
    name="stream",
    title="Stream",
    docs="https://getstream.io/chat/docs/node/webhooks_overview/",
    verify=HMAC("X-Signature", "{hex}", plain, covers="all", doc="The app's API secret."),
    type=body("type"),
    id=header("X-Webhook-Id"),
    time=body("created_at"),
    subject=first_of(body("cid"), body("call_cid"), body("channel_id"), body("user.id")),
    split=content,
    limits=Limits(timeout=6, retries="3 to 5", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [stream]
