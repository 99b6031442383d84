"""Recurly: accounts, subscriptions, invoices and payments; JSON, or XML for endpoints of the older kind.

Setup: under Integrations > Webhooks add an endpoint with the hub's URL, format JSON and, if you like, `username` and
`password`; `secret` is its key.
"""

import re
from typing import Any

from hub import Limits, Provider, Request, first_of, hookimpl, inside, join, xml
from hub.signatures import HMAC, AllOf, Basic

ROOT = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<([\w-]+)")


def content(request: Request) -> Any:
    """The notification, of either kind."""
    return xml()(request) if request.body.lstrip()[:1] == b"<" else request.json


def root(request: Request) -> str | None:
    """The name of the XML's root, which is the type of an older notification."""
    match = ROOT.match(request.text)
    return match[1] if match else None


recurly = Provider(
    name="recurly",
    title="Recurly",
    docs="https://docs.recurly.com/recurly-subscriptions/docs/webhooks",
    # only JSON is signed; XML has the user name and password alone
    verify=AllOf(HMAC("recurly-signature", "{timestamp},{hex}...", "{timestamp}.{body}", clock="ms"), Basic()),
    type=first_of(root, join(inside(content, "object_type"), inside(content, "event_type"))),
    # a JSON notification names objects and holds nothing of them: two that are alike tell the same
    id=join(*(inside(content, name) for name in ("id", "object_type", "event_type", "event_time")), by="/"),
    time=inside(content, "event_time"),
    subject=inside(content, "account_code", "account.account_code", "uuid", "id"),
    data=content,
    limits=Limits(retries="10, after 10 + x·2^(x+5) seconds", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [recurly]
