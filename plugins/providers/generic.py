"""Generic: any sender whose way of signing the config describes.

Setup: give the sender the hub's URL and a secret, the `secret`; then say by the options how it signs, as its own
documentation shows it.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, StringConstraints

from hub import Option, Provider, Request, body, form, header, hookimpl, query
from hub.signatures import HMAC, Basic, Bearer, Configured, Scheme, Token

PLACES: dict[str, Any] = {"header": header, "query": query, "form": form, "body": body}
PLACE = Annotated[str, StringConstraints(pattern=r"^(header|query|form|body)\..+$")]


def written(text: str) -> str:
    """The look of a header, if it can be read."""
    HMAC("X-Signature", text)
    return text


def template(text: str) -> str:
    """The string that is signed, if it is a template."""
    HMAC("X-Signature", signed=text)
    return text


ID = Option("The place of the delivery id, such as `header.X-Delivery`.", PLACE)


def place(text: str) -> Any:
    """`header.X-Event`, `body.event.type`, `query.id`, `form.kind`."""
    kind, _, name = text.partition(".")
    if kind not in PLACES or not name:
        raise ValueError(f"a place is written header.X-Event, body.event.type, query.id or form.kind, not {text!r}")
    return PLACES[kind](name)


def scheme(
    *,
    scheme: Annotated[
        Literal["hmac", "token", "bearer", "basic"],
        "How the sender proves itself: `hmac`, `token`, `bearer` or `basic`.",
    ] = "hmac",
    header: Annotated[str, "The header with the signature or token."] = "X-Signature",
    at: Annotated[
        str | None, Option("The place of the signature or token where it is no header, such as `query.token`.", PLACE)
    ] = None,
    algorithm: Annotated[Literal["sha256", "sha1", "sha512", "sha384", "md5"], "The hash of the HMAC."] = "sha256",
    encoding: Annotated[
        Literal["hex", "HEX", "base64", "base64url"], "How the signature is written; `HEX` takes any case."
    ] = "hex",
    prefix: Annotated[str, "What stands before the signature or token in the header, such as `sha256=`."] = "",
    value: Annotated[
        str | None,
        Option("The whole header instead, as `t={timestamp},v1={hex}`.", Annotated[str, AfterValidator(written)]),
    ] = None,
    signed: Annotated[
        str, Option("The string that is signed, as `{timestamp}.{body}`.", Annotated[str, AfterValidator(template)])
    ] = "{body}",
    timestamp: Annotated[
        str | None, Option("The place of the time that is signed, such as `header.X-Timestamp`.", PLACE)
    ] = None,
    id: Annotated[str | None, ID] = None,
    key: Annotated[Literal["text", "hex", "base64", "whsec"], "How the secret is written."] = "text",
) -> Scheme:
    """The scheme that the options describe."""
    if scheme == "basic":
        return Basic()
    if scheme == "bearer":
        return Bearer()
    where = place(at) if at else header
    if scheme == "token":
        return Token(where, prefix + "{token}")
    look = value or f"{prefix}{{{encoding}}}"
    signed_at = place(timestamp) if timestamp else None
    signed_id = place(id) if id and "{id}" in signed else None
    return HMAC(where, look, signed, hash=algorithm, key=key, timestamp=signed_at, id=signed_id)


def kind(
    request: Request,
    *,
    type: Annotated[str, Option("The place of the event's type, such as `body.event`.", PLACE)] = "body.type",
) -> Any:
    """The sender's word for what happened."""
    return place(type)(request) or "event"


def identity(request: Request, *, id: Annotated[str | None, ID] = None) -> Any:
    """The sender's delivery id; without one every request is an event."""
    return place(id)(request) if id else None


def moment(
    request: Request,
    *,
    time: Annotated[str | None, Option("The place of the time, such as `body.created_at`.", PLACE)] = None,
) -> Any:
    """When it happened."""
    return place(time)(request) if time else None


def about(
    request: Request,
    *,
    subject: Annotated[str | None, Option("The place of the subject, such as `body.order.id`.", PLACE)] = None,
) -> Any:
    """What it is about."""
    return place(subject)(request) if subject else None


generic = Provider(
    name="generic",
    title="Generic",
    docs="docs/write-a-provider.md",
    verify=Configured(scheme, {}, {"scheme": "token"}, {"scheme": "basic"}),
    type=kind,
    id=identity,
    time=moment,
    subject=about,
    methods=("POST", "PUT", "PATCH", "GET"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [generic]
