"""Azure Event Grid: events of Azure's services and of custom topics, in Event Grid's schema or as CloudEvents.

Setup: with the hub running, make an event subscription of the type Web Hook with the hub's URL, which ends with
`?token=...`, or with a delivery property `X-Hub-Token`: the `secret` is what stands there. With Microsoft Entra,
`tenant` and `audience` are the ids of tenant and application that the subscription names.

A refused event is not sent again: give the subscription a place for dead letters.
"""

import re

import orjson

from hub import Fetch, KeyNeeded, Limits, Provider, Refused, Reply, Request, body, first_of, hookimpl, query
from hub.signatures import JWT, OneOf, Token

from ._cloudevents import consent, structured
from ._places import chosen_header

ENTRA = "login.microsoftonline.com"
APP = "4962773b-9cdb-44cf-a8bf-237846a00ab7"
"""Event Grid's own application in Microsoft Entra: any other one of the tenant may have a token for this audience."""


def keys(request: Request, *, tenant: str, fetched: dict[str, str] | None = None) -> str:
    """The keys of the tenant."""
    if not re.fullmatch(r"[\w.-]{1,100}", tenant, re.ASCII):
        raise Refused("unconfigured", "the option tenant is not the id of a tenant")
    url = f"https://{ENTRA}/{tenant}/discovery/v2.0/keys"
    if url not in (fetched or {}):
        raise KeyNeeded(Fetch(url, (ENTRA,)))
    return (fetched or {})[url]


def answer(request: Request) -> Reply | None:
    """The validation of a subscription comes like any event, and wants its code back."""
    code = body("0.data.validationCode")(request)
    if body("0.eventType")(request) != "Microsoft.EventGrid.SubscriptionValidationEvent" or not code:
        return None
    text = orjson.dumps({"validationResponse": str(code)})
    return Reply(200, text, {"content-type": "application/json"}, event=False, note="validation code sent back")


azure_event_grid = Provider(
    name="azure-event-grid",
    title="Azure Event Grid",
    docs="https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema",
    verify=OneOf(
        entra=JWT(
            "Authorization",
            "Bearer {token}",
            algorithms=("RS256",),
            option="jwks",
            fetch=keys,
            claims={
                "aud": "{option:audience}",
                "iss": (f"https://{ENTRA}/{{option:tenant}}/v2.0", "https://sts.windows.net/{option:tenant}/"),
                "appid": APP,
                "azp": APP,
            },
            optional=("appid", "azp"),  # the first in tokens of version 1, the second in those of version 2
        ),
        header=chosen_header(option="secret"),
        url=Token(query("token"), doc="The secret in the delivery header, or in the URL as `?token=...`."),
    ),
    type=first_of(body("eventType"), body("type")),
    id=body("id"),
    time=first_of(body("eventTime"), body("time")),
    subject=first_of(body("subject"), body("topic"), body("source")),
    split=structured,
    handshake=consent,
    answer=answer,
    limits=Limits(timeout=30, retries="ever slower for 24 hours, not on 400, 401, 403, 404, 413", confidence="medium"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [azure_event_grid]
