"""Standard Webhooks, v1 (HMAC) and v1a (Ed25519): https://github.com/standard-webhooks/standard-webhooks."""

from __future__ import annotations

from hub.extract import Reader, first_of, header
from hub.signatures.asymmetric import Ed25519
from hub.signatures.combined import OneOf
from hub.signatures.symmetric import HMAC, KeyForm

SIGNED = "{id}.{timestamp}.{body}"


def StandardWebhooks(  # it reads as the scheme that it makes
    *prefixes: str, key: KeyForm | tuple[KeyForm, ...] = "whsec", tolerance: float = 300
) -> OneOf:
    """Both versions, told apart by the configured keys and the request.

    prefixes: of the headers, `webhook` if none is given (`svix` for platforms that use Svix's names); any will do.
    """
    names = prefixes or ("webhook",)

    def place(part: str) -> Reader:
        places = [header(f"{name}-{part}") for name in names]
        return places[0] if len(places) == 1 else first_of(*places)

    id_, timestamp, signature = place("id"), place("timestamp"), place("signature")
    return OneOf(
        v1=HMAC(signature, "v1,{base64} ...", SIGNED, key=key, id=id_, timestamp=timestamp, tolerance=tolerance),
        v1a=Ed25519(
            signature,
            "v1a,{base64} ...",
            SIGNED,
            prefixes=("whpk_", "whsk_"),
            id=id_,
            timestamp=timestamp,
            tolerance=tolerance,
        ),
    )
