"""Intuit: QuickBooks Online, in the older format and as CloudEvents.

Setup: in the developer portal open the app's webhooks, of production or of development, enter the hub's URL and choose
entities. `secret` is the verifier token shown there.
"""

from typing import Any

from hub import Limits, Provider, Request, body, digest_of, first_of, hookimpl, join
from hub.signatures import HMAC


def changes(request: Request) -> list[Any]:
    """The changes: CloudEvents in an array, or the entities of each company, to which its `realmId` is added."""
    content = request.json
    if not isinstance(content, dict) or "eventNotifications" not in content:
        return content if isinstance(content, list) else [content]
    return [
        {"realmId": notification.get("realmId"), **entity}
        for notification in content["eventNotifications"]
        for entity in notification["dataChangeEvent"]["entities"]
    ]


def event_id(request: Request) -> Any:
    """A CloudEvent's own; a hash of an older change and its time, as its `id` is that of the entity."""
    place = body("id") if body("specversion")(request) else digest_of(body("lastUpdated"), body())
    return place(request)


intuit = Provider(
    name="intuit",
    title="Intuit QuickBooks",
    docs="https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks",
    verify=HMAC("intuit-signature", "{base64}"),
    type=first_of(body("type"), join(body("name"), body("operation"))),
    id=event_id,
    time=first_of(body("time"), body("lastUpdated")),
    subject=first_of(body("intuitentityid"), body("id")),
    split=changes,
    limits=Limits(
        timeout=3, retries="after 20, 30 and 50 minutes", disables="after repeated failures", confidence="low"
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [intuit]
