"""How a log keeps requests, data, ids and moments: compact, with a version byte, and read back exactly as given."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from threading import Lock
from typing import Any, overload

import orjson
import zstandard

from hub.errors import LogDamaged, LogError
from hub.event import Event, canonical_uuid
from hub.request import Request

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LARGEST = 1 << 30
"""The most bytes that one stored value may unpack to."""

PLAIN, ZSTD = b"\x00", b"\x01"
ORJSON, LENIENT = b"\x01", b"\x02"
LAST_INDEX = (1 << 20) - 1
"""Events of one delivery with this index, a later or a negative one have one hash."""
SMALL = 200
"""Below this, compressing costs more than it saves."""
LEVEL = -2
"""Of zstd: half the time of level 1 for a quarter more bytes, and a request is written twice and read once."""

STRICT = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970; a moment without a zone is taken as UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """The moment, in UTC."""
    return EPOCH + timedelta(microseconds=micros)


def pack_id(text: str) -> bytes | str:
    """A UUID in its canonical spelling as 16 bytes, any other id as it is."""
    if len(text) == 36:
        try:
            digits = text.replace("-", "")
            value = bytes.fromhex(digits)
        except ValueError:
            return text
        # four hyphens in their places, and no capital letters
        if len(value) == 16 and text[8:24:5] == "----" and value.hex() == digits:
            return value
    return text


def unpack_id(value: bytes | str) -> str:
    """What `pack_id` was given."""
    return canonical_uuid(value.hex()) if isinstance(value, bytes) else value


@overload
def pack_text(text: str) -> str | bytes: ...
@overload
def pack_text(text: str | None) -> str | bytes | None: ...
def pack_text(text: str | None) -> str | bytes | None:
    """Text as it is; as bytes where it has lone surrogates, which UTF-8 cannot say."""
    if text is None or text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def unpack_text(value: str | bytes | None) -> str | None:
    """What `pack_text` was given."""
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value


def hash_delivery(value: str | bytes, index: int) -> int:
    """A number for the event with this index of a delivery: 44 bits of its id, then the index, so that those of one
    delivery are neighbours (see `hashes_of`).

    Others may have the same: whoever looks for one has to look at the event. value: the id as `pack_text` gives it.
    """
    data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    digest = int.from_bytes(blake2b(data, digest_size=8).digest(), "big", signed=True)
    return (digest & ~LAST_INDEX) + (index if 0 <= index < LAST_INDEX else LAST_INDEX)


def hashes_of(value: str | bytes) -> tuple[int, int]:
    """The least and the greatest number of a delivery's events."""
    first = hash_delivery(value, 0)
    return first, first + LAST_INDEX


def flatten(request: Request) -> bytes:
    """The request in one piece, but for `received`: a count, the lengths, then the fields."""
    fields = [
        request.method.encode("utf-8", "surrogatepass"),
        request.url.encode("utf-8", "surrogatepass"),
        request.peer.encode("utf-8", "surrogatepass"),
        *chain.from_iterable(request.headers),
        request.body,
    ]
    return b"".join((_lengths(len(fields) + 1).pack(len(fields), *map(len, fields)), *fields))


@lru_cache(maxsize=256)
def _lengths(count: int) -> struct.Struct:
    return struct.Struct(f"<{count}I")


def unflatten(flat: bytes, received: datetime) -> Request:
    """The request that `flatten` was given."""
    (count,) = struct.unpack_from("<I", flat)
    lengths = struct.unpack_from(f"<{count}I", flat, 4)
    fields, start = [], 4 + 4 * count
    for length in lengths:
        fields.append(flat[start : start + length])
        start += length
    method, url, peer, *headers, body = fields
    return Request(
        method=method.decode("utf-8", "surrogatepass"),
        url=url.decode("utf-8", "surrogatepass"),
        headers=tuple(zip(headers[::2], headers[1::2], strict=True)),
        body=body,
        received=received,
        peer=peer.decode("utf-8", "surrogatepass"),
    )


def flat_body(flat: bytes) -> bytes:
    """Only the body of a flattened request."""
    (count,) = struct.unpack_from("<I", flat)
    (length,) = struct.unpack_from("<I", flat, 4 * count)
    return flat[len(flat) - length :]


def pack_data(event: Event, request: Request) -> bytes | None:
    """An event's data; None if its text is the request's body, where it can be read again. It has a text from then on.

    Raises:
        LogError: it is not JSON-like.
    """
    if event.text is not None:
        return None if event.text is request.body else ORJSON + event.text
    data = event.data
    try:
        text = orjson.dumps(data, option=STRICT)
        # NaN and infinity are written as null
        if b"null" not in text or orjson.loads(text) == data:
            object.__setattr__(event, "text", text)
            return ORJSON + text
    except (orjson.JSONEncodeError, orjson.JSONDecodeError):
        pass
    try:
        return LENIENT + json.dumps(data).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise LogError(f"an event's data is not JSON-like: {error}; see what the provider's `data` gives") from None


def unpack_event(packed: bytes | None, body: bytes, attributes: dict[str, Any]) -> Event:
    """The event whose data `pack_data` was given; body: the request's."""
    if packed is None:
        return Event.of_text(body, **attributes)
    if packed[:1] == ORJSON:
        return Event.of_text(packed[1:], **attributes)
    return Event(**attributes, data=json.loads(packed[1:]))


class Packer:
    """Compresses; to be used by one thread at a time."""

    def __init__(self) -> None:
        # what the disk altered is noticed when it is read
        self._zstd = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)

    def pack(self, values: Sequence[bytes]) -> list[bytes]:
        """All of them in one call, which gives the interpreter away once instead of once for each."""
        large: list[bytes | bytearray | memoryview[int]] = [value for value in values if len(value) >= SMALL]
        if not large:
            return [PLAIN + value for value in values]
        packed = iter(self._zstd.multi_compress_to_buffer(large, threads=1))
        return [ZSTD + next(packed).tobytes() if len(value) >= SMALL else PLAIN + value for value in values]

    def pack_one(self, value: bytes) -> bytes:
        """One of them, where no other thread wants the interpreter."""
        return ZSTD + self._zstd.compress(value) if len(value) >= SMALL else PLAIN + value


class Unpacker:
    """Decompresses."""

    def __init__(self) -> None:
        self._zstd = zstandard.ZstdDecompressor()
        self._one = Lock()
        """It has a state of its own, and a new one takes twice as long as its work."""

    def __reduce__(self) -> tuple[type[Unpacker], tuple[()]]:
        """An event that is copied or goes to another process takes one along (see `Event.origin`)."""
        return Unpacker, ()

    def unpack(self, value: bytes) -> bytes:
        """One value that `Packer` packed.

        Raises:
            LogDamaged: it is not one.
        """
        kind, rest = value[:1], value[1:]
        if kind == PLAIN:
            return rest
        if kind != ZSTD:
            raise LogDamaged(f"a stored request has the unknown format {kind!r}: run `hub doctor --recover`")
        try:
            with self._one:
                return self._zstd.decompress(rest, max_output_size=LARGEST)
        except zstandard.ZstdError as error:
            raise LogDamaged(f"a stored request cannot be unpacked ({error}): run `hub doctor --recover`") from None
