"""Credentials that are sent as they are: tokens, bearer tokens, basic authentication; and no proof at all."""

from __future__ import annotations

import hmac
import secrets
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from typing import Any

from hub.errors import Refused, Unreadable
from hub.extract import Reader, header
from hub.options import Option, credential
from hub.request import Request, encode_header
from hub.signatures.symmetric import SHARED_DOC, each_secret

UNPROVEN = "this platform proves nothing: say verify = false, and keep the URL to yourself"


class Token:
    """A secret that stands in the request as it is; nothing of the body is covered.

    at: the header's name, or any place; value: how it looks there, with `{token}`; option: the secret's name.
    """

    proves = True
    covers = "none"

    def __init__(
        self,
        at: str | Reader,
        value: str = "{token}",
        *,
        option: str = "secret",
        doc: str = SHARED_DOC,
        learned: bool = False,
    ) -> None:
        before, mark, after = value.partition("{token}")
        if not mark:
            raise ValueError(f"{value!r} needs {{token}}")
        self.place: Reader = header(at) if isinstance(at, str) else at
        self.value = value
        self.before, self.after = before, after
        self.option = option
        self.doc = doc
        self.learned = learned

    def options(self) -> dict[str, Option]:
        """The token."""
        return {self.option: credential(self.doc, learned=self.learned)}

    def configured(self, options: Mapping[str, Any]) -> bool:
        """Is there one?"""
        return bool(each_secret(options.get(self.option)))

    def present(self, request: Request) -> bool:
        """Is there a value in its place?"""
        return self._found(request) is not None

    def verify(self, request: Request, options: Mapping[str, Any]) -> None:
        """Raises: Refused"""
        self.bind(options)(request)

    def bind(self, options: Mapping[str, Any]) -> Callable[[Request], None]:
        """`verify` with the tokens encoded."""
        expected = [text.encode("utf-8", "surrogatepass") for _, text in each_secret(options.get(self.option))]
        where = self._where()

        def verify(request: Request) -> None:
            if not expected:
                raise Refused("unconfigured", f"the option {self.option} is not set")
            found = self._found(request)
            if found is None:
                raise Refused("missing", f"{where} is missing or empty", place=where)
            if not (found.startswith(self.before) and found.endswith(self.after)):
                raise Refused("malformed", f"{where} does not look like {self.value!r}")
            raw = found[len(self.before) : len(found) - len(self.after)]
            # header bytes come as latin-1, body texts as themselves: either spelling of the token is compared
            spellings = {raw.encode("utf-8", "surrogatepass"), encode_header(raw)}
            if not any([hmac.compare_digest(one, token) for one in spellings for token in expected]):  # noqa: C419  # all are compared
                raise Refused("mismatch", f"{where} is not the configured {self.option}")

        return verify

    def sign(self, request: Request, options: Mapping[str, Any]) -> Request:
        """The request with the first token in its place."""
        tokens = each_secret(options.get(self.option))
        if not tokens:
            raise Refused("unconfigured", f"the option {self.option} is not set")
        signed: Request = self.place.put(request, self.value.replace("{token}", tokens[0][1]))  # type: ignore[attr-defined]  # a place that is written
        return signed

    def credentials(self) -> dict[str, Any]:
        """A random token."""
        return {self.option: secrets.token_hex(24)}

    def shows(self, options: Mapping[str, Any]) -> tuple[Reader, ...]:
        """Its place, unless that is a header."""
        return () if isinstance(self.place, header) else (self.place,)

    def _found(self, request: Request) -> str | None:
        try:
            value = self.place(request)
        except Unreadable:
            return None
        return str(value) if isinstance(value, (str, int)) and value != "" else None

    def _where(self) -> str:
        name = getattr(self.place, "name", None) or getattr(self.place, "path", None)
        kind = type(self.place).__name__
        return f"the header {name}" if kind == "header" else f"the {kind} value {name}" if name else "the token"


class Bearer(Token):
    """`Authorization: Bearer <token>` (RFC 6750)."""

    def __init__(self, *, option: str = "secret", doc: str = SHARED_DOC) -> None:
        super().__init__("Authorization", "Bearer {token}", option=option, doc=doc)


class Basic:
    """Basic authentication (RFC 7617): `username` and `password`; the password may be a list."""

    proves = True
    covers = "none"

    def __init__(self, *, username: str = "username", password: str = "password") -> None:  # noqa: S107  # names of options
        self.username = username
        self.password = password

    def options(self) -> dict[str, Option]:
        """The user's name and password."""
        return {
            self.username: Option("The user name that the platform sends."),
            self.password: credential("The password that the platform sends."),
        }

    def configured(self, options: Mapping[str, Any]) -> bool:
        """Are there both?"""
        return bool(options.get(self.username)) and bool(each_secret(options.get(self.password)))

    def present(self, request: Request) -> bool:
        """Is there an Authorization header of that kind?"""
        return (request.header("authorization") or "").lower().startswith("basic ")

    def verify(self, request: Request, options: Mapping[str, Any]) -> None:
        """Raises: Refused"""
        self.bind(options)(request)

    def bind(self, options: Mapping[str, Any]) -> Callable[[Request], None]:
        """`verify` with the credentials encoded."""
        user = str(options.get(self.username) or "")
        pairs = [f"{user}:{one}".encode() for _, one in each_secret(options.get(self.password))] if user else []

        def verify(request: Request) -> None:
            if not pairs:
                raise Refused("unconfigured", f"the options {self.username} and {self.password} are not set")
            found = request.header("authorization")
            if not found:
                raise Refused("missing", "the header Authorization is missing or empty", place="Authorization")
            kind, _, text = found.partition(" ")
            if kind.lower() != "basic":
                raise Refused("malformed", "the header Authorization is not of the kind Basic")
            try:
                given = b64decode(text.strip(), validate=True)
            except (ValueError, Base64Error):
                raise Refused("malformed", "the header Authorization has no base64 after Basic") from None
            if b64encode(given).decode() != text.strip():
                raise Refused("malformed", "the header Authorization has no canonical base64 after Basic")
            if not any([hmac.compare_digest(given, pair) for pair in pairs]):  # noqa: C419  # all are compared
                raise Refused("mismatch", f"the user name or password is not the configured one ({self.username})")

        return verify

    def sign(self, request: Request, options: Mapping[str, Any]) -> Request:
        """The request with the credentials."""
        passwords = each_secret(options.get(self.password))
        if not self.configured(options):
            raise Refused("unconfigured", f"the options {self.username} and {self.password} are not set")
        pair = f"{options[self.username]}:{passwords[0][1]}".encode()
        return request.with_header("Authorization", f"Basic {b64encode(pair).decode()}")

    def credentials(self) -> dict[str, Any]:
        """A random password."""
        return {self.username: "hub", self.password: secrets.token_hex(24)}

    def shows(self, options: Mapping[str, Any]) -> tuple[Reader, ...]:
        """Nothing: it stands in a header."""
        return ()


class Unsigned:
    """No proof: anyone can send such a request. Taken only when the config names the mode, or says `verify = false`."""

    proves = False
    covers = "none"

    def __init__(self, text: str = UNPROVEN) -> None:
        self.text = text

    def options(self) -> dict[str, Option]:
        """None."""
        return {}

    def configured(self, options: Mapping[str, Any]) -> bool:
        """Never by itself: `verify = false`, or a named mode, says it aloud."""
        return False

    def present(self, request: Request) -> bool:
        """Never chosen by what a request carries."""
        return False

    def verify(self, request: Request, options: Mapping[str, Any]) -> None:
        """Raises: Refused, unless the mode was named"""
        self.bind(options)(request)

    def bind(self, options: Mapping[str, Any]) -> Callable[[Request], None]:
        """Refuses: without proof only `verify = false` takes a request."""

        def verify(request: Request) -> None:
            raise Refused("unconfigured", self.text)

        return verify

    def sign(self, request: Request, options: Mapping[str, Any]) -> Request:
        """The request as it is."""
        return request

    def credentials(self) -> dict[str, Any]:
        """None."""
        return {}

    def shows(self, options: Mapping[str, Any]) -> tuple[Reader, ...]:
        """Nothing: there is no secret."""
        return ()
