"""Paddle Classic: alerts as forms, signed with the vendor's key pair.

Setup: under Developer Tools > Alerts enter the hub's URL, choose alerts; `public_key` is there under Public Key.
"""

from hub import Limits, Provider, Request, first_of, form, hookimpl
from hub.signatures import RSA

SIGNATURE = "p_signature"


def serialized(request: Request) -> bytes | None:
    """The other fields, sorted by name, as PHP's serialize() writes them: all texts, with their lengths in bytes."""
    if any(len(values) != 1 for values in request.form.values()):
        return None  # a second value would not be signed
    pairs = sorted((name.encode(), values[0].encode()) for name, values in request.form.items() if name != SIGNATURE)
    texts = [b's:%d:"%s";' % (len(text), text) for pair in pairs for text in pair]
    return b"a:%d:{%s}" % (len(pairs), b"".join(texts))


paddle_classic = Provider(
    name="paddle-classic",
    title="Paddle Classic",
    docs="https://developer.paddle.com/classic/reference/verifying-webhooks",
    verify=RSA(form(SIGNATURE), "{base64}", serialized, hash="sha1", covers="part"),
    # webhooks of fulfillment have no name
    type=first_of(form("alert_name"), "fulfillment"),
    id=form("alert_id"),
    time=form("event_time"),
    subject=first_of(form("subscription_id"), form("order_id"), form("checkout_id"), form("p_order_id")),
    limits=Limits(retries="within 72 hours", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [paddle_classic]
