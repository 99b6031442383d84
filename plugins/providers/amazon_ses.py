"""Amazon SES: what became of e-mails, and e-mails that were received, through Amazon SNS.

Setup: make an SNS topic, and set `topic` to its ARN; start the hub, and subscribe its URL to the topic (protocol
HTTPS): the hub answers the confirmation that SNS sends. Then let SES publish to the topic: in a configuration set
under Event destinations, for an identity under Notifications > Feedback notifications, or in a receipt rule's action.

SNS signs for every topic of every customer: what says that a message is yours is `topic`, so it has to be set.

Raw message delivery sends messages without a signature. For such a subscription put a user name and a password
(`username`, `password`) or a token (`secret`, as `?token=...`) into the endpoint's URL; the body is not covered then.
"""

from typing import Any

from hub import Limits, Provider, Reply, Request, body, first_of, hookimpl, whole

from ._sns import ID, TYPE, confirm, content, sns_proof

HAPPENED = ("bounce", "complaint", "delivery", "open", "click", "deliveryDelay", "subscription", "mail")
"""What has a time in an event; `mail` has that of its sending, and is in all of them."""


def message(request: Request) -> list[Any]:
    """What SES says; where that is no event, what SNS says."""
    found = content(request)
    inner = found.get("Message") if isinstance(found, dict) else None
    return [inner if isinstance(inner, dict) else found]


def answer(request: Request) -> Reply | None:
    """SES tries a new topic with a text; SNS asks whether the subscription is wanted."""
    if str(body("Message")(request)).startswith("Successfully validated SNS topic"):
        return Reply(200, event=False, note="the topic is tried by SES")
    return confirm(request)


amazon_ses = Provider(
    name="amazon-ses",
    title="Amazon SES",
    docs="https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html",
    verify=sns_proof(),
    type=first_of(body("eventType"), body("notificationType"), whole(TYPE)),
    id=whole(ID),
    time=first_of(*(body(f"{name}.timestamp") for name in HAPPENED), whole(body("Timestamp"))),
    subject=body("mail.messageId"),
    split=message,
    answer=answer,
    refuse=401,  # SNS sends the user name and the password of a URL only after it was asked
    limits=Limits(timeout=15, retries="3, 20 seconds apart; the delivery policy says more", confidence="medium"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [amazon_ses]
