"""The schemes: each verifies and signs from one description."""

from hub.provider import Scheme
from hub.signatures.asymmetric import ECDSA, RSA, Ed25519
from hub.signatures.combined import AllOf, Configured, Custom, Each, OneOf
from hub.signatures.jwt import JWT, claims_of
from hub.signatures.shared import Basic, Bearer, Token, Unsigned
from hub.signatures.standard import StandardWebhooks
from hub.signatures.symmetric import HMAC, Hash

__all__ = [
    "ECDSA",
    "HMAC",
    "JWT",
    "RSA",
    "AllOf",
    "Basic",
    "Bearer",
    "Configured",
    "Custom",
    "Each",
    "Ed25519",
    "Hash",
    "OneOf",
    "Scheme",
    "StandardWebhooks",
    "Token",
    "Unsigned",
    "claims_of",
]
