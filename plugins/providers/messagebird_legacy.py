"""MessageBird (legacy signature): the same webhooks with the signature of before 2021, deprecated since.

Setup: give the hub's URL as the webhook of the product. `secret` is the signing key in the dashboard under Developers >
Settings.

The query is signed, but not the rest of the URL.
"""

import hashlib
from urllib.parse import urlencode

from hub import Limits, Provider, Request, header, hookimpl
from hub.signatures import HMAC

from ._messagebird import ID, METHODS, SUBJECT, TIME, TYPE


def signed(request: Request, *, timestamp: str | None) -> bytes | None:
    """The time, the query's fields by name and the body's hash as bytes."""
    if timestamp is None:
        return None
    fields = urlencode(sorted(request.query.items()), doseq=True)
    return f"{timestamp}\n{fields}\n".encode() + hashlib.sha256(request.body).digest()


messagebird_legacy = Provider(
    name="messagebird-legacy",
    title="MessageBird (legacy signature)",
    docs="https://developers.messagebird.com/api/#verifying-http-requests",
    verify=HMAC(
        "MessageBird-Signature",
        "{base64}",
        signed,
        timestamp=header("MessageBird-Request-Timestamp"),
        tolerance=100,
        covers="all",
    ),
    type=TYPE,
    id=ID,
    time=TIME,
    subject=SUBJECT,
    methods=METHODS,
    limits=Limits(confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [messagebird_legacy]
