"""Chargebee: subscriptions, invoices, payments and customers.

Setup: under Settings > Configure Chargebee > API Keys and Webhooks add a webhook with the hub's URL, protected with
basic authentication: `username`, `password`. Or put a secret into the URL, `?token=...`, the `token`.
"""

from hub import Limits, Provider, Request, body, hookimpl, query
from hub.signatures import Basic, OneOf, Token


def subject(request: Request) -> object:
    """The id of what the event is named after; its content has related objects too."""
    content, kind = body("content")(request), str(body("event_type")(request))
    objects = content if isinstance(content, dict) else {}
    named = sorted((name for name in objects if kind.startswith(name)), key=len)
    return body(f"content/{named[-1] if named else next(iter(objects), '')}/id")(request)


chargebee = Provider(
    name="chargebee",
    title="Chargebee",
    docs="https://www.chargebee.com/docs/billing/2.0/site-configuration/webhook_settings",
    verify=OneOf(basic=Basic(), url=Token(query("token"), option="token", doc="The secret in the URL: `?token=...`.")),
    type=body("event_type"),
    id=body("id"),
    time=body("occurred_at"),
    subject=subject,
    limits=Limits(retries="up to 7 within 3 days", confidence="medium"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [chargebee]
