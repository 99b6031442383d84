"""Marqeta: card transactions and changes of state, several in one request."""

from typing import Annotated, Any, Literal

from hub import Limits, Provider, Reply, Request, body, first_of, hookimpl, join, key_of
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


def inside(path: str) -> Any:
    """A place in the item."""
    place = body(path)
    return lambda request: place(request.part(content(request)))


def token(request: Request) -> Any:
    """The item's token, where it is that of what happened and not of a thing to which much happens."""
    name = key_of()(request) or ""
    return inside("token")(request) if name.endswith("transitions") or name == "transactions" else None


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
    type=join(key_of(), inside("type")),
    id=token,
    time=first_of(inside("created_time"), inside("last_modified_time")),
    subject=first_of(inside("card_token"), inside("user_token"), inside("business_token"), inside("token")),
    data=content,
    split=split,
    answer=answer,
    limits=Limits(timeout=5, confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [marqeta]
