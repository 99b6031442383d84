"""Wix: events of sites, each one a signed token with JSON in JSON in JSON.

Setup: in the app's dashboard, under Develop > Webhooks, add the hub's URL for each event; `public_key` is shown there.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from hub import Limits, Provider, Request, hookimpl, inside
from hub.signatures import JWT, claims_of

WRAPPED = JWT("{body}", algorithms=("RS256",), claims={"data": "{body}"})


class Token(JWT):
    """The body is the token. What is signed for `hub send` is what its claim `data` shall be."""

    def sign(self, request: Request, options: Mapping[str, Any]) -> Request:
        """The request with its body put into a token."""
        return WRAPPED.sign(request, options)


def content(request: Request) -> Any:
    """The claim `data`, with the JSON texts in it read too."""
    found = orjson.loads(claims_of(request.text)["data"])
    return {
        name: orjson.loads(value) if name in ("data", "identity") and isinstance(value, str) else value
        for name, value in found.items()
    }


wix = Provider(
    name="wix",
    title="Wix",
    docs="https://dev.wix.com/docs/build-apps/develop-your-app/api-integrations/events-and-webhooks/about-webhooks",
    verify=Token("{body}", algorithms=("RS256",), doc="The app's public key, as Wix's app dashboard shows it."),
    type=inside(content, "eventType"),
    id=inside(content, "data.id"),
    time=inside(content, "data.eventTime"),
    subject=inside(content, "data.entityId", "instanceId"),
    data=content,
    limits=Limits(timeout=1.25, retries="up to 12", confidence="medium"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [wix]
