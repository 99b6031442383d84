"""Flutterwave: charges, transfers and refunds, in versions 3 and 4.

Setup: in the dashboard, under Settings > Webhooks, enter the hub's URL and a secret hash, the `secret`.

An older page of version 4 shows the hash sent as it is: if signatures never match, name it `token` here.
"""

from hub import Limits, Provider, body, digest_of, first_of, hookimpl
from hub.signatures import HMAC, OneOf, Token

DOC = "The secret hash from the dashboard's webhook settings."

flutterwave = Provider(
    name="flutterwave",
    title="Flutterwave",
    docs="https://developer.flutterwave.com/docs/webhooks",
    verify=OneOf(
        v4=HMAC("flutterwave-signature", "{base64}", doc=DOC),
        v3=Token("verif-hash", doc=DOC),
        v4_plain=Token("flutterwave-signature", option="token", doc=f"{DOC[:-1]}, if it is sent as it is."),
    ),
    type=first_of(body("type"), body("event")),
    # version 3 has no id; in version 4 it is not documented whether webhook_id is that of the delivery
    id=digest_of(body("webhook_id"), body("timestamp"), body("type"), body("data.id")),
    time=first_of(body("timestamp"), body("data.created_at")),
    subject=first_of(body("data.tx_ref"), body("data.reference"), body("data.id")),
    limits=Limits(timeout=60, retries="3, every 30 minutes, if they are switched on", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [flutterwave]
