"""Segment: tracked events and profiles, forwarded by a Webhooks destination.

Setup: under Connections > Catalog choose Webhooks (Actions), connect it to a source and enter the hub's URL in its
mapping. `secret` is the shared secret of the destination's settings; `token` a secret that you add as a header instead.

Leave the batch size at 0: in a batch the other events could be anyone's.
"""

from json import JSONDecoder

from hub import Limits, Provider, Request, body, first_of, hookimpl, items, join
from hub.signatures import HMAC, OneOf

from ._places import chosen_header


def signed(request: Request) -> bytes | str | None:
    """The body, or the first item of a batch as it stands there."""
    start = request.body.lstrip()
    if not start.startswith(b"["):
        return request.body
    try:
        text = start[1:].decode().lstrip()
        return text[: JSONDecoder().raw_decode(text)[1]]
    except (ValueError, RecursionError):
        return None


segment = Provider(
    name="segment",
    title="Segment",
    docs="https://www.twilio.com/docs/segment/connections/destinations/catalog/actions-webhook",
    verify=OneOf(signature=HMAC("X-Signature", "{hex}", signed, hash="sha1", covers="part"), header=chosen_header()),
    type=first_of(join(body("type"), body("event")), "event"),
    id=body("messageId"),
    time=body("timestamp"),
    subject=first_of(body("userId"), body("anonymousId"), body("groupId")),
    split=items(),
    methods=("POST", "PUT", "PATCH"),
    limits=Limits(retries="of 5xx for four hours", confidence="medium"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [segment]
