"""Templates of subscribers: Jinja2 for plain text, sandboxed, with `event` in them."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from jinja2 import (
    ChainableUndefined,
    Template,
    TemplateError,
    TemplateRuntimeError,
    TemplateSyntaxError,
    Undefined,
    UndefinedError,
)
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from hub.errors import Reject
from hub.event import Event, rfc3339, to_json

KEPT = 256
"""Compiled templates kept: far above what a configuration has, so that templates made by code cannot pile up."""


class Templates:
    """Renders templates and keeps them compiled."""

    def __init__(self) -> None:
        self._environment = Plain(
            autoescape=False, undefined=Missing, finalize=_shown, keep_trailing_newline=True, auto_reload=False
        )
        self._environment.filters["tojson"] = _json
        self._compiled = lru_cache(maxsize=KEPT)(self._compile)

    def render(self, template: str, event: Event) -> str:
        """The template with `event` in it.

        What the event's data lacks is empty, and so is null; moments are RFC 3339; lists and tables are JSON. The
        result can always be encoded: lone surrogates become U+FFFD.

        Raises:
            Reject: a syntax error, a name that is not `event`, an attribute that events do not have, a failing filter.
        """
        try:
            text = self._compiled(template).render(event=event)
        except TemplateSyntaxError as error:
            raise Reject(f"the template has an error in line {error.lineno}: {error.message}") from error
        except TemplateError as error:
            raise Reject(f"the template fails: {error.message}") from error
        except Exception as error:
            raise Reject(f"the template fails on this event: {type(error).__name__}: {error}") from error
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def _compile(self, source: str) -> Template:
        unknown = find_undeclared_variables(self._environment.parse(source)) - {"event"}
        if unknown:
            raise TemplateError(f"it names {', '.join(sorted(unknown))}, but there is only `event`")
        return self._environment.from_string(source)


class Missing(ChainableUndefined):
    """Empty where a platform left something out; an error where the template misspells the hub's own words."""

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: type[TemplateRuntimeError] = UndefinedError,
    ) -> None:
        if exc is not UndefinedError:  # the sandbox refuses it
            raise exc(hint)
        if isinstance(obj, Event):
            raise UndefinedError(f"an event has no {name!r}; what the platform sent is in `event.data`")
        super().__init__(hint, obj, name, exc)


class Plain(ImmutableSandboxedEnvironment):
    """No template can change an event or reach out of it."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Keys of the data win over the methods of dict: `event.data.items` is what the platform sent."""
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


def _shown(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, (bool, dict, list)):
        return to_json(value).decode()
    return value


def _json(value: Any) -> str:
    return "null" if isinstance(value, Undefined) else to_json(value).decode()
