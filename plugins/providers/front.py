"""Front: webhooks of applications, and of rules.

Setup: under Settings > Developers open the app and add a webhook with the hub's URL, while the hub runs: `secret` is
the app's signing key. For a rule, `secret` is the API secret; both together are a list.
"""

import orjson

from hub import Limits, Provider, Reply, Request, body, first_of, header, hookimpl
from hub.signatures import HMAC, OneOf


def synced(request: Request) -> Reply | None:
    """An application's webhook is tried when it is saved; the challenge is signed like any event."""
    challenge = header("X-Front-Challenge")(request)
    if challenge is None or body("type")(request) != "sync":
        return None
    answer = orjson.dumps({"challenge": challenge})
    return Reply(200, answer, {"content-type": "application/json"}, event=False, note="challenge answered")


front = Provider(
    name="front",
    title="Front",
    docs="https://dev.frontapp.com/docs/application-webhooks",
    verify=OneOf(
        app=HMAC(
            "X-Front-Signature",
            "{base64}",
            "{timestamp}:{body}",
            timestamp=header("X-Front-Request-Timestamp"),
            clock="ms",
            doc="The application's signing key; for rules, the API secret.",
        ),
        rule=HMAC("X-Front-Signature", "{base64}", hash="sha1"),
    ),
    type=body("type"),
    id=first_of(body("payload.id"), body("id")),
    time=first_of(body("payload.emitted_at"), body("emitted_at")),
    subject=first_of(body("payload.conversation.id"), body("conversation.id"), body("authorization.id")),
    answer=synced,
    limits=Limits(timeout=5, retries="3", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [front]
