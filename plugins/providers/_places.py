"""Signatures and keys in places that the ready-made schemes do not read: lists, named keys, headers of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from hub import Request, form, header
from hub.signatures import HMAC, Token


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


def own_header(
    *, header: Annotated[str, "The header that the platform was told to send the token in."] = "X-Hub-Token"
) -> Token:
    """A token in a header that the user chose."""
    return Token(header, option="token", doc="The token that the platform sends in that header.")
