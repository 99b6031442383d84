"""Trello: actions on boards, lists and cards.

Setup: with the hub running, `POST https://api.trello.com/1/webhooks` with `idModel` and the hub's URL as `callbackURL`.
`secret` is the app's secret, beside its API key (https://trello.com/power-ups/admin).
"""

from hub import Limits, Provider, body, first_of, head_ok, hookimpl
from hub.signatures import HMAC

trello = Provider(
    name="trello",
    title="Trello",
    docs="https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/",
    verify=HMAC("X-Trello-Webhook", "{base64}", "{body}{url}", hash="sha1", doc="The application's secret."),
    type=body("action.type"),
    id=body("action.id"),
    time=body("action.date"),
    subject=first_of(body("action.data.card.id"), body("model.id")),
    handshake=head_ok,
    limits=Limits(
        retries="3, after 30, 60 and 120 s",
        disables="after 1,000 failures in a row within 30 days; deleted on 410",
        confidence="low",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [trello]
