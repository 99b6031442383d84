"""Plivo: calls, with signature V3.

Setup: in the console open the application of your number and paste the hub's URL as its hangup and callback URL.
`secret` is the Auth Token of the account; requests of a subaccount are signed with its own token and with that of the
main account, either of which may be given.

Calls are answered with an empty response, which ends them: leave the answer URL to something that handles calls.

Names and values of a form are signed without anything between them.
"""

from hub import Limits, Provider, Request, header, hookimpl
from hub.signatures import HMAC

from ._plivo import ID, SUBJECT, TYPE, answer


def signed(request: Request, *, nonce: str | None) -> str | None:
    """The URL with its query's fields by name, then a form's fields by name, then the nonce."""
    if nonce is None or (request.body and (request.method == "GET" or not request.form)):
        return None
    asked = "&".join(f"{name}={one}" for name, values in sorted(request.query.items()) for one in sorted(values))
    posted = "".join(f"{name}{one}" for name, values in sorted(request.form.items()) for one in sorted(values))
    text = request.url.partition("?")[0]
    text += f"?{asked}" if asked or posted else ""
    text += f".{posted}" if asked and posted else posted
    return f"{text}.{nonce}"


plivo = Provider(
    name="plivo",
    title="Plivo",
    docs="https://www.plivo.com/docs/voice/concepts/signature-validation",
    verify=HMAC(
        "X-Plivo-Signature-V3",
        "{base64}...",
        signed,
        also=("X-Plivo-Signature-Ma-V3",),
        nonce=header("X-Plivo-Signature-V3-Nonce"),
        covers="part",
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
    return [plivo]
