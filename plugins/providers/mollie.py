"""Mollie: signed webhooks, and the classic ones, which are an unsigned id that has to be looked up.

Setup: in the dashboard, under Developers > Webhooks, add the hub's URL and events; `secret` is the signing secret. For
classic webhooks give payments the hub's URL with a secret, `?token=...`, as `webhookUrl`: the `token`.

A classic webhook is an id alone: look its state up at Mollie.
"""

from hub import Limits, Provider, Request, body, first_of, form, hookimpl, query
from hub.signatures import HMAC, OneOf, Token, Unsigned

CLASSIC = {"tr": "payment", "ord": "order", "pl": "payment-link", "sub": "subscription", "re": "refund"}
"""What the ids of classic webhooks begin with."""


def kind(request: Request) -> str | None:
    """The event's type; a classic webhook has none, but its id says of what it is."""
    prefix = (form("id")(request) or "").partition("_")[0]
    return body("type")(request) or CLASSIC.get(prefix, prefix) or None


mollie = Provider(
    name="mollie",
    title="Mollie",
    docs="https://docs.mollie.com/reference/webhooks-new",
    verify=OneOf(
        next=HMAC("X-Mollie-Signature", "sha256={hex}"),
        url=Token(query("token"), option="token", doc="A token that you put into the webhook URL: `?token=...`."),
        classic=Unsigned("classic webhooks prove nothing: put a token into the URL, and look the id up at Mollie"),
    ),
    type=kind,
    id=body("id"),  # a classic id is that of the payment, the same for all that happens to it
    time=body("createdAt"),
    subject=first_of(body("entityId"), form("id")),
    limits=Limits(timeout=15, retries="10 within 26 hours", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [mollie]
