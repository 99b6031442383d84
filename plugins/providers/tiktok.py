"""TikTok: authorizations that end, videos that were published, data that can be downloaded (not TikTok Shop).

Setup: on https://developers.tiktok.com open the app, add the product Webhooks and paste the hub's URL (https); all
events come by themselves. `secret` is the app's client secret.

Nothing identifies a delivery: if TikTok sends it again, it is another event.
"""

from typing import Any

import orjson

from hub import Limits, Provider, Request, body, hookimpl
from hub.signatures import HMAC


def content(request: Request) -> Any:
    """The event, with the JSON text in it read too."""
    event = request.json
    try:
        return {**event, "content": orjson.loads(event["content"])}
    except (orjson.JSONDecodeError, TypeError, KeyError):
        return event


tiktok = Provider(
    name="tiktok",
    title="TikTok",
    docs="https://developers.tiktok.com/doc/webhooks-verification",
    verify=HMAC("TikTok-Signature", "t={timestamp},s={hex}", "{timestamp}.{body}", doc="The app's client secret."),
    type=body("event"),
    time=body("create_time"),
    subject=body("user_openid"),
    data=content,
    limits=Limits(retries="for 72 hours, ever less often", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [tiktok]
