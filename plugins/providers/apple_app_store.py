"""Apple App Store: server notifications, version 2: one token, signed with a chain of Apple's certificates.

Setup: in App Store Connect, under App Information > App Store Server Notifications, enter the hub's URL, version 2.
`bundle_id` and `app_apple_id` are those of the app. A source takes one `environment`: the sandbox needs another one,
without `app_apple_id`, which its notifications do not have.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

import orjson

from hub import Limits, Option, Provider, Refused, Request, body, hookimpl, inside, join
from hub.signatures import ECDSA, Custom, KeySet, claims_of, decode, each_key, encode

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

ROOT_CA_G3 = "63343abfb89a6a03ebb57e9b3f5fa7be7c4f5c756f3017b3a8c488c3653e9179"
"""SHA-256 of Apple Root CA - G3, https://www.apple.com/certificateauthority/."""
LEAF, INTERMEDIATE = "1.2.840.113635.100.6.11.1", "1.2.840.113635.100.6.2.1"
"""Marks of the certificates that sign notifications, and of those that sign these."""
HOLDERS = ("data", "summary", "appData", "externalPurchaseToken")
"""Where a notification says which app it is about; it has one of them."""
INNER = ("signedTransactionInfo", "signedRenewalInfo")
ES256 = ECDSA("", raw=True)
"""For its keys: the place is not read."""


def verify(
    request: Request,
    *,
    bundle_id: Annotated[str, "The app's bundle id."],
    app_apple_id: Annotated[int | None, "The app's Apple ID, a number; checked if it is set."] = None,
    environment: Annotated[Literal["Production", "Sandbox"], "The environment."] = "Production",
    root_certificates: Annotated[Any, Option("Trusted roots, in place of Apple Root CA - G3.", KeySet)] = None,
) -> None:
    """As Apple's libraries do it: the chain, the signature, then the app and the environment."""
    token = body("signedPayload")(request)
    parts = token.split(".") if isinstance(token, str) else []
    if len(parts) != 3:
        raise Refused("missing", "the body has no signedPayload that is a signed token", place="signedPayload")
    head, claims, signature = loaded(parts[0]), loaded(parts[1]), decode(parts[2], "base64url")
    if head.get("alg") != "ES256":
        raise Refused("algorithm", f"the token is signed with {str(head.get('alg'))[:20]!r}; the hub takes ES256")
    key = trusted_key(head.get("x5c"), set(fingerprints(root_certificates)), request.received)
    if signature is None or not is_signed(key, f"{parts[0]}.{parts[1]}".encode(), signature):
        raise Refused("mismatch", "the token's signature is not that of its claims")
    app: dict[str, Any] = next((claims[name] for name in HOLDERS if isinstance(claims.get(name), dict)), {})
    wanted = {"bundleId": bundle_id, "appAppleId": app_apple_id, "environment": environment}
    found = {**app, "environment": app.get("environment") or inferred(app)}
    for name, value in wanted.items():
        if value is not None and found.get(name) != value:
            raise Refused("mismatch", f"the notification's {name} is {str(found.get(name))[:80]!r}, not {value!r}")


def inferred(app: dict[str, Any]) -> str:
    """The environment of an external purchase, which only its id tells."""
    return "Sandbox" if str(app.get("externalPurchaseId")).startswith("SANDBOX") else "Production"


def loaded(part: str) -> dict[str, Any]:
    """A part of a token."""
    try:
        value = orjson.loads(decode(part, "base64url") or b"")
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise Refused("malformed", "signedPayload has a part that is no JSON object")
    return value


def fingerprints(roots: Any) -> Iterator[str]:
    """Of the roots, as PEM or base64; of Apple's if there are none."""
    if not roots:
        yield ROOT_CA_G3
    for _, text in each_key(roots):
        lines = [line for line in str(text).split() if line and "-----" not in line and "CERTIFICATE" not in line]
        try:
            yield hashlib.sha256(b64decode("".join(lines), validate=True)).hexdigest()
        except ValueError:
            continue


def trusted_key(chain: Any, roots: set[str], now: datetime) -> Any:
    """The key of the first certificate, if a trusted root has signed the one that signed it, and both are Apple's."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.x509 import (
        BasicConstraints,
        ExtensionNotFound,
        InvalidVersion,
        ObjectIdentifier,
        load_der_x509_certificate,
    )

    texts = chain if isinstance(chain, list) and all(isinstance(one, str) for one in chain) else []
    if len(texts) != 3:
        raise Refused("malformed", "the token does not carry three certificates (x5c)")
    try:
        raw = [b64decode(text, validate=True) for text in texts]
        if hashlib.sha256(raw[2]).hexdigest() not in roots:
            raise Refused("mismatch", "the token's root certificate is not a trusted one")
        leaf, middle, root = certificates = [load_der_x509_certificate(one) for one in raw]
        leaf.verify_directly_issued_by(middle)
        middle.verify_directly_issued_by(root)
        leaf.extensions.get_extension_for_oid(ObjectIdentifier(LEAF))
        middle.extensions.get_extension_for_oid(ObjectIdentifier(INTERMEDIATE))
        authority = middle.extensions.get_extension_for_class(BasicConstraints).value.ca
        if not authority or not all(is_current(one, now) for one in certificates):
            raise Refused("mismatch", "a certificate of the token is out of date, or may not sign others")
        return leaf.public_key()
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, InvalidVersion, ExtensionNotFound):
        raise Refused("mismatch", "the token's certificates are no chain of Apple's") from None


def is_current(certificate: Certificate, now: datetime) -> bool:
    """Is it valid now?"""
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def is_signed(key: Any, message: bytes, signature: bytes) -> bool:
    """Is it the key's signature?"""
    from cryptography.exceptions import InvalidSignature

    try:
        if ES256.is_mine(key):
            ES256.verify_bytes(key, signature, message)
        return ES256.is_mine(key)
    except (InvalidSignature, ValueError):
        return False


def sign(
    request: Request,
    *,
    bundle_id: str,
    environment: str = "Production",
    private_key: Annotated[
        str, Option("A development key with its certificates, as PEM.", secret=True, development=True)
    ],
) -> Request:
    """The body, a notification as Apple's page shows it decoded, as a token for the configured app."""
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
    from cryptography.x509 import load_pem_x509_certificates

    key = load_pem_private_key(private_key.encode(), None)
    chain = [one.public_bytes(Encoding.DER) for one in load_pem_x509_certificates(private_key.encode())]
    head = orjson.dumps({"alg": "ES256", "x5c": [encode(one, "base64") for one in chain]})

    def token(claims: Any) -> str:
        signed = f"{encode(head, 'base64url')}.{encode(orjson.dumps(claims), 'base64url')}"
        return f"{signed}.{encode(ES256.sign_bytes(key, signed.encode()), 'base64url')}"

    claims = dict(request.json)
    for name in HOLDERS:
        if isinstance(claims.get(name), dict):
            inner = {key: token(claims[name][key]) for key in INNER if isinstance(claims[name].get(key), dict)}
            claims[name] = {**claims[name], **inner, "bundleId": bundle_id, "environment": environment}
    return replace(request, body=orjson.dumps({"signedPayload": token(claims)}))


def key_usage(*, signs_others: bool) -> Any:
    """What a certificate's key is for."""
    from cryptography.x509 import KeyUsage

    never = dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False)
    more = {"crl_sign": signs_others, "encipher_only": False, "decipher_only": False}
    return KeyUsage(digital_signature=not signs_others, key_cert_sign=signs_others, **never, **more)


def credentials() -> dict[str, Any]:
    """A chain of certificates for development, marked as Apple marks its own."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    now, pem = datetime.now(UTC), list[str]()
    issuer: tuple[x509.Name, Any] | None = None
    for name, mark in (("root", None), ("intermediate", INTERMEDIATE), ("leaf", LEAF)):
        key = ES256.generate()
        signer = issuer[1] if issuer else key
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"Development {name}")])
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer[0] if issuer else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=3650))
            .not_valid_after(now + timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=name != "leaf", path_length=None), critical=True)
            .add_extension(key_usage(signs_others=name != "leaf"), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        )
        if mark is not None:
            marked = x509.UnrecognizedExtension(x509.ObjectIdentifier(mark), b"\x05\x00")
            builder = builder.add_extension(marked, critical=False)
        certificate = builder.sign(signer, SHA256())
        issuer = (subject, key)
        pem.insert(0, certificate.public_bytes(Encoding.PEM).decode())
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return {
        "bundle_id": "com.example",
        "environment": "Sandbox",
        "root_certificates": pem[2],
        "private_key": secret + "".join(pem),
    }


def content(request: Request) -> Any:
    """The notification, with the tokens inside it decoded: the outer signature holds for them too."""
    claims = claims_of(str(body("signedPayload")(request)))
    for name in HOLDERS:
        if isinstance(claims.get(name), dict):
            tokens = {key: claims[name][key] for key in INNER if isinstance(claims[name].get(key), str)}
            claims[name] |= {key: claims_of(token) for key, token in tokens.items()}
    return claims


apple_app_store = Provider(
    name="apple-app-store",
    title="Apple App Store",
    docs="https://developer.apple.com/documentation/appstoreservernotifications",
    verify=Custom(verify, needs=("bundle_id",), carried=body("signedPayload")).signer(sign, credentials),
    type=join(inside(content, "notificationType"), inside(content, "subtype")),
    id=inside(content, "notificationUUID"),
    time=inside(content, "signedDate"),
    subject=inside(
        content,
        "data.signedTransactionInfo.originalTransactionId",
        "data.signedRenewalInfo.originalTransactionId",
        "data.bundleId",
        "summary.productId",
    ),
    data=content,
    limits=Limits(
        retries="in production 5: 1, 12, 24, 48 and 72 hours after the attempt before; in the sandbox none",
        confidence="high",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [apple_app_store]
