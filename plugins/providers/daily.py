"""Daily: meetings, participants, recordings and transcripts.

Setup: with the hub running, make a webhook with its URL by `POST /v1/webhooks` of the API. `secret` is the `hmac` of
the answer; `username` and `password` are the `basicAuth` that it was made with, if any.
"""

from hub import Limits, Provider, Reply, Request, body, first_of, header, hookimpl
from hub.signatures import HMAC, Basic, OneOf


def probe(request: Request) -> Reply | None:
    """The test before a webhook is made: its secret is not known yet."""
    asked = len(request.body) < 100 and request.json == {"test": "test"}
    return Reply(200, event=False, note="test answered") if asked else None


daily = Provider(
    name="daily",
    title="Daily",
    docs="https://docs.daily.co/reference/rest-api/webhooks",
    verify=OneOf(
        signed=HMAC(
            "X-Webhook-Signature",
            "{base64}",
            "{timestamp}.{body}",
            timestamp=header("X-Webhook-Timestamp"),
            key="base64",
        ),
        basic=Basic(),
    ),
    type=body("type"),
    id=body("id"),
    time=body("event_ts"),
    subject=first_of(body("payload.room"), body("payload.room_name"), body("payload.session_id")),
    handshake=probe,
    limits=Limits(retries="none, or ever slower", disables="after 3 failures in a row", confidence="medium"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [daily]
