"""Key sets: JSON Web Keys (RFC 7517), PEM by key id, as they stand in the config or were fetched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from hub.errors import KeyNeeded
from hub.provider import Fetch

MOST_KEYS = 100
"""Keys of a set that are looked at."""


class KeySet:
    """The type of an option with public keys: a text, several in a list or by key id, or a JSON Web Key Set."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        text = core_schema.str_schema(strict=True)
        jwk = core_schema.dict_schema(core_schema.str_schema(), core_schema.any_schema(), min_length=1)
        several = core_schema.list_schema(core_schema.union_schema([text, jwk]), min_length=1, strict=True)
        return core_schema.union_schema(
            [text, several, jwk],
            custom_error_type="keys",
            custom_error_message="public keys are a text in quotes, a list, a table by key id, or a JSON Web Key Set",
        )


def each_key(value: Any) -> list[tuple[str | None, Any]]:
    """(key id, text or JSON Web Key) of what an option has or a URL answered; nothing of what is no key set."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return []
    if isinstance(value, Mapping) and isinstance(value.get("keys"), list):
        value = value["keys"]
    if isinstance(value, Mapping) and isinstance(value.get("key"), Mapping):  # Plaid answers with one
        value = [value["key"]]
    if isinstance(value, Mapping) and "kty" in value:
        value = [value]
    if isinstance(value, Mapping):
        return [(str(name), one) for name, one in list(value.items())[:MOST_KEYS] if one]
    values = value if isinstance(value, (list, tuple)) else [value]
    return [(_id(one), one) for one in values[:MOST_KEYS] if one]


def jwk_key(jwk: Mapping[str, Any]) -> Any:
    """The public key in a JSON Web Key; None if it has none that is for signatures."""
    from jwt import PyJWK, PyJWTError

    if jwk.get("use", "sig") != "sig" or jwk.get("kty") == "oct":
        return None
    try:
        key = PyJWK(dict(jwk)).key
    except (PyJWTError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return key.public_key() if hasattr(key, "private_bytes") else key


def fetched_set(url: str, options: Mapping[str, Any]) -> str:
    """The key set behind a URL.

    Raises:
        KeyNeeded: it has to be fetched first.
    """
    text = (options.get("fetched") or {}).get(url)
    if text is None:
        raise KeyNeeded(Fetch(url, (str(urlsplit(url).hostname),)))
    return str(text)


def _id(one: Any) -> str | None:
    return str(one["kid"]) if isinstance(one, Mapping) and one.get("kid") is not None else None
