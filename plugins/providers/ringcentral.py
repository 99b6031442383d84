"""RingCentral: messages, calls, presence and other events of an account.

Setup: with the hub running, make a subscription (`POST /restapi/v1.0/subscription`) with the transport type `WebHook`,
the hub's URL as `address` and a `verificationToken` of your own, which is the `secret`.

A subscription ends when its time is over: renew it before.
"""

import re
from typing import Any

from hub import Limits, Provider, Reply, Request, body, first_of, header, hookimpl
from hub.signatures import Token

SENT = header("Validation-Token")


def probe(request: Request) -> Reply | None:
    """RingCentral wants its token back in the same header when a subscription is made or renewed."""
    token = SENT(request) or ""
    if not re.fullmatch(r"[!-~]{1,256}", token):
        return None
    return Reply(200, "", {"Validation-Token": token}, event=False, note="validation token sent back")


def kind(request: Request) -> Any:
    """The event filter: the ids in it are left out, as RingCentral's own pages do."""
    found = body("event")(request)
    return re.sub(r"(?<=/)(\d+|~)(?=/|$)", "~", found.partition("?")[0]) if isinstance(found, str) else None


ringcentral = Provider(
    name="ringcentral",
    title="RingCentral",
    docs="https://developers.ringcentral.com/guide/notifications/webhooks/creating-webhooks",
    verify=Token("Verification-Token", doc="The `verificationToken` that the subscription was made with."),
    type=kind,
    id=body("uuid"),
    time=body("timestamp"),
    subject=first_of(body("event"), body("subscriptionId")),
    handshake=probe,
    limits=Limits(timeout=3, disables="when answers fail or are slow; looked at again every 15 minutes"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [ringcentral]
