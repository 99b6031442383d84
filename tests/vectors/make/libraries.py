"""Independent libraries in Python, and the command line of OpenSSL, that sign as platforms do which have no SDK for it.

As in `signs.py`; keys are made here, once for each run.
"""

import hashlib
import json
import subprocess
import tempfile
import zlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from accepts import R
from signs import ISO, NOW, Sign, given


@cache
def ed25519() -> Any:
    from nacl.signing import SigningKey

    return SigningKey.generate()


def ed25519_key() -> bytes:
    """The public one."""
    return bytes(ed25519().verify_key)


def ed25519_signature(text: bytes) -> bytes:
    signature: bytes = ed25519().sign(text).signature
    return signature


def asymmetric(r: R) -> R | None:
    if "public_key" not in r.options:
        return None
    kind = "svix" if "svix-id" in r.headers else "webhook"
    signature = b64encode(ed25519_signature(f"msg_2a.{NOW}.".encode() + r.raw)).decode()
    options = {"public_key": "whpk_" + b64encode(ed25519_key()).decode()}
    names = {f"{kind}-id": "msg_2a", f"{kind}-timestamp": str(NOW), f"{kind}-signature": f"v1,AAAA v1a,{signature}"}
    return given(r, options, **names)


def discord(r: R) -> R:
    signature = ed25519_signature(str(NOW).encode() + r.raw).hex()
    options = {"public_key": ed25519_key().hex()}
    return given(r, options, x_signature_ed25519=signature, x_signature_timestamp=str(NOW))


def telnyx(r: R) -> R:
    signature = b64encode(ed25519_signature(f"{NOW}|".encode() + r.raw)).decode()
    options = {"public_key": b64encode(ed25519_key()).decode()}
    return given(r, options, telnyx_signature_ed25519=signature, telnyx_timestamp=str(NOW))


def fal(r: R) -> R:
    text = "\n".join(("request-1", "user-1", str(NOW), hashlib.sha256(r.raw).hexdigest()))
    raw = urlsafe_b64encode(ed25519_key()).rstrip(b"=").decode()
    options = {"user_id": "user-1", "jwks": {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": raw}]}}
    names = {"request-id": "request-1", "user-id": "user-1", "timestamp": str(NOW)}
    names["signature"] = ed25519_signature(text.encode()).hex()
    return given(r, options, **{f"x-fal-webhook-{name}": value for name, value in names.items()})


@cache
def p256() -> Any:
    from ecdsa import NIST256p, SigningKey

    return SigningKey.generate(NIST256p)


def ecdsa_signature(text: bytes, hash: str) -> str:
    from ecdsa.util import sigencode_der

    signature: bytes = p256().sign(text, hashfunc=getattr(hashlib, hash), sigencode=sigencode_der)
    return b64encode(signature).decode()


def sendgrid(r: R) -> R | None:
    name = "x-twilio-email-event-webhook"
    if f"{name}-signature" not in r.headers:
        return None
    key = b64encode(p256().verifying_key.to_der()).decode()
    signature = ecdsa_signature(str(NOW).encode() + r.raw, "sha256")
    return given(r, {"public_key": key}, **{f"{name}-signature": signature, f"{name}-timestamp": str(NOW)})


def ebay(r: R) -> R:
    fields = {"alg": "ecdsa", "kid": "key-1", "signature": ecdsa_signature(r.raw, "sha1"), "digest": "SHA1"}
    options = {"public_keys": {"key-0": rsa_key()[1], "key-1": p256().verifying_key.to_pem().decode()}}
    return given(r, options, x_ebay_signature=b64encode(json.dumps(fields).encode()).decode())


@cache
def rsa_key() -> tuple[Any, str]:
    """A private key of the library `rsa`, and the public one as PEM (PKCS#1 has another header)."""
    import rsa
    from jwcrypto.jwk import JWK

    _, private = rsa.newkeys(2048)
    return private, JWK.from_pem(private.save_pkcs1()).export_to_pem().decode()


def rsa_signature(text: bytes, hash: str = "SHA-256") -> str:
    import rsa

    return b64encode(rsa.sign(text, rsa_key()[0], hash)).decode()


def by_rsa(header: str, signed: Callable[[R], bytes], hash: str = "SHA-256", option: str = "public_key") -> Sign:
    """RSA of a string, in a header."""

    def sign(r: R) -> R | None:
        key = {option: rsa_key()[1]}
        return given(r, key, **{header: rsa_signature(signed(r), hash)}) if header in r.headers else None

    return sign


def paddle_classic(r: R) -> R:
    from phpserialize import dumps

    fields = {name: value for name, value in r.form.items() if name != "p_signature"}
    text = dumps(dict(sorted(fields.items())))
    body = urlencode({**fields, "p_signature": rsa_signature(text, "SHA-1")})
    return replace(given(r, {"public_key": rsa_key()[1]}), raw=body.encode())


def shipstation(r: R) -> R | None:
    name = "x-shipengine-rsa-sha256-signature"
    jwk = {**jose_keys()["RSA"].export_public(as_dict=True), "kid": "other"}
    key = {"jwks": {"keys": [jwk, rsa_jwk()]}}
    signature = rsa_signature(f"{ISO}.".encode() + r.raw)
    return given(r, key, **{name: signature, "x-shipengine-timestamp": ISO}) if name in r.headers else None


def rsa_jwk() -> Any:
    from jwcrypto.jwk import JWK

    return JWK.from_pem(rsa_key()[1].encode()).export_public(as_dict=True)


@cache
def jose_keys() -> dict[str, Any]:
    from jwcrypto.jwk import JWK

    return {
        "RSA": JWK.generate(kty="RSA", size=2048, kid="rsa-1"),
        "EC": JWK.generate(kty="EC", crv="P-256", kid="ec-1"),
        "OKP": JWK.generate(kty="OKP", crv="Ed25519", kid="okp-1"),
    }


def key_set() -> dict[str, Any]:
    """All the public keys."""
    return {"keys": [key.export_public(as_dict=True) for key in jose_keys().values()]}


def jose_token(algorithm: str, key: Any, claims: dict[str, Any]) -> str:
    """A token of the library jwcrypto; a text is a shared secret."""
    from jwcrypto.jwk import JWK
    from jwcrypto.jwt import JWT

    shared = isinstance(key, str)
    used = JWK(kty="oct", k=urlsafe_b64encode(key.encode()).rstrip(b"=").decode()) if shared else key
    head = {"alg": algorithm, "typ": "JWT"} if shared else {"alg": algorithm, "typ": "JWT", "kid": used.key_id}
    token = JWT(header=head, claims={"iat": NOW, "exp": NOW + 300, **claims})
    token.make_signed_token(used)
    return str(token.serialize())


def by_jose(
    header: str, algorithm: str, claims: Callable[[R], dict[str, Any]], option: str = "secret", form: str = "{}"
) -> Sign:
    """A token in a header. option: of the secret, the key or the key set."""

    def sign(r: R) -> R | None:
        if option not in r.options or header not in r.headers:
            return None
        kind = {"RS": "RSA", "ES": "EC", "Ed": "OKP"}.get(algorithm[:2])
        key: Any = r.options[option] if kind is None else jose_keys()[kind]
        public = {} if kind is None else {option: key_set() if option == "jwks" else key.export_to_pem().decode()}
        return given(r, public, **{header: form.format(jose_token(algorithm, key, claims(r)))})

    return sign


def sha256(r: R) -> str:
    return hashlib.sha256(r.raw).hexdigest()


def wix(r: R) -> R:
    token = jose_token("RS256", jose_keys()["RSA"], {"data": '{"eventType": "x", "instanceId": "1", "data": "{}"}'})
    return replace(given(r, {"public_key": jose_keys()["RSA"].export_to_pem().decode()}), raw=token.encode())


def basic(r: R) -> R | None:
    from werkzeug.datastructures import Authorization

    if "username" not in r.options or "secret" in r.options:
        return None
    options = {"username": "Zoë", "password": "p:ä ß=\u20ac"}
    return given(r, options, authorization=Authorization("basic", dict(options)).to_header())


def bearer(r: R) -> R | None:
    from werkzeug.datastructures import Authorization

    if not r.headers.get("authorization", "").startswith("Bearer "):
        return basic(r)
    return given(r, authorization=Authorization("bearer", token=r.secret).to_header())


def openssl(*arguments: str, given: bytes = b"") -> bytes:
    """What the command line answers."""
    return subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=True).stdout


def by_openssl(header: str, hash: str, form: str = "{}") -> Sign:
    """The HMAC of the body in hex."""

    def sign(r: R) -> R | None:
        if header not in r.headers:
            return None
        digest = openssl("dgst", f"-{hash}", "-mac", "HMAC", "-macopt", f"key:{r.secret}", "-r", given=r.raw)
        return given(r, **{header: form.format(digest.split()[0].decode())})

    return sign


@cache
def certified() -> tuple[str, str]:
    """The path of a private key, and a certificate that openssl made for it."""
    folder = Path(tempfile.mkdtemp())
    key, certificate = str(folder / "key.pem"), str(folder / "certificate.pem")
    made = ("-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=sns.amazonaws.com")
    openssl("req", "-x509", *made, "-keyout", key, "-out", certificate)
    return key, Path(certificate).read_text()


def openssl_signature(text: bytes, hash: str = "sha256") -> str:
    return b64encode(openssl("dgst", f"-{hash}", "-sign", certified()[0], given=text)).decode()


def sns(r: R) -> R | None:
    if "certificate" not in r.options:
        return None
    found = json.loads(r.body)
    names = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
    unwanted = {"SubscribeURL", "Token"} if found["Type"] == "Notification" else {"Subject"}
    text = "".join(f"{name}\n{found[name]}\n" for name in names if name in found and name not in unwanted)
    found["Signature"] = openssl_signature(text.encode(), "sha1" if found["SignatureVersion"] == "1" else "sha256")
    return replace(given(r, {"certificate": certified()[1]}), raw=json.dumps(found).encode())


def paypal(r: R) -> R:
    text = f"id-1|{ISO}|webhook-1|{zlib.crc32(r.raw)}"
    names = {"id": "id-1", "time": ISO, "sig": openssl_signature(text.encode())}
    options = {"webhook_id": "webhook-1", "certificate": certified()[1]}
    headers = {f"paypal-transmission-{name}": value for name, value in names.items()}
    return given(r, options, **headers, paypal_auth_algo="SHA256withRSA")


def posted(r: R) -> bytes:
    return r.form["payload"].encode()


def whole(r: R) -> bytes:
    return r.raw


def in_base64(r: R) -> bytes:
    return b64encode(r.raw)


GOOGLE: dict[str, Any] = {"iss": "https://accounts.google.com", "email_verified": True}
ENTRA = "https://login.microsoftonline.com/development-tenant/v2.0"
BEARER = "Bearer {}"


def google(r: R) -> dict[str, Any]:
    return {**GOOGLE, "aud": r.options["audience"], "email": r.options.get("email", "")}


def chat(r: R) -> dict[str, Any]:
    if "email" in r.options:
        return google(r)
    return {"iss": "chat@system.gserviceaccount.com", "aud": r.options["audience"]}


def hashes(r: R) -> dict[str, Any]:
    digest = {"payload_hash": sha256(r)} if r.raw else {}
    return {"iss": "MessageBird", "url_hash": hashlib.sha256(r.url.encode()).hexdigest(), **digest}


LIBRARIES: dict[str, list[tuple[str, Sign]]] = {
    "adobe-commerce": [("rsa", by_rsa("x-adobe-commerce-webhook-signature", in_base64))],
    "adobe-io-events": [("rsa", by_rsa("x-adobe-digital-signature-1", whole, option="public_keys"))],
    "alertmanager": [("Werkzeug", bearer)],
    "aws-sns": [("OpenSSL", sns)],
    "azure-event-grid": [
        (
            "jwcrypto",
            by_jose("authorization", "RS256", lambda r: {"aud": r.options["audience"], "iss": ENTRA}, "jwks", BEARER),
        )
    ],
    "chargebee": [("Werkzeug", basic)],
    "discord": [("PyNaCl", discord)],
    "ebay": [("ecdsa", ebay)],
    "fal": [("PyNaCl", fal)],
    "gong": [
        (
            "jwcrypto",
            by_jose(
                "authorization",
                "RS256",
                lambda r: {"webhook_url": r.url, "body_sha256": sha256(r)},
                "public_key",
            ),
        )
    ],
    "google-chat": [("jwcrypto", by_jose("authorization", "RS256", chat, "jwks", BEARER))],
    "google-play-rtdn": [("jwcrypto", by_jose("authorization", "RS256", google, "jwks", BEARER))],
    "google-pubsub": [("jwcrypto", by_jose("authorization", "RS256", google, "jwks", BEARER))],
    "intercom": [("OpenSSL", by_openssl("x-hub-signature", "sha1", "sha1={}"))],
    "jira": [("jwcrypto", by_jose("authorization", "HS256", lambda r: {}, "client_secret", BEARER))],
    "lago": [
        (
            "jwcrypto",
            by_jose(
                "x-lago-signature",
                "RS256",
                lambda r: {"data": r.body, "iss": r.options["issuer"]},
                "public_key",
            ),
        )
    ],
    "messagebird": [("jwcrypto", by_jose("messagebird-signature-jwt", "HS512", hashes))],
    "monday": [("jwcrypto", by_jose("authorization", "HS256", lambda r: {"aud": r.url}))],
    "netlify": [
        ("jwcrypto", by_jose("x-webhook-signature", "HS256", lambda r: {"iss": "netlify", "sha256": sha256(r)}))
    ],
    "paddle-classic": [("phpserialize", paddle_classic)],
    "patreon": [("OpenSSL", by_openssl("x-patreon-signature", "md5"))],
    "paypal": [("OpenSSL", paypal)],
    "paystack": [("OpenSSL", by_openssl("x-paystack-signature", "sha512"))],
    "plaid": [
        (
            "jwcrypto",
            by_jose("plaid-verification", "ES256", lambda r: {"request_body_sha256": sha256(r)}, "jwks"),
        )
    ],
    "postal": [
        ("rsa", by_rsa("x-postal-signature-256", whole)),
        ("rsa", by_rsa("x-postal-signature", whole, "SHA-1")),
    ],
    "postmark": [("Werkzeug", bearer)],
    "sendgrid": [("ecdsa", sendgrid)],
    "shipstation": [("rsa", shipstation)],
    "standard-webhooks": [("PyNaCl", asymmetric)],
    "telnyx": [("PyNaCl", telnyx)],
    "travis-ci": [("rsa", by_rsa("signature", posted, "SHA-1"))],
    "vonage": [("jwcrypto", by_jose("authorization", "HS256", lambda r: {"payload_hash": sha256(r)}, form=BEARER))],
    "wise": [
        ("rsa", by_rsa("x-signature-sha256", whole)),
        ("rsa", by_rsa("x-signature", whole, "SHA-1")),
    ],
    "wix": [("jwcrypto", wix)],
}
