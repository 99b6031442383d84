"""Intercom: conversations, contacts and tickets.

Setup: in the Developer Hub open the app, Configure > Webhooks; paste the hub's URL and choose topics. `secret` is the
app's client secret (Configure > Basic information). The URL is tried when it is saved, so the hub has to run.

The secret is the app's, not the webhook's: rotating it changes it for OAuth too.

The signature is made with SHA-1.
"""

from hub import Limits, Provider, body, first_of, head_ok, hookimpl
from hub.signatures import HMAC

intercom = Provider(
    name="intercom",
    title="Intercom",
    docs="https://developers.intercom.com/docs/webhooks/setting-up-webhooks",
    verify=HMAC("X-Hub-Signature", "sha1={hex}", hash="sha1"),
    type=body("topic"),
    id=body("id"),
    time=first_of(body("created_at"), body("first_sent_at")),
    subject=first_of(body("data.item.id"), body("app_id")),
    handshake=head_ok,
    limits=Limits(
        timeout=5,
        retries="one, after a minute",
        disables="on 410; for 15 minutes after 1000 errors in 15 minutes; after 7 days of failures",
        confidence="low",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [intercom]
