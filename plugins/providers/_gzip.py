"""Bodies that may be compressed with gzip."""

import zlib
from typing import Any

import orjson

from hub import Request, Unreadable

MOST = 32 * 1024 * 1024
"""Bytes that a body may come to: a small one can hold gigabytes."""


def plain(request: Request) -> bytes:
    """The body, decompressed if it is compressed.

    Raises:
        Unreadable: it is broken, or comes to too much.
    """
    if request.body[:2] != b"\x1f\x8b":
        return request.body
    reader = zlib.decompressobj(wbits=31)
    try:
        found = reader.decompress(request.body, MOST)
    except zlib.error as error:
        raise Unreadable(f"the body is broken gzip: {error}") from None
    if not reader.eof:
        raise Unreadable("the compressed body is cut off, or too large")
    return found


def content(request: Request) -> list[Any]:
    """For `split`: the JSON in the body, as the only item."""
    try:
        return [orjson.loads(plain(request))]
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"the body is not JSON: {error}") from None
