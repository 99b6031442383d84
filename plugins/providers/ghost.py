"""Ghost: posts, pages, tags and members of a site.

Setup: under Settings > Integrations add a custom integration and to it a webhook with an event, the hub's URL and a
secret of your own, which is the `secret`.

Older versions of Ghost sign the body without the time: set `legacy = true` for them. They do not name the event
either, but only what it is about, such as `post`. A webhook that is answered 410 is deleted.
"""

from typing import Annotated, Any

from hub import Limits, Provider, Request, body, first_of, hookimpl, key_of
from hub.signatures import HMAC, Configured


def scheme(*, legacy: Annotated[bool, "The site runs an older Ghost, which signs no time."] = False) -> HMAC:
    """The time is in the header either way."""
    form = "sha256={hex}, t={timestamp}"
    if legacy:
        return HMAC("X-Ghost-Signature", form, "{body}", clock="ms", tolerance=None)
    return HMAC("X-Ghost-Signature", form, "{body}{timestamp}", clock="ms")


def inside(request: Request, name: str) -> Any:
    """A field of the thing as it is now; as it was, if it was deleted."""
    thing = key_of(but=("event",))(request)
    return first_of(body(f"{thing}.current.{name}"), body(f"{thing}.previous.{name}"))(request)


def changed(request: Request) -> Any:
    """When the post, page, tag or member was last changed."""
    return inside(request, "updated_at")


def about(request: Request) -> Any:
    """The id of the post, page, tag or member."""
    return inside(request, "id")


ghost = Provider(
    name="ghost",
    title="Ghost",
    docs="https://docs.ghost.org/webhooks",
    verify=Configured(scheme),
    # an older Ghost sends nothing at all for the one event that is about no thing
    type=first_of(body("event"), key_of(), "site.changed"),
    time=changed,
    subject=about,
    limits=Limits(timeout=2, disables="deleted on 410", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [ghost]
