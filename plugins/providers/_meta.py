"""What webhooks of Meta's Graph API have in common: the proof, the subscription, entries with changes in them."""

from typing import Annotated, Any

from hub import Reply, Request, echo, items, query
from hub.signatures import HMAC, Token

VERIFY = HMAC("X-Hub-Signature-256", "sha256={hex}", doc="The app's secret (App settings > Basic).")
DOC = "The verify token that you choose and type in beside the hub's URL."
TOKEN = Token(query("hub.verify_token"), option="verify_token", doc=DOC)
LISTS = ("changes", "messaging", "standby", "changed_fields")
"""What entries hold: changes with values, messages, messages that another app answers, changes without values."""


def subscribe(request: Request, *, verify_token: Annotated[str | None, DOC]) -> Reply | None:
    """The address is tried when it is saved: whoever knows the verify token gets the challenge back."""
    if request.method != "GET" or query("hub.mode")(request) != "subscribe":
        return None
    TOKEN.verify(request, {"verify_token": verify_token})
    return echo(query("hub.challenge"))(request)


def changes(request: Request) -> list[Any]:
    """For `split`: what happened, one by one, with what its entry says: `id` and `time`, and the `object`."""
    found: list[Any] = []
    for entry in items("entry[]")(request):
        if not isinstance(entry, dict):
            found.append(entry)
            continue
        around = {name: request.json[name] for name in ("object",) if name in request.json}
        around.update((name, value) for name, value in entry.items() if name not in LISTS)
        listed = [one for name in LISTS if isinstance(entry.get(name), list) for one in entry[name]]
        found += [{**around, **(one if isinstance(one, dict) else {"field": one})} for one in listed] or [around]
    return found
