"""Airtable: pings that a base has changed; what changed is asked for by its API.

Setup: `POST https://api.airtable.com/v0/bases/.../webhooks` with the hub's URL as `notificationUrl`. `secret` is
`macSecretBase64` of the answer, which is shown only then.

A webhook ends after 7 days unless it is refreshed by the API.
"""

from hub import Limits, Provider, Reply, body, digest_of, first_of, hookimpl
from hub.signatures import HMAC

airtable = Provider(
    name="airtable",
    title="Airtable",
    docs="https://airtable.com/developers/web/api/webhooks-overview",
    verify=HMAC("X-Airtable-Content-MAC", "hmac-sha256={hex}", key="base64", doc="The webhook's macSecretBase64."),
    type=first_of("notification"),
    # a ping says nothing more than this
    id=digest_of(body("timestamp"), body("webhook.id")),
    time=body("timestamp"),
    subject=body("base.id"),
    answer=lambda request: Reply(200),
    limits=Limits(retries="ever slower", disables="after repeated failures; 7 days after a refresh", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [airtable]
