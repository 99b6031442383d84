"""Microsoft Graph: changes of mail, calendars, Teams, users, files; and the lists of SharePoint.

Setup: with the hub running, make subscriptions (`POST /subscriptions`) with its URL as `notificationUrl` and
`lifecycleNotificationUrl` and a `clientState` of your own, which is the `secret`.

A subscription ends at its `expirationDateTime`, if it is not renewed. The content of rich notifications stays
encrypted.
"""

from typing import Any

from hub import Limits, Provider, Request, body, echo, first_of, hookimpl, items, query
from hub.signatures import Each, Token

ITEMS = items("value[]")


def kind(request: Request) -> Any:
    """`Message.created`; `reauthorizationRequired` of a subscription; `changed` in a list of SharePoint."""
    found = body("resourceData/@odata.type")(request)
    thing = found.rpartition(".")[2].lstrip("#") if isinstance(found, str) else ""
    change = first_of(body("lifecycleEvent"), body("changeType"), "changed")(request)
    return f"{thing}.{change}" if thing else change


microsoft_graph = Provider(
    name="microsoft-graph",
    title="Microsoft Graph",
    docs="https://learn.microsoft.com/graph/change-notifications-delivery-webhooks",
    verify=Each(
        ITEMS, Token(body("clientState"), doc="The `clientState` of the subscriptions; a list where they differ.")
    ),
    type=kind,
    id=body("id"),
    subject=first_of(body("resource"), body("subscriptionId")),
    split=ITEMS,
    # SharePoint writes the parameter in lower case
    handshake=echo(first_of(query("validationToken"), query("validationtoken"))),
    limits=Limits(timeout=3, retries="for four hours", disables="slow ones are slowed down", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [microsoft_graph]
