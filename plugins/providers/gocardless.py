"""GoCardless: bank debits; up to 250 events in one request.

Setup: in the dashboard, under Developers, create a webhook endpoint with the hub's URL and a secret, the `secret`.
"""

from hub import Limits, Provider, Request, body, hookimpl, items, join
from hub.signatures import HMAC


def about(request: Request) -> str | None:
    """The link to what the event is about: `payment` for `payments`; else the first one."""
    links, kind = body("links")(request), str(body("resource_type")(request) or "")
    if not isinstance(links, dict) or not links:
        return None
    found = links.get(kind.removesuffix("s"), next(iter(links.values())))
    return found if isinstance(found, str) else None


gocardless = Provider(
    name="gocardless",
    title="GoCardless",
    docs="https://developer.gocardless.com/getting-started/staying-up-to-date-with-webhooks",
    verify=HMAC("Webhook-Signature"),
    type=join(body("resource_type"), body("action")),
    id=body("id"),
    time=body("created_at"),
    subject=about,
    split=items("events[]"),
    limits=Limits(retries="8", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [gocardless]
