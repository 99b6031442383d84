"""Plaid: changes of bank accounts, transactions and transfers.

Setup: pass the hub's URL as `webhook` when you make Link tokens. `client_id` and `secret` are those of the API: the hub
fetches Plaid's keys with them, of the `environment`.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal

from hub import Fetch, KeyNeeded, Limits, Option, Provider, Refused, Request, body, first_of, header, hookimpl, join
from hub.signatures import JWT, claims_of, each_key

HEADER = "Plaid-Verification"


def key(
    request: Request,
    *,
    keyid: str,
    client_id: str,
    secret: str,
    environment: str = "production",
    fetched: Mapping[str, str] | None = None,
) -> str:
    """The key that the token names, which Plaid's API tells to its customers."""
    if not re.fullmatch(r"[\w-]{1,64}", keyid or "", re.ASCII):
        raise Refused("malformed", "the token does not name its key (kid)")
    host = f"{environment}.plaid.com"
    url = f"https://{host}/webhook_verification_key/get#{keyid}"  # keys are kept by URL
    text = (fetched or {}).get(url)
    if text is None:
        asked = {"client_id": client_id, "secret": secret, "key_id": keyid}
        raise KeyNeeded(Fetch(url, (host,), json=asked))
    usable = any(isinstance(one, Mapping) and one.get("expired_at") is None for _, one in each_key(text))
    return text if usable else ""


class PlaidToken(JWT):
    """A token whose key is configured, or fetched with the customer's credentials."""

    def configured(self, options: Mapping[str, Any]) -> bool:
        """Is there a key, or what it takes to fetch one?"""
        return bool(self._keys(options.get(self.option)) or (options.get("client_id") and options.get("secret")))


def when(request: Request) -> Any:
    """When the token was made: events have no time of their own."""
    token = header(HEADER)(request)
    return claims_of(token).get("iat") if token else None


plaid = Provider(
    name="plaid",
    title="Plaid",
    docs="https://plaid.com/docs/api/webhooks/webhook-verification/",
    verify=PlaidToken(
        HEADER,
        algorithms=("ES256",),
        claims={"request_body_sha256": "{body|sha256|hex}"},
        option="jwks",
        fetch=key,
        tolerance=300,
        doc="Plaid's public keys (JSON Web Keys), if they are not to be fetched.",
    ),
    type=join(body("webhook_type"), body("webhook_code")),
    time=when,
    subject=first_of(body("item_id"), body("transfer_id"), body("payment_id"), body("asset_report_id")),
    options={
        "client_id": Option("The client id, with which Plaid's public keys are fetched."),
        "secret": Option("The API secret, with which Plaid's public keys are fetched.", secret=True),
        "environment": Option("The environment of the API.", Literal["production", "sandbox"], "production"),
    },
    limits=Limits(timeout=10, retries="for up to 24 hours, after 30 seconds and ever slower", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [plaid]
