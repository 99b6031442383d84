"""Mailchimp Transactional (Mandrill): what became of e-mails, received e-mails, changes of the reject list.

Setup: Settings > Webhooks > Add a Webhook: choose events and paste the hub's URL; for received e-mails Inbound >
Domains > Routes. The hub has to run by then, with any `secret`: the URL is tried before there is a key. `secret` is
then the webhook's Key, shown in the list.

The URL is signed as it was typed, a user name and a password in it included: `public_url` has to be the same text.
"""

from typing import Any

import orjson

from hub import Provider, Reply, Request, Unreadable, body, digest_of, first_of, form, head_ok, hookimpl
from hub.signatures import HMAC


def tried(request: Request) -> Reply | None:
    """HEAD, or POST without events, signed with a key that all know: the webhook has none of its own yet."""
    small = len(request.body) < 100  # a stranger's form is parsed here
    if request.method == "POST" and small and form("mandrill_events")(request) == "[]":
        return Reply(200, event=False, note="POST without events answered")
    return head_ok(request)


def events(request: Request) -> list[Any]:
    """The JSON in the form's only field."""
    found = orjson.loads(form("mandrill_events")(request) or "null")
    if not isinstance(found, list):
        raise Unreadable("the field mandrill_events has no list of events")
    return found


mandrill = Provider(
    name="mandrill",
    title="Mailchimp Transactional (Mandrill)",
    docs="https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/",
    verify=HMAC("X-Mandrill-Signature", "{base64}", "{url}{params}", hash="sha1", doc="The webhook's key."),
    type=first_of(body("event"), body("type")),
    # _id is the e-mail's, to which much happens
    id=digest_of(body("_id"), body("event"), body("ts"), body("url"), body("ip"), body("user_agent")),
    time=body("ts"),
    subject=first_of(body("msg.email"), body("reject.email")),
    split=events,
    handshake=tried,
)


@hookimpl
def register_providers() -> list[Provider]:
    return [mandrill]
