"""WhatsApp: messages to a business number, what became of those it sent, templates and accounts (Cloud API).

Setup: in the App Dashboard open WhatsApp > Configuration and paste the hub's URL and a verify token that you make up,
which is the option `verify_token`; then subscribe to fields, `messages` first. `secret` is the app's secret (App
settings > Basic). The WhatsApp Business Account has to be subscribed to the app (`POST /<account>/subscribed_apps`).

One request may hold many messages: each is an event, with what stands around it. Every app that is subscribed gets all
of them.
"""

from typing import Any

from hub import Limits, Provider, Request, body, digest_of, first_of, hookimpl, join

from ._meta import VERIFY, changes, subscribe
from ._one_by_one import one_by_one

LISTS = ("messages", "statuses", "message_echoes", "calls", "user_preferences", "errors")


def parts(request: Request) -> list[Any]:
    """Each message and each status; a change that holds none is one event."""
    found: list[Any] = []
    for change in changes(request):
        value = change.get("value") if isinstance(change, dict) else None
        found += [{**change, "value": one} for one in one_by_one(value, *LISTS)] if value else [change]
    return found


def kind(request: Request) -> str | None:
    """`messages.text`, `statuses.read`, `message_template_status_update.APPROVED`, or the field alone."""
    value = body("value")(request)
    listed = next((name for name in LISTS if isinstance(value, dict) and value.get(name)), None)
    if listed is None:
        return join(body("field"), body("value.event"))(request)
    words = (body(f"value.{listed}.0.{name}") for name in ("event", "status", "type"))
    return join(listed, first_of(*words))(request) or listed


def inside(name: str) -> first_of:
    """A value of the message or status."""
    return first_of(*(body(f"value.{listed}.0.{name}") for listed in LISTS))


whatsapp = Provider(
    name="whatsapp",
    title="WhatsApp",
    docs="https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview",
    verify=VERIFY,
    type=kind,
    # a message that was sent has a status after the other, each with its id
    id=digest_of(inside("id"), kind),
    time=first_of(inside("timestamp"), body("time")),
    subject=first_of(body("value.metadata.phone_number_id"), body("id")),
    split=parts,
    handshake=subscribe,
    limits=Limits(retries="for 7 days, ever less often"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [whatsapp]
