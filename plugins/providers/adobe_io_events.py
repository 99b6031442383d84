"""Adobe I/O Events: events of Commerce, Experience Manager, Creative Cloud and other products.

Setup: in the Developer Console add events to a project, delivered to a webhook with the hub's URL, which is tried at
once. `recipient_client_id` is the client id of the project's credential.
"""

from typing import Any

import orjson

from hub import Fetch, KeyNeeded, Limits, Option, Provider, Request, body, echo, first_of, header, hookimpl, query
from hub.signatures import RSA

HOST = "static.adobeioevents.com"


def keys(request: Request, *, fetched: dict[str, str] | None) -> str:
    """Both keys that the request names, always from Adobe's own host."""
    found: dict[str, Any] = {}
    for name in ("x-adobe-public-key1-path", "x-adobe-public-key2-path"):
        path = request.header(name) or ""
        url = f"https://{HOST}{path}"
        if path.startswith("/") and url not in (fetched or {}):
            raise KeyNeeded(Fetch(url, (HOST,)))
        found[path] = (fetched or {}).get(url)
    return orjson.dumps(found).decode()


adobe_io_events = Provider(
    name="adobe-io-events",
    title="Adobe I/O Events",
    docs="https://developer.adobe.com/events/docs/guides/sdk/sdk_signature_verification/",
    # either of the two signatures is enough
    verify=RSA(
        "x-adobe-digital-signature-1",
        also=("x-adobe-digital-signature-2",),
        option="public_keys",
        fetch=keys,
        require={
            first_of(body("recipient_client_id"), body("recipientclientid")): "{option:recipient_client_id}",
        },
    ),
    type=first_of(body("type"), body("event/@type"), body("event.type"), header("x-adobe-event-code"), "event"),
    id=first_of(body("event_id"), body("id"), header("x-adobe-event-id")),
    time=first_of(body("time"), body("event/activitystreams:published"), body("event.header.time")),
    subject=first_of(body("subject"), body("source"), body("event/@id")),
    handshake=echo(query("challenge")),
    options={"recipient_client_id": Option("The client id of the project in Adobe's developer console.")},
    limits=Limits(
        timeout=10,
        retries="for 24 hours: after a minute, then twice as long each time, up to 15 minutes",
        disables="when 80 % of at least 10 attempts within 24 hours have failed, a day later still",
        confidence="high",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [adobe_io_events]
