"""A field of a body that is a form with one sender and JSON with another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hub import Request, body, first_of, form


@dataclass(frozen=True, slots=True)
class field:
    """A field of the form, or a value in the JSON body."""

    name: str

    def __call__(self, request: Request) -> Any:
        return first_of(form(self.name), body(self.name))(request)

    def put(self, request: Request, value: object) -> Request:
        """The request with the field set, in a body of its own kind."""
        json = request.content_type == "application/json"
        return body(self.name).put(request, value) if json else form(self.name).put(request, value)
