"""Redaction: secrets blotted out of texts, and out of an event's data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

import orjson

from hub.event import to_json

BLOT = "[secret]"
SHORTEST = 6
"""Characters of a secret that is blotted out of a longer text; a shorter one would take words with it."""


class Redactor:
    """Blots secrets out. secrets: their texts."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self.secrets = frozenset(secrets) - {""}
        spellings = {one for secret in self.secrets if len(secret) >= SHORTEST for one in _spellings(secret)}
        self._written = [to_json(secret)[1:-1] for secret in self.secrets | spellings]
        self._patterns = [(one, re.compile(_bounded(one))) for one in sorted(spellings, key=len, reverse=True)]

    def redact(self, text: str) -> str:
        """The text with a blot for each secret in it."""
        for secret, pattern in self._patterns:
            if secret in text:
                text = pattern.sub(BLOT, text)
        return text

    def without(self, data: Any) -> Any:
        """JSON-like data without the secrets in it: a copy, or the data itself if there are none."""
        if not self._perhaps_in(data):
            return data
        found = False

        def clean(value: Any) -> Any:
            nonlocal found
            if isinstance(value, str):
                cleaned = BLOT if value in self.secrets else self.redact(value)
            else:
                cleaned = BLOT if type(value) is int and str(value) in self.secrets else value
            found = found or cleaned is not value
            return cleaned

        # no recursion: a stranger's nesting may be deeper than Python's
        top = [data]
        copies: list[Any] = [top]
        for copy in copies:
            for key, value in copy.items() if isinstance(copy, dict) else enumerate(copy):
                if isinstance(value, dict):
                    copy[key] = {clean(name): one for name, one in value.items()}
                    copies.append(copy[key])
                elif isinstance(value, (list, tuple)):
                    copy[key] = list(value)
                    copies.append(copy[key])
                else:
                    copy[key] = clean(value)
        return top[0] if found else data

    def _perhaps_in(self, data: Any) -> bool:
        """Much faster than looking through it: a token in the URL is seldom in the body as well."""
        try:
            text = orjson.dumps(data)
        except orjson.JSONEncodeError:  # odd text, large numbers, very deep nesting
            return True
        return any(secret in text for secret in self._written)


def _spellings(secret: str) -> set[str]:
    """As it is, and as it stands in a URL, a form and JSON."""
    as_json = {json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    return {secret, quote(secret, safe="", errors="replace"), quote_plus(secret, errors="replace"), *as_json}


def _bounded(secret: str) -> str:
    """A pattern for it. A number, such as the id of a subscription, is not looked for within longer ones."""
    return rf"(?<!\d){secret}(?!\d)" if secret.isdecimal() else re.escape(secret)
