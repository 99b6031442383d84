"""The public API: all that a plugin imports. Each name is imported from its module when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hub.document import dig
    from hub.errors import KeyNeeded, Refused, Reject, Retry, Unreadable
    from hub.event import Event
    from hub.extract import (
        Reader,
        body,
        digest_of,
        echo,
        first_of,
        form,
        head_ok,
        header,
        inside,
        items,
        join,
        json_in,
        key_of,
        mac,
        parse_xml,
        query,
        whole,
        words,
        xml,
    )
    from hub.hookspecs import hookimpl
    from hub.options import Option
    from hub.provider import Fetch, Limits, Provider, Reply, Slot
    from hub.request import Request
    from hub.subscriber import Subscriber, on

__all__ = [
    "Event",
    "Fetch",
    "KeyNeeded",
    "Limits",
    "Option",
    "Provider",
    "Reader",
    "Refused",
    "Reject",
    "Reply",
    "Request",
    "Retry",
    "Slot",
    "Subscriber",
    "Unreadable",
    "body",
    "dig",
    "digest_of",
    "echo",
    "first_of",
    "form",
    "head_ok",
    "header",
    "hookimpl",
    "inside",
    "items",
    "join",
    "json_in",
    "key_of",
    "mac",
    "on",
    "parse_xml",
    "query",
    "whole",
    "words",
    "xml",
]

HOMES = {
    "document": ("dig",),
    "errors": ("KeyNeeded", "Refused", "Reject", "Retry", "Unreadable"),
    "event": ("Event",),
    "hookspecs": ("hookimpl",),
    "options": ("Option",),
    "provider": ("Fetch", "Limits", "Provider", "Reply", "Slot"),
    "request": ("Request",),
    "subscriber": ("Subscriber", "on"),
}
"""The module of each name; the places and ready-mades are all in `extract`."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'hub' has no attribute {name!r}")
    from importlib import import_module

    home = next((module for module, names in HOMES.items() if name in names), "extract")
    value = getattr(import_module(f"hub.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
