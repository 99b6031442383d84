"""Marqeta: card transactions and changes of state, several in one request.

Setup: make a webhook with the API (`POST /webhooks`): the hub's URL, `basic_auth_username` and `basic_auth_password`,
here `username` and `password`, and for signatures a `secret`. Those of the older default need `algorithm = "sha1"`.
"""

from typing import Annotated, Any, Literal

from hub import Limits, Provider, Reply, Request, hookimpl, inside, join, key_of
from hub.signatures import HMAC, AllOf, Basic, Configured


def proof(
    *, algorithm: Annotated[Literal["sha256", "sha1"], "The hash of the signature, as Marqeta was told."] = "sha256"
) -> AllOf:
    """Basic authentication is always sent, the signature where the webhook has a secret."""
    return AllOf(Basic(), HMAC("X-Marqeta-Signature", hash=algorithm))


def split(request: Request) -> list[Any]:
    """Every item of every list, each under its list's name."""
    lists = request.json.items() if isinstance(request.json, dict) else ()
    return [{name: item} for name, value in lists if isinstance(value, list) for item in value]


def content(request: Request) -> Any:
    """The item itself."""
    return next(iter(request.json.values()))


def token(request: Request) -> Any:
    """The item's token, where it is that of what happened and not of a thing to which much happens."""
    name = key_of()(request) or ""
    return inside(content, "token")(request) if name.endswith("transitions") or name == "transactions" else None


def answer(request: Request) -> Reply | None:
    """A health check wants its own body back."""
    if key_of()(request) != "pings":
        return None
    return Reply(200, request.body, {"content-type": "application/json"}, event=False, note="ping answered")


marqeta = Provider(
    name="marqeta",
    title="Marqeta",
    docs="https://www.marqeta.com/docs/core-api/webhooks",
    verify=Configured(proof),
    type=join(key_of(), inside(content, "type")),
    id=token,
    time=inside(content, "created_time", "last_modified_time"),
    subject=inside(content, "card_token", "user_token", "business_token", "token"),
    data=content,
    split=split,
    answer=answer,
    limits=Limits(timeout=5, confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [marqeta]
