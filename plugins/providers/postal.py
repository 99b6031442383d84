"""Postal: what became of e-mails, and e-mails that were received, of a self-hosted mail server."""

from hub import Provider, body, first_of, hookimpl
from hub.signatures import RSA, OneOf

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
    # an e-mail that was received has no event
    type=first_of(body("event"), "message"),
    id=body("uuid"),
    time=body("timestamp"),
    subject=first_of(body("payload.message.to"), body("payload.original_message.to"), body("rcpt_to")),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [postal]
