"""HubSpot: webhooks of apps, in batches, and requests of workflows.

Setup: in the webhook settings of the app (a project has a file for them) set the hub's URL as target URL and add
subscriptions. `secret` is the app's client secret. The webhook of a workflow signs with that of the app whose id it is
given.
"""

import re
from typing import Any
from urllib.parse import unquote

from hub import Limits, Provider, Request, body, digest_of, first_of, header, hookimpl, items
from hub.signatures import HMAC, Hash, OneOf

DECODED = re.compile("%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)
"""What HubSpot signs as the characters themselves: `: / ? @ ! $ ' ( ) * , ;`."""


def signed(request: Request, *, timestamp: str | None) -> bytes | None:
    """Method, URL, body and time; in the URL some escapes are decoded."""
    if timestamp is None:
        return None
    url = DECODED.sub(lambda match: unquote(match.group()), request.url)
    return f"{request.method}{url}".encode("utf-8", "surrogatepass") + request.body + timestamp.encode()


def parts(request: Request) -> list[Any]:
    """The events of a batch; a workflow sends one object, or GET with its fields in the query."""
    if not request.body:
        return [{name: values[0] for name, values in request.query.items()}]
    return items()(request)


v3 = HMAC(
    "X-HubSpot-Signature-v3",
    "{base64}",
    signed,
    timestamp=header("X-HubSpot-Request-Timestamp"),
    clock="ms",
    covers="all",
    doc="The app's client secret; a list while it is being changed.",
)
v2 = Hash("X-HubSpot-Signature", "{hex}", "{secret}{method}{url}{body}", require={"X-HubSpot-Signature-Version": "v2"})
v1 = Hash("X-HubSpot-Signature", "{hex}", "{secret}{body}", require={"X-HubSpot-Signature-Version": "v1"})

hubspot = Provider(
    name="hubspot",
    title="HubSpot",
    docs="https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation",
    verify=OneOf(v3=v3, v2=v2, v1=v1),
    type=first_of(body("subscriptionType"), "workflow"),
    # eventId alone may repeat, attemptNumber changes when an event is sent again
    id=digest_of(body("eventId"), body("subscriptionId"), body("portalId"), body("objectId"), body("occurredAt")),
    time=body("occurredAt"),
    subject=first_of(body("objectId"), body("fromObjectId"), body("vid")),
    split=parts,
    methods=("POST", "GET"),
    limits=Limits(timeout=5, retries="10 within 24 hours", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [hubspot]
