"""Lago: usage-based billing, hosted by itself or by you.

Setup: add a webhook with the hub's URL under Developers > Webhooks. For JWT, `issuer` is the URL of Lago's API,
`public_key` what it answers at /api/v1/webhooks/public_key; for HMAC, `secret` is the organization's HMAC key.
"""

from typing import Any

from hub import Limits, Option, Provider, Request, body, header, hookimpl
from hub.signatures import HMAC, JWT, OneOf


def subject(request: Request) -> Any:
    """The id of the object, which stands under its type."""
    return body(f"{body('object_type')(request)}/lago_id")(request)


lago = Provider(
    name="lago",
    title="Lago",
    docs="https://docs.getlago.com/guide/webhooks",
    verify=OneOf(
        jwt=JWT(
            "X-Lago-Signature",
            algorithms=("RS256",),
            claims={"data": "{body}", "iss": "{option:issuer}"},
            require={"X-Lago-Signature-Algorithm": "jwt"},
            doc="Lago's public key, from its API at /api/v1/webhooks/public_key.",
        ),
        hmac=HMAC("X-Lago-Signature", "{base64}", require={"X-Lago-Signature-Algorithm": "hmac"}),
    ),
    type=body("webhook_type"),
    id=header("X-Lago-Unique-Key"),
    subject=subject,
    options={"issuer": Option("The URL of Lago's API, such as https://api.getlago.com.")},
    limits=Limits(timeout=30, retries="2, after seconds", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [lago]
