"""Postal: what became of e-mails, and e-mails that were received, of a self-hosted mail server.

Setup: in the mail server's settings under Webhooks add the hub's URL and events; for received e-mails make it an HTTP
endpoint and a route to that. `public_key` is what `postal default-dkim-record` shows after `p=`, without the semicolon.
"""

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import RSA, OneOf

from ._field import field

KEY = "The server's public key: `postal default-dkim-record` shows it after `p=`."

postal = Provider(
    name="postal",
    title="Postal",
    docs="https://docs.postalserver.io/developer/webhooks",
    # newer servers send both
    verify=OneOf(
        sha256=RSA("X-Postal-Signature-256", doc=KEY),
        sha1=RSA("X-Postal-Signature", hash="sha1", doc=KEY),
    ),
    # an e-mail that was received has no event; it is JSON or a form
    type=first_of(body("event"), "message"),
    id=first_of(body("uuid"), field("id")),
    time=field("timestamp"),
    subject=first_of(body("payload.message.to"), body("payload.original_message.to"), field("rcpt_to")),
    limits=Limits(timeout=5, retries="5, after 2, 3, 6, 10 and 15 minutes; e-mails on 5xx only", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [postal]
