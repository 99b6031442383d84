"""Zendesk: events, and requests that triggers and automations make as their authors please.

Setup: in the Admin Center under Apps and integrations > Webhooks create one with the hub's URL, for events or for a
trigger. `secret` is what Reveal secret shows on its page.

A test before it is saved is signed with another secret, the same for everybody, and refused.
"""

from hub import Limits, Provider, Request, body, first_of, header, hookimpl, inside
from hub.signatures import HMAC

from ._content import content


def identity(request: Request) -> str | None:
    """An event's own id, which is signed; else that of the call, the same at each attempt: a body may have any `id`."""
    own = body("id")(request) if body("zendesk_event_version")(request) else None
    return str(own) if own else header("X-Zendesk-Webhook-Invocation-Id")(request)


zendesk = Provider(
    name="zendesk",
    title="Zendesk",
    docs="https://developer.zendesk.com/documentation/webhooks/verifying/",
    verify=HMAC(
        "X-Zendesk-Webhook-Signature",
        "{base64}",
        "{timestamp}{body}",  # an older page of Zendesk's had them the other way round
        timestamp=header("X-Zendesk-Webhook-Signature-Timestamp"),
        clock="iso",
        doc="The webhook's signing secret as it is shown; a list while it is being changed.",
    ),
    type=first_of(inside(content, "type"), "trigger"),
    id=identity,
    time=body("time"),
    subject=inside(content, "subject", "detail.id", "ticket_id", "ticket.id"),
    data=content,
    methods=("POST", "PUT", "PATCH", "DELETE", "GET"),
    limits=Limits(
        timeout=12,
        retries="3, on 409, and on 429 and 503 that ask for less than a minute",
        disables="for a while when 70 % fail in 5 minutes",
        confidence="low",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [zendesk]
