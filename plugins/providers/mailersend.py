"""MailerSend: what became of e-mails and text messages, received e-mails, recipients, senders.

Setup: Domains > Manage > Webhooks > Create webhook: paste the hub's URL and choose events; `secret` is the Signing
secret shown then. The hub has to run, with any `secret`: a test is sent first. Webhooks of text messages and inbound
routes have secrets of their own: a list takes all of them.

A refused request (403) is not sent again; `hub rejected accept` takes it after all.
"""

from typing import Any

from hub import Limits, Provider, Reply, Request, body, first_of, hookimpl, join
from hub.signatures import HMAC


def tested(request: Request) -> Reply | None:
    """The test when a webhook is saved is signed with a secret that all know."""
    small = len(request.body) < 1000  # a stranger's JSON is parsed here
    if not small or body("type")(request) != "webhook.test":
        return None
    return Reply(200, event=False, note="webhook.test answered")


def address(request: Request) -> Any:
    """The recipient, an object in older payloads."""
    found = body("data.email")(request)
    return found if isinstance(found, str) else body("data.email.recipient.email")(request)


mailersend = Provider(
    name="mailersend",
    title="MailerSend",
    docs="https://developers.mailersend.com/api/v1/webhooks.html",
    verify=HMAC("Signature", doc="The webhook's signing secret; a list where there are several webhooks."),
    type=body("type"),
    # the first opening is told twice, as opened and as opened_unique
    id=join(body("type"), body("data.id"), by=":"),
    time=first_of(body("data.created_at"), body("created_at")),
    subject=first_of(address, body("data.recipients.rcptTo.0.email")),
    handshake=tested,
    limits=Limits(
        timeout=3,
        retries="for about 3 days, ever slower; not after 4xx other than 429",
        disables="when 20 fail within 24 hours",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [mailersend]
