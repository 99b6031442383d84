"""Recurly: accounts, subscriptions, invoices and payments; JSON, or XML for endpoints of the older kind."""

import re
from typing import Any

from hub import Limits, Provider, Request, body, first_of, hookimpl, join, xml
from hub.signatures import HMAC, AllOf, Basic

ROOT = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<([\w-]+)")


def content(request: Request) -> Any:
    """The notification, of either kind."""
    return xml()(request) if request.body.lstrip()[:1] == b"<" else request.json


def inside(path: str) -> Any:
    """A place in the notification."""
    place = body(path)
    return lambda request: place(request.part(content(request)))


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
    type=first_of(root, join(inside("object_type"), inside("event_type"))),
    # a JSON notification names objects and holds nothing of them: two that are alike tell the same
    id=join(inside("id"), inside("object_type"), inside("event_type"), inside("event_time"), by="/"),
    time=inside("event_time"),
    subject=first_of(inside("account_code"), inside("account.account_code"), inside("uuid"), inside("id")),
    data=content,
    limits=Limits(retries="10, after 10 + x·2^(x+5) seconds", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [recurly]
