"""Salesforce: outbound messages, which are SOAP and nothing but the URL's secret proves.

Setup: in Setup > Outbound Messages add one whose endpoint is the hub's URL, ending with `?token=...`, the `secret`;
with LastModifiedDate among its fields, the event has a time. Send it from a flow.

Leave Send Session ID off: it is a credential, and the request that is kept has it.
"""

import re
from typing import Any

from hub import Limits, Provider, Reply, Request, body, hookimpl, query, xml
from hub.signatures import Token

KIND = re.compile(r"<(?:\w+:)?sObject\s[^>]*?\btype\s*=\s*[\"'](?:\w+:)?(\w+)[\"']", re.ASCII)
ACK = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:out="http://soap.sforce.com/2005/09/outbound"><soapenv:Body><out:notificationsResponse>'
    "<out:Ack>true</out:Ack></out:notificationsResponse></soapenv:Body></soapenv:Envelope>"
)
"""Without it the message is sent again."""


def kind(request: Request) -> str | None:
    """The object's type: all notifications of a message have the same."""
    found = KIND.search(request.text)
    return found.group(1) if found else None


def parts(request: Request) -> list[Any]:
    """The notifications, without the session id, which is a credential of Salesforce's API."""
    message = xml("Body/notifications")(request)
    found = message.get("Notification") if isinstance(message, dict) else None
    several = found if isinstance(found, list) else [found]
    own = {name: message[name] for name in ("OrganizationId", "ActionId") if name in message} if found else {}
    return [{**own, **one} for one in several if isinstance(one, dict)]


salesforce = Provider(
    name="salesforce",
    title="Salesforce",
    docs="https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging.htm",
    verify=Token(query("token"), doc="The secret in the URL that Salesforce is told: `?token=...`."),
    type=kind,
    id=body("Id"),
    time=body("sObject.LastModifiedDate"),
    subject=body("sObject.Id"),
    split=parts,
    answer=lambda request: Reply(200, ACK, {"content-type": "text/xml; charset=utf-8"}),
    limits=Limits(retries="for 24 hours, ever slower, at least every 2 hours", confidence="medium"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [salesforce]
