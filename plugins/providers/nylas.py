"""Nylas: e-mails, calendars, contacts and grants; the signature is of the body as it is sent, compressed or not.

Setup: with the hub running, add a webhook with its URL, in the dashboard under Notifications or by `POST /v3/webhooks`.
`secret` is the `webhook_secret`, shown once.
"""

from hub import Limits, Provider, body, echo, first_of, hookimpl, query
from hub.signatures import HMAC

from ._gzip import content

nylas = Provider(
    name="nylas",
    title="Nylas",
    docs="https://developer.nylas.com/docs/v3/notifications/",
    verify=HMAC("X-Nylas-Signature", doc="The `webhook_secret` that Nylas shows once."),
    type=body("type"),
    id=body("id"),
    time=body("time"),
    subject=first_of(body("data.object.id"), body("data.object.grant_id"), body("data.grant_id")),
    split=content,
    handshake=echo(query("challenge")),
    limits=Limits(timeout=10, confidence="medium"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [nylas]
