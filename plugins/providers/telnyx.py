"""Telnyx: calls, messages, faxes, number orders.

Setup: in the Mission Control Portal paste the hub's URL as the webhook of the messaging profile, of the voice
application or where the product has one. `public_key` is under Keys & Credentials > Public Key.

A call waits for commands: the hub keeps the events and gives none. TeXML applications want an answer in XML, so only
their status callbacks belong here.
"""

from hub import Limits, Provider, first_of, header, hookimpl, inside
from hub.signatures import Ed25519

from ._content import content

telnyx = Provider(
    name="telnyx",
    title="Telnyx",
    docs="https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks",
    verify=Ed25519("telnyx-signature-ed25519", "{base64}", "{timestamp}|{body}", timestamp=header("telnyx-timestamp")),
    type=first_of(inside(content, "data.event_type", "event_type", "CallStatus", "MessageStatus"), "callback"),
    id=inside(content, "data.id", "id"),
    time=inside(content, "data.occurred_at", "occurred_at", "Timestamp"),
    subject=inside(
        content, "data.payload.call_session_id", "data.payload.id", "data.payload.fax_id", "CallSid", "MessageSid"
    ),
    limits=Limits(timeout=2, retries="up to 3, then the failover URL", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [telnyx]
