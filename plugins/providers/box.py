"""Box: files, folders, comments, tasks, by webhooks (V2).

Setup: in the Developer Console open the app, under Webhooks generate the signature keys, and create a webhook (V2) with
the hub's URL. `secret` is the primary key, `secondary_key` the secondary one.
"""

import json
import re

from hub import Limits, Provider, Request, body, first_of, header, hookimpl
from hub.signatures import HMAC


def escaped(request: Request, *, timestamp: str | None) -> str | None:
    """The body with all but ASCII escaped, and the time: Box signs some bodies so, but sends them as they are."""
    try:
        text = request.body.decode()
    except UnicodeDecodeError:
        return None
    return re.sub(r"[^\x00-\x7f]", lambda found: json.dumps(found[0])[1:-1], text) + (timestamp or "")


box = Provider(
    name="box",
    title="Box",
    docs="https://developer.box.com/guides/webhooks/v2/signatures-v2/",
    verify=HMAC(
        "BOX-SIGNATURE-PRIMARY",
        "{base64}",
        ("{body}{timestamp}", escaped),
        also=("BOX-SIGNATURE-SECONDARY",),
        option=("secret", "secondary_key"),
        timestamp=header("BOX-DELIVERY-TIMESTAMP"),
        clock="iso",
        tolerance=600,
        ahead=0,
        require={"BOX-SIGNATURE-VERSION": "1", "BOX-SIGNATURE-ALGORITHM": "HmacSHA256"},
        covers="all",
    ),
    type=body("trigger"),
    id=first_of(body("id"), header("BOX-DELIVERY-ID")),
    time=body("created_at"),
    subject=body("source.id"),
    limits=Limits(timeout=30, retries="10", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [box]
