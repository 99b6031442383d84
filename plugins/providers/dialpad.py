"""Dialpad: calls, SMS, contacts and agents; the body is a token where a secret is set.

Setup: by the API make a webhook (`POST /api/v2/webhooks`) with the hub's URL and a `secret` of your own, then
subscriptions to events with its id. A webhook without a secret sends plain JSON: end its URL with `?token=...`, the
`token`.

The subscription says what its events are about, they themselves do not: other than calls and SMS, give each kind a
source of its own.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hub import Provider, Refused, Request, body, first_of, hookimpl, join, query
from hub.signatures import JWT, OneOf, Token, claims_of, each_secret


class SignedBody(JWT):
    """The whole body is the token, and its claims are the event."""

    def sign(self, request: Request, options: Mapping[str, Any]) -> Request:
        """The request with its body put into a token."""
        from jwt import encode

        secrets = each_secret(options.get(self.option))
        if not secrets:
            raise Refused("unconfigured", f"the option {self.option} is not set")
        return replace(request, body=encode(request.json, secrets[0][1], "HS256").encode())


def content(request: Request) -> list[Any]:
    """For `split`: the event, in the token or as it is."""
    return [request.json if request.body.startswith(b"{") else claims_of(request.text)]


dialpad = Provider(
    name="dialpad",
    title="Dialpad",
    docs="https://developers.dialpad.com/docs/webhooks-1",
    verify=OneOf(
        signed=SignedBody("{body}", algorithms=("HS256",)),
        url=Token(query("token"), option="token", doc="A secret in the URL that Dialpad is told: `?token=...`"),
    ),
    type=first_of(join("call", body("state")), join("sms", body("direction")), "event"),
    time=first_of(body("event_timestamp"), body("created_date")),
    subject=first_of(body("call_id"), body("id"), body("target.id")),
    split=content,
)


@hookimpl
def register_providers() -> list[Provider]:
    return [dialpad]
