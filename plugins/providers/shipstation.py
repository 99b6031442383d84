"""ShipStation: orders, shipments, tracking, of both APIs and of ShipEngine.

Setup: with the API (or ShipEngine's dashboard) add the hub's URL as webhook; nothing is to be configured here. The
first API signs nothing: put a secret into the URL, `?token=...`, the `secret`.

ShipEngine signs for every account with the same keys: anyone with one can have it send to your URL.
"""

from hub import Limits, Provider, body, header, hookimpl, query
from hub.signatures import RSA, OneOf, Token

shipstation = Provider(
    name="shipstation",
    title="ShipStation",
    docs="https://docs.shipstation.com/apis/docs/guides/webhooks-validation",
    verify=OneOf(
        # x-shipengine-rsa-sha256-key-id names the key; there are few, and it is not signed, so all are tried
        v2=RSA(
            "x-shipengine-rsa-sha256-signature",
            "{base64}",
            "{timestamp}.{body}",
            timestamp=header("x-shipengine-timestamp"),
            clock="iso",
            option="jwks",
            fetch="https://api.shipengine.com/jwks",
        ),
        v1=Token(query("token"), doc="The secret in the URL that ShipStation is told: `?token=...`"),
    ),
    type=body("resource_type"),
    subject=body("resource_url"),
    limits=Limits(timeout=10, retries="2, about 30 minutes apart"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [shipstation]
