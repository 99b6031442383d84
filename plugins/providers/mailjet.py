"""Mailjet: what became of e-mails (Event API), and e-mails that were received (Parse API).

Setup: Account settings > Event notifications (triggers): paste the hub's URL for each event, with a user name and a
password before its host, https://user:password@..., which go into `username` and `password`; or with a secret,
`?token=...`, which goes into `secret`. For received e-mails make a parse route by the API (POST /v3/REST/parseroute).

Mailjet signs nothing: the body is not covered.

An e-mail from the Parse API has no id: what Mailjet sends again is a new event.
"""

from typing import Any

from hub import Limits, Provider, Request, body, digest_of, first_of, hookimpl, items, query
from hub.signatures import Basic, OneOf, Token


def kind(request: Request) -> Any:
    """The event's word; received e-mails have none."""
    received = body("Headers")(request) is not None
    return first_of(body("event"), "inbound" if received else "")(request)


mailjet = Provider(
    name="mailjet",
    title="Mailjet",
    docs="https://dev.mailjet.com/email/guides/webhooks/",
    verify=OneOf(basic=Basic(), url=Token(query("token"), doc="The secret in the URL, `?token=...`.")),
    type=kind,
    # MessageID is the e-mail's, to which much happens
    id=digest_of(body("MessageID"), body("event"), body("time"), body("url"), body("ip"), body("agent")),
    time=body("time"),
    subject=first_of(body("email"), body("Recipient")),
    split=items(),  # one event without a list unless events are grouped
    limits=Limits(retries="for 24 hours, at first after 30 seconds", disables="after them", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [mailjet]
