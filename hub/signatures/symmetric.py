"""HMAC and plain hashes: a secret that both sides have, and a digest compared as text."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from hub.extract import Reader, header
from hub.options import Option, credential, parameter_options
from hub.provider import bind, wanted
from hub.request import Request
from hub.signatures.signed import Clock, Key, Signable, Signed
from hub.signatures.template import Template
from hub.signatures.value import canonical, encode

KeyForm = Literal["text", "hex", "base64", "whsec"] | Callable[..., bytes]
"""How a key is written; or a function of the text and, by keyword-only parameters, of other options."""

SHARED_DOC = "The shared secret; a list while it is being changed: any of them will do."
WHSEC = "whsec_"
"""Prefix of base64 keys (https://github.com/standard-webhooks/standard-webhooks, "Symmetric")."""


class HMAC(Signed):
    """An HMAC of a string.

    key: how the option's text becomes the key: as it is, hex, base64, `whsec` (base64 after its prefix), a function, or
    a tuple of these, any of which will do; hash: `sha256 sha1 sha512 sha384 md5 …`; option: the secret's name, or
    several names; learned: a handshake may bring it. The rest is as in `Signed`.
    """

    def __init__(
        self,
        at: str | Reader,
        value: str = "{hex}",
        signed: Signable | tuple[Signable, ...] = "{body}",
        *,
        hash: str = "sha256",
        key: KeyForm | tuple[KeyForm, ...] = "text",
        option: str | tuple[str, ...] = "secret",
        learned: bool = False,
        doc: str = SHARED_DOC,
        timestamp: Reader | None = None,
        id: Reader | None = None,
        nonce: Reader | None = None,
        clock: Clock = "s",
        tolerance: float | None = 300,
        ahead: float | None = None,
        require: Mapping[str | Reader, str] | None = None,
        also: Sequence[str | Reader] = (),
        keyid: Reader | None = None,
        defaults: Mapping[str | Reader, str] | None = None,
        covers: Literal["all", "part", "none"] | None = None,
    ) -> None:
        super().__init__(
            at,
            value,
            signed,
            timestamp=timestamp,
            id=id,
            nonce=nonce,
            clock=clock,
            tolerance=tolerance,
            ahead=ahead,
            require=require,
            also=also,
            keyid=keyid,
            defaults=defaults,
            covers=covers,
        )
        hashlib.new(hash)  # an unknown one is an error of the plugin, at import
        self.hash = hash
        self.key_forms = key if isinstance(key, tuple) else (key,)
        self.names = option if isinstance(option, tuple) else (option,)
        self.learned = learned
        self.doc = doc

    def options(self) -> dict[str, Option]:
        """The secret, or several."""
        found = {name: credential(self.doc, learned=self.learned) for name in self.names}
        for form in self.key_forms:
            found = {**(parameter_options(form) if callable(form) else {}), **found}
        return {**self.template_options(), **found}

    def credentials(self) -> dict[str, Any]:
        """Random secrets of the right form."""
        needed = {name: f"development-{name}" for name in self.options()}
        return {**needed, **{name: new_secret(self.key_forms[0]) for name in self.names}}

    def keys(self, options: Mapping[str, Any], *, signing: bool = False) -> list[Key]:
        """Every secret in every form it may have."""
        found = []
        for name in self.names:
            for keyid, text in each_secret(options.get(name)):
                for form in self.key_forms:
                    raw = decode_key(text, form, options)
                    if raw:
                        found.append(Key(keyid, raw))
        return found

    def bind(self, options: Mapping[str, Any]) -> Callable[[Request], None]:
        """`verify` with the keys decoded; a header that holds only the body's signature is compared as a whole."""
        verify, keys = super().bind(options), [key.value for key in self.keys(options)]
        place, signed = self.places[0], self.signed[0]
        others = self.form.names or self.outside or self.require or self.places[1:]
        stricter = self.missing(options) or type(self).check is not HMAC.check
        of_body = isinstance(signed, Template) and signed.text == "{body}"
        if others or stricter or not of_body or not isinstance(place, header):
            return verify
        before, after = (part.encode() for part in self.form.write("\n", {}).split("\n"))
        encoding, name = self.form.encoding, place.key

        def quick(request: Request) -> None:
            found, right = request.fields.get(name, b""), False
            for key in keys:  # all are compared
                made = encode(self.digest(key, request.body), encoding).encode()
                right |= hmac.compare_digest(found, before + made + after)
            if not right:
                verify(request)  # another form of it, or the reason of the refusal

        return quick

    def check(self, key: Key, message: bytes, signatures: Sequence[str]) -> bool:
        """Compared as text in constant time: a lenient decoder would take two spellings of one signature."""
        expected = self.make(key, message).encode()
        found = [canonical(signature, self.form.encoding).encode("utf-8", "replace") for signature in signatures]
        return any([hmac.compare_digest(one, expected) for one in found])  # noqa: C419  # all are compared

    def make(self, key: Key, message: bytes) -> str:
        """The digest as the header shows it."""
        return encode(self.digest(key.value, message), self.form.encoding)

    def digest(self, key: bytes, message: bytes) -> bytes:
        """The HMAC's bytes."""
        return hmac.digest(key, message, self.hash)


class Hash(HMAC):
    """A plain hash of a string that has the secret in it as `{secret}`."""

    def __init__(self, at: str | Reader, value: str, signed: Signable | tuple[Signable, ...], **more: Any) -> None:
        super().__init__(at, value, signed, **more)
        if any(isinstance(one, Template) and "secret" not in one.names for one in self.signed):
            raise ValueError("the template of a plain hash needs {secret}: without it, anyone could make the hash")

    def digest(self, key: bytes, message: bytes) -> bytes:
        """The hash of the string; the key is in it already."""
        return hashlib.new(self.hash, message).digest()

    def _secrets(self, key: Key) -> dict[str, Any]:
        return {"secret": key.value}


def each_secret(value: Any) -> list[tuple[str | None, str]]:
    """(key id, text) of an option that is one secret, a list of them, or a table by key id; empty ones are none."""
    if isinstance(value, Mapping):
        pairs: list[tuple[str | None, Any]] = [(str(name), one) for name, one in value.items()]
    else:
        pairs = [(None, one) for one in (value if isinstance(value, (list, tuple)) else [value])]
    return [(name, str(one)) for name, one in pairs if one is not None and str(one) != ""]


def decode_key(text: str, form: KeyForm, options: Mapping[str, Any]) -> bytes | None:
    """The key's bytes; None if the text is not of that form, or an option that its function needs is not set."""
    if callable(form):
        if any(one.default is one.empty and options.get(one.name) in (None, "") for one in wanted(form)):
            return None
        make: Any = bind(form, options)
        key: bytes = make(text)
        return key
    try:
        if form == "hex":
            return bytes.fromhex(text)
        if form == "base64":
            return b64decode(text, validate=True)
        if form == "whsec":
            return b64decode(text.removeprefix("v1,").removeprefix(WHSEC), validate=True)  # Supabase shows `v1,whsec_`
    except (ValueError, Base64Error):
        return None
    return text.encode("utf-8", "surrogatepass")


def new_secret(form: KeyForm) -> str:
    """A random secret of that form."""
    raw = secrets.token_bytes(32)
    if form == "base64":
        return b64encode(raw).decode()
    if form == "whsec":
        return WHSEC + b64encode(raw).decode()
    return raw.hex()
