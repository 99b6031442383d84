"""The schemes: each verifies and signs from one description."""

from hub.provider import Scheme
from hub.signatures.asymmetric import ECDSA, RSA, Ed25519
from hub.signatures.combined import AllOf, Configured, Custom, Each, OneOf
from hub.signatures.jwt import JWT, claims_of
from hub.signatures.keys import KeySet, each_key
from hub.signatures.shared import Basic, Bearer, Token, Unsigned
from hub.signatures.signed import Key
from hub.signatures.standard import StandardWebhooks
from hub.signatures.symmetric import HMAC, Hash, each_secret
from hub.signatures.value import decode, encode

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
    "Key",
    "KeySet",
    "OneOf",
    "Scheme",
    "StandardWebhooks",
    "Token",
    "Unsigned",
    "claims_of",
    "decode",
    "each_key",
    "each_secret",
    "encode",
]
