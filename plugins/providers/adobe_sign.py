"""Adobe Acrobat Sign: agreements, web forms, bulk sends and library documents.

Setup: under Account > Webhooks, or by the API, make a webhook with the hub's URL. `client_id` is the id of the
application that makes it. That is no secret: end the URL with `?token=...` and set `secret` too; a custom header of a
webhook endpoint (`header`) may hold it instead.

While one notification fails the later ones wait; after 72 hours the webhook is disabled and they are lost.
"""

import re
from dataclasses import replace

import orjson

from hub import Limits, Provider, Reply, Request, body, first_of, header, hookimpl, query
from hub.signatures import AllOf, OneOf, Token

from ._places import chosen_header


def echoed(request: Request) -> Reply | None:
    """The client id, which Acrobat Sign wants back from each request."""
    client = header("X-AdobeSign-ClientId")(request)
    if client is None or re.fullmatch(r"[\w-]{1,200}", client, re.ASCII) is None:
        return None
    headers = {"X-AdobeSign-ClientId": client, "content-type": "application/json"}
    return Reply(200, orjson.dumps({"xAdobeSignClientId": client}), headers, note="client id echoed")


def intent(request: Request) -> Reply | None:
    """The client id, when GET asks whether the webhook is wanted."""
    reply = echoed(request) if request.method == "GET" else None
    return replace(reply, event=False) if reply else None


adobe_sign = Provider(
    name="adobe-sign",
    title="Adobe Acrobat Sign",
    docs="https://opensource.adobe.com/acrobat-sign/developer_guide/webhookapis.html",
    verify=AllOf(
        Token("X-AdobeSign-ClientId", option="client_id", doc="The id of the application that made the webhook."),
        OneOf(header=chosen_header(option="secret"), url=Token(query("token"))),
    ),
    type=body("event"),
    id=body("webhookNotificationId"),
    time=body("eventDate"),
    subject=first_of(
        body("agreement.id"), body("widget.id"), body("megaSign.id"), body("libraryDocument.id"), body("webhookId")
    ),
    handshake=intent,
    answer=echoed,
    limits=Limits(timeout=5, retries="15 within 72 hours, ever slower", disables="after them", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [adobe_sign]
