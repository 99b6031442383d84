"""Public-key signatures over a string: Ed25519, ECDSA and RSA; the platform keeps the private key."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from hub.options import Option
from hub.provider import bind
from hub.request import Request
from hub.signatures.keys import KeySet, each_key, fetched_set, jwk_key
from hub.signatures.signed import Key, Signed
from hub.signatures.value import decode, encode

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

PUBLIC_DOC = "The platform's public key: PEM, or as its page shows it; a list while it is being changed."
DEVELOPMENT_KEY = Option(
    "A development key, with which `hub send` signs in the platform's place. Never in production.",
    secret=True,
    development=True,
)
Fetcher = Callable[..., str]
"""Gives the key's text for a request, from `options["fetched"]`, or raises KeyNeeded."""


class PublicKey(Signed):
    """What the public-key schemes share: the options, and keys as PEM, DER, hex or raw bytes in base64.

    option: the public key's name; prefixes: what may stand before a raw key (`whpk_`); fetch: where none is configured,
    the https URL of a key set, or a function of the request and, by keyword-only parameters, of the options, that gives
    the key's text.
    """

    def __init__(
        self,
        at: Any,
        value: str = "{base64}",
        signed: Any = "{body}",
        *,
        option: str = "public_key",
        doc: str = PUBLIC_DOC,
        prefixes: tuple[str, str] = ("", ""),
        fetch: str | Fetcher | None = None,
        **places: Any,
    ) -> None:
        super().__init__(at, value, signed, **places)
        self.option = option
        self.doc = doc
        self.prefixes = prefixes
        self.fetch = fetch

    def options(self) -> dict[str, Option]:
        """The public key, and a private one for development."""
        keys = {self.option: Option(self.doc, KeySet), "private_key": DEVELOPMENT_KEY}
        return {**keys, **self.template_options()}

    def configured(self, options: Mapping[str, Any]) -> bool:
        """Is there a usable key, or a way to fetch one?"""
        return (self.fetch is not None or bool(self.keys(options))) and not self.missing(options)

    def keys(self, options: Mapping[str, Any], *, signing: bool = False) -> list[Key]:
        """The usable public keys; for signing the private one."""
        if signing:
            private = self.load_private(str(options.get("private_key") or ""))
            first = next(iter(self.key_set(options.get(self.option))), None)
            return [] if private is None else [Key(first.id if first else None, private)]
        return self.key_set(options.get(self.option))

    def key_set(self, value: Any) -> list[Key]:
        """The usable keys in what an option has, or in what was fetched."""
        loaded = [(name, self.load_public(one)) for name, one in each_key(value)]
        return [Key(name, key) for name, key in loaded if key is not None]

    def request_independent_keys(self, options: Mapping[str, Any]) -> list[Key] | None:
        """The configured keys; None if they have to be fetched."""
        keys = self.keys(options)
        return keys if keys or self.fetch is None else None

    def keys_for(self, request: Request, options: Mapping[str, Any]) -> list[Key]:
        """The keys for this request, out of what was fetched."""
        if isinstance(self.fetch, str):
            return self.key_set(fetched_set(self.fetch, options))
        fetching = bind(self.fetch, options)
        return self.key_set(fetching(request)) if fetching is not None else []

    def load_public(self, one: Any) -> Any:
        """The public key in a text or a JSON Web Key; None if there is none of this algorithm."""
        key = jwk_key(one) if isinstance(one, Mapping) else None
        if isinstance(one, (str, int)):
            raw = _raw(str(one).strip().removeprefix(self.prefixes[0]))
            key = load_public_key(str(one)) or (self.raw_public(raw) if raw is not None else None)
        return key if key is not None and self.is_mine(key) else None

    def load_private(self, text: str) -> Any:
        """The private key in a text; None if there is none."""
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            if "BEGIN" in text:
                return load_pem_private_key(pem(text), None)
            return self.raw_private(_raw(text.removeprefix(self.prefixes[1])) or b"")
        except (ValueError, TypeError, UnsupportedAlgorithm):
            return None

    def raw_public(self, raw: bytes) -> Any:
        """The public key in raw bytes, where the algorithm has such; None if not."""
        return None

    def raw_private(self, raw: bytes) -> Any:
        """The private key in raw bytes, where the algorithm has such; None if not."""
        return None

    def is_mine(self, key: Any) -> bool:
        """Is the key of this algorithm?"""
        raise NotImplementedError

    def generate(self) -> Any:
        """A fresh private key."""
        raise NotImplementedError

    def sign_bytes(self, key: Any, message: bytes) -> bytes:
        """The private key's signature."""
        raise NotImplementedError

    def verify_bytes(self, key: Any, signature: bytes, message: bytes) -> None:
        """Raises: cryptography's InvalidSignature"""
        raise NotImplementedError

    def check(self, key: Key, message: bytes, signatures: Sequence[str]) -> bool:
        """Decoded strictly, so that a signature has one spelling."""
        return any(self._is_signed(key, message, decode(one, self.form.encoding)) for one in signatures)

    def _is_signed(self, key: Key, message: bytes, signature: bytes | None) -> bool:
        from cryptography.exceptions import InvalidSignature

        try:
            if signature is not None:
                self.verify_bytes(key.value, signature, message)
            return signature is not None
        except (InvalidSignature, ValueError):
            return False

    def make(self, key: Key, message: bytes) -> str:
        """The signature as the header shows it."""
        return encode(self.sign_bytes(key.value, message), self.form.encoding)

    def credentials(self) -> dict[str, Any]:
        """A key pair for development, as PEM."""
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

        private = self.generate()
        secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        needed = {name: f"development-{name}" for name in self.template_options()}
        return {**needed, self.option: public, "private_key": secret}


class Ed25519(PublicKey):
    """Ed25519 (RFC 8032). A raw key is 32 bytes, in hex or base64."""

    def raw_public(self, raw: bytes) -> Ed25519PublicKey | None:
        """32 bytes are a key."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        return Ed25519PublicKey.from_public_bytes(raw) if len(raw) == 32 else None

    def raw_private(self, raw: bytes) -> Any:
        """The first 32 bytes are the seed (whsk_ has seed and public key)."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(raw[:32]) if len(raw) in (32, 64) else None

    def is_mine(self, key: Any) -> bool:
        """Is it an Ed25519 key?"""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        return isinstance(key, Ed25519PublicKey)

    def generate(self) -> Any:
        """A fresh private key."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.generate()

    def sign_bytes(self, key: Any, message: bytes) -> bytes:
        """64 bytes."""
        signature: bytes = key.sign(message)
        return signature

    def verify_bytes(self, key: Ed25519PublicKey, signature: bytes, message: bytes) -> None:
        """Raises: InvalidSignature"""
        key.verify(signature, message)


class ECDSA(PublicKey):
    """ECDSA on a NIST curve. hash: of the string; raw: the signature is r and s side by side (JOSE), not DER."""

    def __init__(
        self,
        at: Any,
        value: str = "{base64}",
        signed: Any = "{body}",
        *,
        hash: str = "sha256",
        raw: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(at, value, signed, **more)
        self.hash = hash
        self.raw = raw

    def is_mine(self, key: Any) -> bool:
        """Is it a key on a curve?"""
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

        return isinstance(key, EllipticCurvePublicKey)

    def generate(self) -> Any:
        """A fresh private key on P-256."""
        from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

        return generate_private_key(SECP256R1())

    def sign_bytes(self, key: Any, message: bytes) -> bytes:
        """DER, or r and s."""
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA as Algorithm
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

        der: bytes = key.sign(message, Algorithm(hash_named(self.hash)))
        if not self.raw:
            return der
        size = (key.curve.key_size + 7) // 8
        r, s = decode_dss_signature(der)
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    def verify_bytes(self, key: EllipticCurvePublicKey, signature: bytes, message: bytes) -> None:
        """Raises: InvalidSignature, ValueError"""
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA as Algorithm
        from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

        if self.raw:
            size = (key.curve.key_size + 7) // 8
            if len(signature) != 2 * size:
                raise ValueError("the signature has the wrong length")
            signature = encode_dss_signature(
                int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
            )
        key.verify(signature, message, Algorithm(hash_named(self.hash)))


class RSA(PublicKey):
    """RSA. hash: of the string; padding: `pkcs1` (PKCS#1 v1.5) or `pss`, with a salt of `salt` bytes (None: any)."""

    def __init__(
        self,
        at: Any,
        value: str = "{base64}",
        signed: Any = "{body}",
        *,
        hash: str = "sha256",
        padding: Literal["pkcs1", "pss"] = "pkcs1",
        salt: int | None = None,
        **more: Any,
    ) -> None:
        super().__init__(at, value, signed, **more)
        self.hash = hash
        self.padding = padding
        self.salt = salt

    def is_mine(self, key: Any) -> bool:
        """Is it an RSA key?"""
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

        return isinstance(key, RSAPublicKey)

    def generate(self) -> Any:
        """A fresh private key of 2048 bits."""
        from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

        return generate_private_key(65537, 2048)

    def sign_bytes(self, key: Any, message: bytes) -> bytes:
        """As long as the modulus."""
        signature: bytes = key.sign(message, self._padding(signing=True), hash_named(self.hash))
        return signature

    def verify_bytes(self, key: RSAPublicKey, signature: bytes, message: bytes) -> None:
        """Raises: InvalidSignature"""
        key.verify(signature, message, self._padding(), hash_named(self.hash))

    def _padding(self, *, signing: bool = False) -> Any:
        from cryptography.hazmat.primitives.asymmetric import padding

        if self.padding == "pkcs1":
            return padding.PKCS1v15()
        digest = hash_named(self.hash)
        length: Any = self.salt if self.salt is not None else digest.digest_size if signing else padding.PSS.AUTO
        return padding.PSS(padding.MGF1(digest), length)


def hash_named(name: str) -> HashAlgorithm:
    """The hash of that name.

    Raises:
        ValueError: there is none.
    """
    from cryptography.hazmat.primitives import hashes

    known: dict[str, type[HashAlgorithm]] = {
        "sha1": hashes.SHA1,
        "sha256": hashes.SHA256,
        "sha384": hashes.SHA384,
        "sha512": hashes.SHA512,
    }
    if name not in known:
        raise ValueError(f"there is no hash {name!r}; there are {', '.join(known)}")
    return known[name]()


def load_public_key(text: str) -> Any:
    """The public key in PEM (or base64 of it), a PEM certificate, or DER in base64 or hex; None if there is none."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key
    from cryptography.x509 import load_pem_x509_certificate

    try:
        if "BEGIN CERTIFICATE" in text:
            return load_pem_x509_certificate(pem(text)).public_key()
        if "BEGIN" in text:
            return load_pem_public_key(pem(text))
        raw = _raw(text) or b""
        # base64 of PEM is what Lago's API and Wix show
        return load_pem_public_key(raw) if raw.startswith(b"-----BEGIN") else load_der_public_key(raw)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None


def pem(text: str) -> bytes:
    """PEM as it was meant: environment variables often have `\\n` for its line breaks."""
    return text.strip().replace("\\n", "\n").encode()


def _raw(text: str) -> bytes | None:
    """Bytes written in hex or base64; None if they are in neither."""
    text = "".join(text.split())
    try:
        return bytes.fromhex(text)
    except ValueError:
        pass
    try:
        return b64decode(text, altchars=b"-_" if "-" in text or "_" in text else None, validate=True)
    except ValueError:
        return None
