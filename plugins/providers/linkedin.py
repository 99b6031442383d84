"""LinkedIn: leads of lead forms, and what members do on the pages of organizations.

Setup: in the Developer Portal open the app's tab Webhooks (only apps with an approved use have it) and paste the hub's
URL, which LinkedIn tries at once; then subscribe members or forms with the API. Lead Sync has no tab: its subscriptions
are made with the Lead Notification Subscriptions API. `secret` is the app's client secret.

LinkedIn asks for a proof again every two hours and blocks the address after three failures. Addresses of ngrok are not
taken.
"""

import re

import orjson

from hub import Limits, Provider, Reply, Request, body, digest_of, first_of, header, hookimpl, join, mac, query
from hub.signatures import HMAC

from ._one_by_one import one_by_one

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


class Signature(header):
    """The header with or without a prefix: what LinkedIn says of the signed string is read in two ways."""

    def __call__(self, request: Request) -> str | None:
        value = super().__call__(request)
        return None if value is None else value.removeprefix("hmacsha256=")


def challenge(request: Request, *, secret: str | None) -> Reply | None:
    """LinkedIn asks whether the hub knows the secret: the MAC of its code, a UUID; any other text might be a body."""
    code = query("challengeCode")(request)
    if request.method != "GET" or not secret or UUID.fullmatch(code or "") is None:
        return None
    answer = orjson.dumps({"challengeCode": code, "challengeResponse": mac(secret, code or "")})
    return Reply(200, answer, {"content-type": "application/json"}, event=False, note="challenge answered")


linkedin = Provider(
    name="linkedin",
    title="LinkedIn",
    docs="https://learn.microsoft.com/en-us/linkedin/shared/api-guide/webhook-validation",
    verify=HMAC(
        Signature("X-LI-Signature"),
        "{hex}",
        "hmacsha256={body}",
        doc="The app's client secret; the first of a list answers LinkedIn's challenges.",
    ),
    type=join(body("type"), first_of(body("notifications.0.action"), body("leadAction"))),
    id=first_of(
        digest_of(body("notifications.0.notificationId"), body("notifications.0.action")),
        digest_of(body("leadGenFormResponse"), body("leadAction")),
    ),
    time=first_of(body("notifications.0.lastModifiedAt"), body("occurredAt")),
    subject=first_of(
        body("notifications.0.organizationalEntity"), body("owner.organization"), body("owner.sponsoredAccount")
    ),
    split=lambda request: one_by_one(request.json, "notifications"),
    handshake=challenge,
    limits=Limits(
        timeout=3,
        retries="every 5 minutes for 8 hours",
        disables="blocked after 3 failed validations, one every 2 hours",
        confidence="medium",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [linkedin]
