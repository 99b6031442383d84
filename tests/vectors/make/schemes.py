"""Schemes that no provider has in this form, signed by independent libraries: the vectors name class and arguments."""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256, sha512
from typing import Any

from accepts import R
from libraries import ed25519_key, ed25519_signature, jose_keys, jose_token, key_set, p256, rsa_key
from signs import NOW

BODY = '{"id": "evt_1", "name": "Zoë"}\r\n'.encode()
URL = "https://hub.example.com/webhooks/it?a=1&b=%C3%A9"


def signed_schemes() -> Iterator[tuple[str, dict[str, Any], R]]:
    """The package, the scheme, and a request."""
    for salt in (32, 0, 190):
        yield "pycryptodome", scheme("RSA", padding="pss", hash="sha512"), pss(salt)
    yield "pycryptodome", scheme("RSA", padding="pss", hash="sha512", salt=32), pss(32)
    yield "ecdsa", scheme("ECDSA", "{base64url}", raw=True), raw_ecdsa()
    yield "ecdsa", scheme("ECDSA", "{hex}", "{method} {url}\n{body}", hash="sha512"), der_ecdsa()
    yield "PyNaCl", scheme("Ed25519", "{hex}", "{method}|{url}|{body}"), ed25519()
    for hash, key in (("sha384", "hex"), ("sha224", "base64"), ("sha512", "text")):
        request = hmac(hash, key)
        yield "pycryptodome", scheme("HMAC", f"{hash}={{base64url}}", "{url}.{body}", hash=hash, key=key), request
    for algorithm, kind in (("EdDSA", "OKP"), ("ES256", "EC"), ("PS256", "RSA"), ("RS512", "RSA")):
        claims = {"body": "{body|sha512|base64}", "url": "{url}"}
        yield "jwcrypto", scheme("JWT", algorithms=[algorithm], claims=claims, option="jwks"), jose(algorithm, kind)


def scheme(name: str, *places: str, **more: Any) -> dict[str, Any]:
    """As the test makes it: the proof is in the header X-Signature."""
    return {"class": name, "arguments": ["X-Signature", *places], "more": more}


def request(options: dict[str, Any], signature: str) -> R:
    return R(options, "POST", URL, {"X-Signature": signature, "Content-Type": "application/json"}, BODY)


def pss(salt: int) -> R:
    from Crypto.Hash import SHA512
    from Crypto.PublicKey.RSA import import_key
    from Crypto.Signature import pss as method

    signature = method.new(import_key(rsa_key()[0].save_pkcs1()), salt_bytes=salt).sign(SHA512.new(BODY))
    return request({"public_key": rsa_key()[1]}, b64encode(signature).decode())


def raw_ecdsa() -> R:
    from ecdsa.util import sigencode_string

    signature = p256().sign(BODY, hashfunc=sha256, sigencode=sigencode_string)
    key = p256().verifying_key.to_pem().decode()
    return request({"public_key": key}, urlsafe_b64encode(signature).rstrip(b"=").decode())


def der_ecdsa() -> R:
    from ecdsa.util import sigencode_der

    signature = p256().sign(f"POST {URL}\n".encode() + BODY, hashfunc=sha512, sigencode=sigencode_der)
    return request({"public_key": p256().verifying_key.to_der().hex()}, signature.hex())


def ed25519() -> R:
    signature = ed25519_signature(f"POST|{URL}|".encode() + BODY).hex()
    return request({"public_key": ed25519_key().hex()}, signature)


def hmac(hash: str, key: str) -> R:
    from importlib import import_module

    from Crypto.Hash import HMAC

    raw = bytes(range(1, 33)) if key != "text" else "schlüssel".encode()
    secret = {"hex": raw.hex(), "base64": b64encode(raw).decode(), "text": raw.decode("utf-8", "replace")}[key]
    module = import_module(f"Crypto.Hash.{hash.upper()}")
    digest = HMAC.new(raw, f"{URL}.".encode() + BODY, module).digest()
    return request({"secret": secret}, f"{hash}=" + urlsafe_b64encode(digest).rstrip(b"=").decode())


def jose(algorithm: str, kind: str) -> R:
    claims = {"body": b64encode(sha512(BODY).digest()).decode(), "url": URL, "nbf": NOW}
    return request({"jwks": key_set()}, f"Bearer {jose_token(algorithm, jose_keys()[kind], claims)}")
