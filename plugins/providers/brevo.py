"""Brevo: what became of e-mails, received e-mails, contacts, conversations.

Setup: make the webhook by the API (POST /v3/webhooks), with the hub's URL as `url` and `auth` {"type": "bearer",
"token": "..."}, the token being `secret`; or on the page Transactional > Settings > Webhook, with the secret in the
URL, `?token=...`. Also https://user:password@... (`username`, `password`), or `headers` of the webhook with `secret`,
the name of which goes into `header`.

Brevo signs nothing: the body is not covered.

Marketing events have no id: what Brevo sends again is a new event.
"""

from typing import Any

from hub import Limits, Provider, Request, body, digest_of, first_of, hookimpl, items

from ._any_sender import any_proof


def parts(request: Request) -> list[Any]:
    """Received e-mails are listed under `items`, batched events at the top."""
    received = isinstance(request.json, dict) and "items" in request.json
    return items("items[]" if received else "[]")(request)


def kind(request: Request) -> Any:
    """The event's word; received e-mails have none."""
    received = body("Uuid")(request) is not None
    return first_of(body("event"), body("eventName"), "inbound" if received else "")(request)


brevo = Provider(
    name="brevo",
    title="Brevo",
    docs="https://developers.brevo.com/docs/secured-webhooks",
    verify=any_proof(),
    type=kind,
    # `id` is the webhook's, or the account's
    id=first_of(
        body("Uuid.0"), digest_of(body("message-id"), body("event"), body("email"), body("ts_epoch"), body("link"))
    ),
    # the others are in the account's time zone
    time=body("ts_epoch"),
    subject=first_of(body("email"), body("To.0.Address"), body("conversationId")),
    split=parts,
    limits=Limits(retries="after 10 minutes, 1, 2 and 8 hours", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [brevo]
