"""Formstack: form submissions, as JSON or as a form.

Setup: in the form's settings add a WebHook with the hub's URL and an HMAC key, the `secret`; an older one has a shared
secret, the `handshake_key`.

The look of the signature is known from other receivers only (unverified).
"""

from hub import Limits, Provider, first_of, hookimpl
from hub.signatures import HMAC, OneOf, Token

from ._field import field

formstack = Provider(
    name="formstack",
    title="Formstack",
    docs="https://developers.formstack.com/docs/webhook-setup",
    verify=OneOf(
        signed=HMAC("X-FS-Signature", "sha256={hex}", doc="The HMAC key of the webhook's settings."),
        shared=Token(field("HandshakeKey"), option="handshake_key", doc="The shared secret of older webhooks."),
    ),
    type=first_of("submission"),
    id=field("UniqueID"),
    subject=field("FormID"),
    limits=Limits(confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [formstack]
