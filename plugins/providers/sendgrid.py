"""SendGrid: what became of e-mails (Event Webhook), and e-mails that were received (Inbound Parse).

Setup: Settings > Mail Settings > Event Webhook: paste the hub's URL, choose events, and enable Signed Event Webhook
under Security features. `public_key` is the Verification Key shown there. For Inbound Parse (Settings > Inbound
Parse) make a security policy with a signature by SendGrid's API and attach it to the host's entry; its key goes into
`public_key` too, both in a list.

Inbound Parse is not signed without a security policy. Then put a secret into its URL, `?token=...`, and into
`secret`, or a user name and a password before the host, and into `username` and `password`: the body is not covered.

With OAuth, SendGrid sends the token that your own server issued: only one that stays the same can be checked, as
`secret`.

An e-mail from Inbound Parse has no id: what SendGrid sends again is a new event.
"""

from typing import Any

from hub import Limits, Provider, Request, body, header, hookimpl, query
from hub.signatures import ECDSA, Basic, Bearer, OneOf, Token

from ._content import parts


def kind(request: Request) -> Any:
    """The event's word; e-mails from Inbound Parse, which are forms, have none."""
    return "inbound" if request.form else body("event")(request)


def about(request: Request) -> Any:
    """Whom it was sent to; `email` of an e-mail that was received is all of it."""
    return body("to" if request.form else "email")(request)


sendgrid = Provider(
    name="sendgrid",
    title="SendGrid",
    docs="https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features",
    verify=OneOf(
        signature=ECDSA(
            "X-Twilio-Email-Event-Webhook-Signature",
            "{base64}",
            "{timestamp}{body}",
            timestamp=header("X-Twilio-Email-Event-Webhook-Timestamp"),
            tolerance=25 * 3600,  # it is sent again for a day, and no page says that it is signed again then
            ahead=300,
            doc="The Verification Key; a list of those of the Event Webhook and of Inbound Parse.",
        ),
        basic=Basic(),
        bearer=Bearer(),
        url=Token(query("token")),
    ),
    type=kind,
    id=body("sg_event_id"),
    time=body("timestamp"),
    subject=about,
    split=parts,
    limits=Limits(retries="for 24 hours, ever slower", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [sendgrid]
