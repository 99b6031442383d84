"""monday.com: boards and items, and the life of apps.

Setup: with the hub running, let an app make the webhook (`create_webhook` of the API): `secret` is the app's signing
secret. For a webhook of a board's integrations, which signs nothing, end the URL with `?token=...`, the `token`.
"""

import json

from hub import Limits, Provider, Reply, Request, body, first_of, hookimpl, query
from hub.signatures import JWT, OneOf, Token


def greet(request: Request) -> Reply | None:
    """A new webhook starts with a challenge, which monday wants back as it is."""
    content = request.json if len(request.body) < 2000 else None
    if not isinstance(content, dict) or list(content) != ["challenge"]:
        return None
    headers = {"content-type": "application/json"}
    return Reply(200, json.dumps(content), headers, event=False, note="challenge echoed")


monday = Provider(
    name="monday",
    title="monday.com",
    docs="https://developer.monday.com/api-reference/docs/webhooks",
    verify=OneOf(
        signed=JWT(
            "Authorization",
            algorithms=("HS256",),
            claims={"aud": ("{url}", "{option:audience}")},
            doc="The app's signing secret; its client secret for the life of the app.",
        ),
        # without an app, nothing is signed
        token=Token(query("token"), option="token", doc="The secret in the URL that monday is told: `?token=...`"),
    ),
    type=first_of(body("event.type"), body("type")),
    id=body("event.triggerUuid"),
    time=first_of(body("event.triggerTime"), body("data.timestamp")),
    subject=first_of(body("event.pulseId"), body("event.boardId"), body("data.account_id")),
    handshake=greet,
    limits=Limits(retries="every minute for 30 minutes", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [monday]
