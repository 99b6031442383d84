"""Vapi: events of voice assistants' calls.

Setup: in the dashboard under Integrations > Server Configuration add a custom credential, and choose it with the hub's
URL as server of assistants or phone numbers. `secret` is its token or secret key; for HMAC, the other options repeat
the credential's settings.

What waits for an answer (`assistant-request`, `tool-calls`) gets none: send it to a server of its own. OAuth tokens are
issued by your own server: only one that stays the same can be checked, as `secret`.
"""

from typing import Annotated, Literal

from hub import Limits, Provider, body, first_of, header, hookimpl
from hub.signatures import HMAC, Bearer, Configured, OneOf, Token

from ._places import chosen_header


def signature(
    *,
    signature_header: Annotated[str, "The header of the signature."] = "X-Signature",
    timestamp_header: Annotated[str, "The header of the time that is signed; empty if there is none."] = "X-Timestamp",
    message_id_header: Annotated[str, "The header of the message's id, if that is signed."] = "",
    algorithm: Annotated[Literal["sha256", "sha512", "sha1"], "The algorithm."] = "sha256",
    encoding: Annotated[Literal["hex", "base64"], "How the signature is written."] = "hex",
    prefix: Annotated[str, "What stands before the signature, such as `sha256=`."] = "",
    signed: Annotated[str, "The payload format, with `{id}` for Vapi's `{svix-id}`."] = "",
) -> HMAC:
    """The credential says all of it, and these are its defaults."""
    return HMAC(
        signature_header,
        f"{prefix}{{{encoding}}}",
        signed or ("{timestamp}.{body}" if timestamp_header else "{body}"),
        hash=algorithm,
        timestamp=header(timestamp_header) if timestamp_header else None,
        id=header(message_id_header) if message_id_header else None,
    )


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
        header=chosen_header(option="secret"),
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
