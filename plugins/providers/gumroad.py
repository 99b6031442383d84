"""Gumroad: sales and what becomes of them, as forms that nothing but the URL's secret proves.

Setup: under Settings > Advanced enter the hub's URL with a secret, `?token=...`, as Ping endpoint: it hears of sales.
For refunds, disputes and subscriptions make resource subscriptions with the API (`PUT /v2/resource_subscriptions`).
"""

from hub import Limits, Provider, Request, first_of, form, hookimpl, query
from hub.signatures import Token

kind = first_of(form("resource_name"), "sale")
"""A classic ping has no name, and tells of a sale."""

TIMES = first_of(form("cancelled_at"), form("ended_at"), form("restarted_at"), form("effective_as_of"))


def when(request: Request) -> str | None:
    """The time of a change of a subscription, or of the sale: a refund repeats that of its sale."""
    return TIMES(request) or (form("sale_timestamp")(request) if kind(request) == "sale" else None)


def sold(request: Request) -> str | None:
    """The sale's id for the sale itself: what else becomes of it repeats that id."""
    return form("sale_id")(request) if kind(request) == "sale" else None


gumroad = Provider(
    name="gumroad",
    title="Gumroad",
    docs="https://app.gumroad.com/ping",
    verify=Token(query("token"), doc="The secret in the URL that Gumroad is told: `?token=...`"),
    type=kind,
    id=sold,
    time=when,
    subject=first_of(form("sale_id"), form("subscription_id"), form("product_id")),
    limits=Limits(timeout=5, retries="on 499, 500, 502, 503 and 504, after 1, 3 and 10 minutes"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [gumroad]
