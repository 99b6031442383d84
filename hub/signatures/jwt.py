"""JSON Web Tokens (RFC 7519) as proofs: claims are compared with templates, and filled in from them when signing."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

import orjson

from hub.errors import Refused, Unreadable
from hub.extract import Reader
from hub.options import Option, credential
from hub.provider import bind
from hub.request import Request
from hub.signatures.asymmetric import DEVELOPMENT_KEY, PUBLIC_DOC, load_public_key
from hub.signatures.keys import KeySet, each_key, fetched_set, jwk_key
from hub.signatures.signed import named_place, place_text, to_place
from hub.signatures.symmetric import SHARED_DOC, decode_key, each_secret
from hub.signatures.template import Absent, Template, as_bytes, compile_template
from hub.signatures.value import decode, encode

TOKEN = re.compile(r"(?:bearer +)?(([\w-]+)\.([\w-]*)\.([\w-]+))", re.IGNORECASE | re.ASCII)
HASHES = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
LIFETIME = 300
"""Seconds for which a token that the hub signs is good."""


class JWT:
    """A signed token, somewhere in the request, with or without `Bearer`.

    at: the header's name, any place, or `{body}` where the whole body is the token; value: how it is written when
    signing; algorithms: that the platform uses; all of one family.
    claims: templates that each claim must be equal to, a tuple for any of several; one in `[...]` must be there if and
    only if its values are. A list in the token, such as `aud`, must have it. optional: claims that may be absent.
    option: the name of the secret, the public key or the key set; key: as in `HMAC`; fetch: the https URL of a key set,
    or a function of the request and, by keyword-only parameters, of the options and `keyid`, that gives its text.
    tolerance: seconds that the token's `iat` may be old, None for no limit; leeway: seconds by which clocks may differ;
    require: places that must hold a text for this scheme to be meant.
    """

    proves = True

    def __init__(
        self,
        at: str | Reader,
        value: str = "{token}",
        *,
        algorithms: tuple[str, ...],
        claims: Mapping[str, str | tuple[str, ...]] | None = None,
        optional: tuple[str, ...] = (),
        option: str | None = None,
        key: Literal["text", "hex", "base64"] = "text",
        fetch: str | Callable[..., str] | None = None,
        tolerance: float | None = None,
        leeway: float = 60,
        require: Mapping[str | Reader, str] | None = None,
        doc: str | None = None,
    ) -> None:
        self.shared = all(name in HASHES for name in algorithms)
        if not algorithms or any((name in HASHES) != self.shared for name in algorithms):
            raise ValueError("algorithms are of one family: with both, a public key could be taken for a shared secret")
        self.place: Reader = WholeBody() if at == "{body}" else to_place(at)
        self.value = value
        self.algorithms = algorithms
        self.claims = {name: _templates(text) for name, text in (claims or {}).items()}
        self.optional = optional
        self.option = option or ("secret" if self.shared else "jwks" if fetch else "public_key")
        self.key = key
        self.fetch = fetch
        self.tolerance = tolerance
        self.leeway = leeway
        self.require = {to_place(place): text for place, text in (require or {}).items()}
        self.doc = doc

    @property
    def covers(self) -> str:
        """How much of the body the claims, or the token itself, cover."""
        if isinstance(self.place, WholeBody):
            return "all"
        names = {name for name, found in self.claims.items() if name not in self.optional and "all" in _covered(found)}
        if names:
            return "all"
        return "part" if any("part" in _covered(found) for found in self.claims.values()) else "none"

    def options(self) -> dict[str, Option]:
        """The key, and what the claims are compared with."""
        found = {self.option: credential(self.doc or SHARED_DOC)} if self.shared else {}
        if not self.shared:
            found[self.option] = Option(self.doc or PUBLIC_DOC, KeySet)
            found["private_key"] = DEVELOPMENT_KEY
        for claim, templates in self.claims.items():
            for template in templates:
                for name in template.options:
                    found.setdefault(name, Option(f"What the token's `{claim}` must be."))
        return found

    def configured(self, options: Mapping[str, Any]) -> bool:
        """Is there a usable key, or a way to fetch one, and everything that claims are compared with?"""
        needed = (template.needs for templates in self.claims.values() for template in templates[:1])
        if any(options.get(name) in (None, "") for names in needed for name in names):
            return False
        return self.fetch is not None or bool(self._keys(options.get(self.option)))

    def present(self, request: Request) -> bool:
        """Is there a token, and all that says that it is meant?"""
        if any(place_text(place, request) != text for place, text in self.require.items()):
            return False
        return TOKEN.fullmatch(place_text(self.place, request) or "") is not None

    def verify(self, request: Request, options: Mapping[str, Any]) -> None:
        """Raises: Refused, KeyNeeded"""
        self.bind(options)(request)

    def bind(self, options: Mapping[str, Any]) -> Callable[[Request], None]:
        """`verify` with the configured keys loaded."""
        configured, keys = self.configured(options), self._keys(options.get(self.option))

        def verify(request: Request) -> None:
            if not configured:
                raise Refused("unconfigured", f"no usable key, or a value is missing: {', '.join(self.options())}")
            head, signed, signature, payload = self._read(request)
            usable = keys or self._fetched(request, head, options)
            self._check_signature(head, signed, signature, usable)
            claims = _object(payload, named_place(self.place))
            self._check_claims(claims, request, options)
            self._check_time(claims, request, options)

        return verify

    def sign(self, request: Request, options: Mapping[str, Any]) -> Request:
        """The request with a fresh token, its claims filled in."""
        for place, text in self.require.items():
            request = place.put(request, text)  # type: ignore[attr-defined]  # places in a scheme are written
        now = int(request.received.timestamp())
        claims: dict[str, Any] = {"iat": now, "nbf": now, "exp": now + LIFETIME}
        for name, templates in self.claims.items():
            try:
                text = templates[0].render(request, {"options": options}).decode("utf-8", "surrogateescape")
            except (Absent, Unreadable) as error:
                raise Refused("missing", f"the claim {name} cannot be filled in: {error}") from None
            if text or not templates[0].optional:
                claims[name] = {"true": True, "false": False}.get(text.lower(), text)
        head = {"alg": self.algorithms[0], "typ": "JWT"}
        named = next((name for name, _ in self._keys(options.get(self.option)) if name is not None), None)
        if named is not None:
            head["kid"] = named
        signed = f"{encode(orjson.dumps(head), 'base64url')}.{encode(orjson.dumps(claims), 'base64url')}"
        token = f"{signed}.{encode(self._signature(signed.encode(), options), 'base64url')}"
        written: Request = self.place.put(request, self.value.replace("{token}", token))  # type: ignore[attr-defined]  # as above
        return written

    def credentials(self) -> dict[str, Any]:
        """A secret or a key pair for development, and something for each claim."""
        found: dict[str, Any] = {name: f"development-{name}" for name in self.options()}
        found.pop("private_key", None)
        if self.shared:
            return {**found, self.option: secrets.token_hex(32)}
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

        private = _generate(self.algorithms[0])
        public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return {**found, self.option: public, "private_key": secret}

    def shows(self, options: Mapping[str, Any]) -> tuple[Reader, ...]:
        """Nothing: a token tells nothing of its key."""
        return ()

    def _keys(self, value: Any) -> list[tuple[str | None, Any]]:
        if self.shared:
            raw = [(name, decode_key(text, self.key, {})) for name, text in each_secret(value)]
            return [(name, one) for name, one in raw if one]
        loaded = [
            (name, jwk_key(one) if isinstance(one, Mapping) else load_public_key(str(one)))
            for name, one in each_key(value)
        ]
        return [(name, one) for name, one in loaded if one is not None]

    def _fetched(self, request: Request, head: Mapping[str, Any], options: Mapping[str, Any]) -> list[Any]:
        if isinstance(self.fetch, str):
            return self._keys(fetched_set(self.fetch, options))
        fetching = bind(self.fetch, {**options, "keyid": head.get("kid")})
        return self._keys(fetching(request)) if fetching is not None else []

    def _read(self, request: Request) -> tuple[dict[str, Any], bytes, bytes, bytes]:
        """The token's head, what is signed, the signature and the claims as JSON."""
        where = named_place(self.place)
        for place, wanted in self.require.items():
            found = place_text(place, request)
            if found != wanted:
                raise Refused("algorithm", f"{named_place(place)} is {str(found)[:40]!r}; the hub takes {wanted!r}")
        text = place_text(self.place, request)
        if text is None:
            raise Refused("missing", f"{where} is missing or empty", place=where)
        match = TOKEN.fullmatch(text)
        # strict: base64 has several spellings of the same bytes, and a signature has one
        parts = [decode(part, "base64url") for part in match.groups()[1:]] if match else []
        if match is None or any(part is None for part in parts):
            raise Refused("malformed", f"{where} is no signed token (three parts of base64url)")
        first, payload, signature = (part or b"" for part in parts)
        head = _object(first, where)
        if head.get("alg") not in self.algorithms:
            found = str(head.get("alg"))[:20]
            raise Refused(
                "algorithm", f"the token is signed with {found!r}; the hub takes {', '.join(self.algorithms)}"
            )
        if "crit" in head:
            raise Refused("malformed", "the token has critical extensions, which no platform uses")
        return head, match[1].rpartition(".")[0].encode(), signature, payload

    def _check_signature(self, head: Mapping[str, Any], signed: bytes, signature: bytes, keys: list[Any]) -> None:
        kid = head.get("kid")
        named = [key for name, key in keys if name == kid or name is None] if kid is not None else []
        for key in named or [key for _, key in keys if kid is None or self.shared]:
            if _is_signed(head["alg"], key, signed, signature):
                return
        if kid is not None and not named and not self.shared:
            raise Refused(
                "mismatch", f"the token is signed with the key {str(kid)[:60]!r}, which is not in the key set"
            )
        raise Refused("mismatch", "the token's signature is not that of its claims")

    def _check_claims(self, claims: Mapping[str, Any], request: Request, options: Mapping[str, Any]) -> None:
        for name, templates in self.claims.items():
            claim = claims.get(name)
            if claim is None and name in self.optional:
                continue
            expected = [_rendered(template, request, options) for template in templates]
            if claim is None and any(
                text == b"" and one.optional for text, one in zip(expected, templates, strict=True)
            ):
                continue
            if claim is None:
                raise Refused("mismatch", f"the token has no claim {name!r}", claim=name)
            found = [spelling for one in (claim if isinstance(claim, list) else [claim]) for spelling in _spelled(one)]
            same = [
                hmac.compare_digest(spelling, text)
                for spelling in found
                for text, one in zip(expected, templates, strict=True)
                if text is not None and not (text == b"" and one.optional)
            ]
            if not any(same):
                raise Refused("mismatch", f"the token's claim {name!r} is not that of this request", claim=name)

    def _check_time(self, claims: Mapping[str, Any], request: Request, options: Mapping[str, Any]) -> None:
        tolerance = options.get("tolerance", self.tolerance)
        if tolerance == float("inf"):
            return
        now = request.received.timestamp()
        times = {name: _number(claims, name) for name in ("exp", "nbf", "iat")}
        if times["exp"] is not None and now > times["exp"] + self.leeway:
            raise Refused("stale", f"the token is right, but ended {now - times['exp']:.0f} s ago")
        for name in ("nbf", "iat"):
            start = times[name]
            if start is not None and start > now + self.leeway:
                raise Refused("stale", f"the token is right, but begins in {start - now:.0f} s ({name})")
        if tolerance is None:
            return
        if times["iat"] is None and self.tolerance is not None:
            raise Refused("malformed", "the token does not say when it was made (iat)")
        if times["iat"] is not None and now - times["iat"] > tolerance:
            age = now - times["iat"]
            raise Refused("stale", f"the token is right, but {age:.0f} s old; {tolerance:g} s are allowed", seconds=age)

    def _signature(self, signed: bytes, options: Mapping[str, Any]) -> bytes:
        algorithm = self.algorithms[0]
        if self.shared:
            keys = self._keys(options.get(self.option))
            if not keys:
                raise Refused("unconfigured", f"the option {self.option} is not set")
            return hmac.digest(keys[0][1], signed, HASHES[algorithm])
        from jwt import get_algorithm_by_name

        text = str(options.get("private_key") or "")
        if "BEGIN" not in text:
            raise Refused("unconfigured", "there is no private_key to sign with; only the platform has the real one")
        method = get_algorithm_by_name(algorithm)
        signature: bytes = method.sign(signed, method.prepare_key(text))
        return signature


class WholeBody:
    """The place of a token that is the whole body."""

    def __call__(self, request: Request) -> str | None:
        return request.text.strip() or None

    def put(self, request: Request, value: object) -> Request:
        """The request with that body."""
        return replace(request, body=str(value).encode())


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a token that was verified already: for providers whose events are tokens.

    Raises:
        Unreadable: it is no token.
    """
    match = TOKEN.fullmatch(token.strip())
    payload = decode(match[3], "base64url") if match else None
    try:
        return _object(payload or b"", "the token")
    except Refused as refusal:
        raise Unreadable(refusal.text) from None


def _templates(text: str | tuple[str, ...]) -> tuple[Template, ...]:
    return tuple(compile_template(one) for one in (text if isinstance(text, tuple) else (text,)))


def _covered(templates: tuple[Template, ...]) -> set[str]:
    return {template.covers for template in templates}


def _rendered(template: Template, request: Request, options: Mapping[str, Any]) -> bytes | None:
    try:
        return template.render(request, {"options": options})
    except (Absent, Unreadable):
        return None


def _spelled(value: Any) -> list[bytes]:
    """A claim as templates may have it: `true` may be written as Python's `True`."""
    spellings = [as_bytes(value) or b""]
    return [*spellings, str(value).encode()] if isinstance(value, bool) else spellings


def _object(raw: bytes, where: str) -> dict[str, Any]:
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise Refused("malformed", f"{where} has a part that is no JSON object")
    return value


def _number(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e12:
        raise Refused("malformed", f"the token's {name} is no time")
    return float(value)


def _is_signed(algorithm: str, key: Any, signed: bytes, signature: bytes) -> bool:
    if algorithm in HASHES:
        return hmac.compare_digest(hmac.digest(key, signed, HASHES[algorithm]), signature)
    from jwt import PyJWTError, get_algorithm_by_name

    method = get_algorithm_by_name(algorithm)
    try:
        return bool(method.verify(signed, method.prepare_key(key), signature))
    except (PyJWTError, ValueError, TypeError):
        return False


def _generate(algorithm: str) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm.startswith("ES"):
        curves = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
        return ec.generate_private_key(curves[algorithm])
    return rsa.generate_private_key(65537, 2048)
