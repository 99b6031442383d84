"""Agora: notifications of channels, recordings and media streams.

Setup: with the hub running, edit the project in the Agora Console and under Notifications choose events and enter the
hub's URL, which Agora then tests. `secret` is the secret of the product shown there.
"""

from hub import Limits, Provider, Reply, Request, body, first_of, hookimpl, join, words
from hub.signatures import HMAC

PRODUCTS = {1: "rtc", 3: "cloud-recording", 4: "media-pull", 5: "media-push"}
"""Event numbers mean something only within their product."""


def answer(request: Request) -> Reply:
    """Agora wants JSON."""
    return Reply(200, "{}", {"content-type": "application/json"})


agora = Provider(
    name="agora",
    title="Agora",
    docs="https://docs.agora.io/en/video-calling/advanced-features/receive-notifications",
    verify=HMAC("Agora-Signature-V2"),
    type=join(words(body("productId"), PRODUCTS), body("eventType")),
    id=body("noticeId"),
    time=first_of(body("eventMs"), body("notifyMs")),
    subject=first_of(body("payload.channelName"), body("payload.cname"), body("sid")),
    answer=answer,
    limits=Limits(timeout=10, retries="up to 3, where they are switched on", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [agora]
