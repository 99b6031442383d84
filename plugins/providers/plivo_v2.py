"""Plivo (V2): messages, verifications and older voice applications, with signature V2.

Setup: in the console open the application of your number and paste the hub's URL as its message URL, or give it as
`url` when you send a message. `secret` is the Auth Token of the account or the subaccount, or that of the main account.

Messages are answered with an empty response, which sends nothing back.
"""

from hub import Limits, Provider, header, hookimpl
from hub.signatures import HMAC

from ._plivo import ID, SUBJECT, TYPE, answer

plivo_v2 = Provider(
    name="plivo-v2",
    title="Plivo (V2)",
    docs="https://www.plivo.com/docs/messaging/concepts/signature-validation",
    verify=HMAC(
        "X-Plivo-Signature-V2",
        "{base64}...",
        "{url|no-query}{nonce}",
        also=("X-Plivo-Signature-Ma-V2",),
        nonce=header("X-Plivo-Signature-V2-Nonce"),
    ),
    type=TYPE,
    id=ID,
    subject=SUBJECT,
    answer=answer,
    methods=("POST", "GET"),
    limits=Limits(retries="up to 3", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [plivo_v2]
