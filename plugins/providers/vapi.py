"""Vapi: events of voice assistants' calls."""

from typing import Annotated, Literal

from hub import Limits, Provider, body, first_of, header, hookimpl
from hub.signatures import HMAC, Bearer, Configured, OneOf, Token


def signature(
    *,
    signature_header: Annotated[str, "The signature's header, as the credential names it."] = "X-Vapi-Hmac",
    timestamp_header: Annotated[str, "The timestamp's header, if the credential has one."] = "",
    algorithm: Annotated[Literal["sha256", "sha512", "sha1"], "The algorithm of the credential."] = "sha256",
    signed: Annotated[str, "The payload format of the credential, as a template."] = "",
) -> HMAC:
    """All of it is chosen in the credential."""
    if not timestamp_header:
        return HMAC(signature_header, "{hex}", signed or "{body}", hash=algorithm)
    time = header(timestamp_header)
    return HMAC(signature_header, "{hex}", signed or "{timestamp}.{body}", hash=algorithm, timestamp=time)


vapi = Provider(
    name="vapi",
    title="Vapi",
    docs="https://docs.vapi.ai/server-url/server-authentication",
    verify=OneOf(
        # older pages name the second header, which carries the same secret
        secret=Token(
            first_of(header("X-Vapi-Secret"), header("X-Vapi-Signature")),
            doc="The credential's secret or token.",
        ),
        bearer=Bearer(),
        hmac=Configured(signature),
    ),
    type=body("message.type"),
    time=body("message.timestamp"),
    subject=first_of(body("message.call.id"), body("message.chat.id")),
    limits=Limits(timeout=7.5, confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [vapi]
