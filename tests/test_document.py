"""JSON that is only looked into: takes nothing that the whole parser refuses, and finds what it finds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from hub.document import LARGEST, Document, dig
from hub.errors import Unreadable
from hub.extract import body
from hub.request import Request

SAMPLES = sorted((Path(__file__).parent.parent / "plugins" / "samples").rglob("*.json"))
PIECES = [
    *(b"{", b"}", b"[", b"]", b",", b":", b'"', b'"a"', b'"b"', b"1", b"-1", b"0", b"1e5", b".5", b"1.5E+3", b"true"),
    *(b"null", b"fals", b" ", b"\n", b"\x00", b"\xc3\xa9", b"-", b"01", b"\x0c", b"/**/", b"1e400", b'"\t"', b'"\\x"'),
    *(
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b'"\\ud83d"',
        b'"\\ud83d\\ude00"',
        b"18446744073709551615",
        b"18446744073709551616",
    ),
]


def paths(value: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield above
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(inner, (*above, str(key)))


def test_every_sample() -> None:
    seen = 0
    for sample in SAMPLES:
        text = sample.read_bytes()
        parsed, document = orjson.loads(text), Document.of(text)
        if document is None:
            continue
        seen += 1
        for path in paths(parsed):
            assert document.dig(path) == dig(parsed, path), (sample, path)
        for path in (("no such",), ("0",), ("-1",), ("00",), ("a", "b", "c")):
            assert document.dig(path) == dig(parsed, path), (sample, path)
    assert seen > 200


def test_it_takes_nothing_that_the_whole_parser_refuses() -> None:
    dice, taken = random.Random(3), 0
    for _ in range(60_000):
        text = (
            dice.choice((b"{", b"[")) + b"".join(dice.choices(PIECES, k=dice.randint(1, 9))) + dice.choice((b"}", b"]"))
        )
        document = Document.of(text)
        if document is not None:
            taken += 1
            assert document.dig(()) == orjson.loads(text), text
    assert taken > 500


@pytest.mark.parametrize("depth", range(1020, 1030))
def test_deep_nesting(depth: int) -> None:
    for text in (b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth):
        if Document.of(text) is not None:
            orjson.loads(text)


@pytest.mark.parametrize(
    "text",
    [b"", b" ", b"1", b'"a"', b'\xef\xbb\xbf{"a":1}', b'{"a":1,"a":2}', b"[%s]" % (b"1," * LARGEST + b"1")],
    ids=["nothing", "blank", "a number", "text", "a byte order mark", "a name twice", "large"],
)
def test_what_is_left_to_the_whole_parser(text: bytes) -> None:
    assert Document.of(text) is None


def test_a_name_that_stands_twice_is_the_last_one() -> None:
    request = Request.make(body=b'{"type":"first","type":"last"}')
    assert body("type")(request) == "last" == request.json["type"]


def test_what_is_no_json_is_unreadable() -> None:
    request = Request.make(body=b'{"type":}')
    with pytest.raises(Unreadable, match="not JSON"):
        _ = request.document
    assert body("type")(request) is None
