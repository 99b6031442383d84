"""Zoom: meetings, webinars, recordings, phone, chat, users.

Setup: in the App Marketplace open the app, Features > Access: copy the Secret Token, which is `secret`, start the hub
with it, then add an event subscription with the hub's URL and press Validate. Zoom validates the URL again every 72
hours.

Where the subscription has an authentication header besides, the hub checks that too: `username` and `password` for
basic authentication, `token` and `header` for a header of one's own.
"""

import orjson

from hub import Limits, Provider, Reply, Request, body, digest_of, first_of, header, hookimpl, mac
from hub.signatures import HMAC, AllOf, Basic

from ._places import chosen_header


def answer(request: Request, *, secret: str | None) -> Reply | None:
    """A validation of the URL wants its token back, and the token's HMAC; it is signed like any event."""
    token = body("payload.plainToken")(request)
    if body("event")(request) != "endpoint.url_validation" or not isinstance(token, str) or not secret:
        return None
    proof = orjson.dumps({"plainToken": token, "encryptedToken": mac(secret, token)})
    return Reply(200, proof, {"content-type": "application/json"}, event=False, note="URL validation answered")


zoom = Provider(
    name="zoom",
    title="Zoom",
    docs="https://developers.zoom.us/docs/api/webhooks/",
    verify=AllOf(
        HMAC("x-zm-signature", "v0={hex}", "v0:{timestamp}:{body}", timestamp=header("x-zm-request-timestamp")),
        Basic(),
        chosen_header(),
    ),
    type=body("event"),
    # Zoom gives none; the time is in milliseconds
    id=digest_of(body("event_ts"), body("event"), body("payload")),
    time=body("event_ts"),
    subject=first_of(body("payload.object.id"), body("payload.object.uuid"), body("payload.account_id")),
    answer=answer,
    limits=Limits(
        timeout=3,
        retries="3: after 5 minutes, 20 minutes later, 60 minutes later",
        disables="when a validation of the URL fails",
        confidence="medium",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [zoom]
