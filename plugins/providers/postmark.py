"""Postmark: what became of e-mails, and e-mails that were received.

Setup: on the server's message stream open Webhooks > Add webhook, paste the hub's URL, choose events, and fill in the
Basic auth credentials: `username` and `password`. Or add a custom header with `secret`, and name it in `header`. The
Inbound stream's webhook takes them in the URL, https://user:password@..., or `secret` as `?token=...`.

Postmark signs nothing: the body is not covered.

A refused request (403) is not sent again; `hub rejected accept` takes it after all.
"""

from typing import Any

from hub import Limits, Provider, Request, body, first_of, hookimpl, join

from ._any_sender import any_proof

WHEN = first_of(body("BouncedAt"), body("DeliveredAt"), body("ReceivedAt"), body("ChangedAt"), body("Date"))
RECORD = join(body("MessageID"), body("MessageStream"), body("Recipient"), WHEN, by=":")


def kind(request: Request) -> Any:
    """The record's type, which received e-mails do not have."""
    inbound = body("FromFull")(request) is not None
    return first_of(body("RecordType"), "Inbound" if inbound else "")(request)


postmark = Provider(
    name="postmark",
    title="Postmark",
    docs="https://postmarkapp.com/developer/webhooks/webhooks-overview",
    verify=any_proof(),
    type=kind,
    # only bounces and complaints have an id of their own; times of others tell a ten-millionth of a second
    id=join(kind, first_of(body("ID"), RECORD), by=":"),
    time=WHEN,
    subject=first_of(body("Recipient"), body("Email"), body("OriginalRecipient"), body("To")),
    limits=Limits(
        retries="received e-mails after 1 and 5 minutes, then 8 times within 10.5 hours, unless the answer is 403",
        confidence="high",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [postmark]
