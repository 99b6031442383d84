"""Signatures and keys in places that the ready-made schemes do not read: lists, named keys, headers of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from hub import Request, form, header
from hub.signatures import HMAC, Configured, Token

HEADER_DOC = "The header in which the platform was told to send the token."


@dataclass(frozen=True, slots=True)
class listed:
    """A place whose value is a list, read as one with spaces between its items."""

    place: header | form
    mark: str = ","

    def __call__(self, request: Request) -> str | None:
        value = self.place(request)
        return None if value is None else value.replace(self.mark, " ")

    def put(self, request: Request, value: object) -> Request:
        """The request with one item in the place."""
        return self.place.put(request, value)


class NamedHMAC(HMAC):
    """An HMAC whose key the request names: development keys have a name too."""

    def credentials(self) -> dict[str, Any]:
        """One secret in a table by key id."""
        found = super().credentials()
        return {name: {"development": value} if name in self.names else value for name, value in found.items()}


def chosen_header(default: str = "X-Hub-Token", option: str = "token") -> Configured:
    """A token in a header that the user chose on the platform."""

    def scheme(*, header: Annotated[str, HEADER_DOC] = default) -> Token:
        return Token(header, option=option, doc="The token that the platform sends in that header.")

    return Configured(scheme)
