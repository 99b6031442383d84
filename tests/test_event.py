"""An event: its JSON forms, and data that is read from its text only when it is asked for."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from hub import Event, Provider, Request, body
from hub.signatures import HMAC
from hub.source import Source

ATTRIBUTES: dict[str, Any] = {
    "id": "01a2144a-7911-7d5e-b653-7475c9d6e736",
    "source": "github",
    "type": "github.push",
    "provider": "github",
    "deliveryid": "72d3162e",
    "receivedat": datetime(2026, 5, 1, 12, tzinfo=UTC),
}


def test_the_data_of_a_text_is_that_of_its_json() -> None:
    event = Event.of_text(b'{"a": [1, 2.50]}', **ATTRIBUTES)
    assert event.data == {"a": [1, 2.5]}
    assert event.data is event.data
    assert event == Event(**ATTRIBUTES, data={"a": [1, 2.5]})
    assert json.loads(event.json())["data"] == {"a": [1, 2.5]}


def test_the_text_is_passed_on_to_the_letter() -> None:
    text = b'{"amount":12345678901234567890123,"rate":1.0E+2,"name":"\\u00e9"}'
    event = Event.of_text(text, **ATTRIBUTES)
    assert event.data_json() == text
    assert b'"data":' + text in event.json()


def test_a_text_of_several_lines_becomes_one() -> None:
    event = Event.of_text(b'{\n  "a": 1\r\n}', **ATTRIBUTES)
    assert event.data_json() == b'{"a":1}'
    assert event.json() == orjson.dumps(event.cloudevent())


def test_a_changed_copy_has_not_the_old_text() -> None:
    event = Event.of_text(b'{"a":1}', **ATTRIBUTES)
    assert replace(event, data={"a": 2}).data_json() == b'{"a":2}'
    keyed = event.keyed("body:1", 3)
    assert (keyed.deliveryid, keyed.index, keyed.data_json(), keyed.text) == ("body:1", 3, b'{"a":1}', b'{"a":1}')
    assert (event.deliveryid, event.index) == ("72d3162e", 0)


def test_what_an_event_has_not_is_named() -> None:
    with pytest.raises(AttributeError, match="an event has no 'payload'"):
        Event.of_text(b"1", **ATTRIBUTES).payload  # noqa: B018  # that is the point


def test_a_plugin_may_change_the_parsed_body_in_place() -> None:
    def without_token(request: Request) -> Any:
        request.json.pop("token")
        return request.json

    provider = Provider(
        name="x", title="X", docs="https://x.example", verify=HMAC("X"), type=body("type"), data=without_token
    )
    [event] = Source("x", provider, {}).read(Request.make(body=b'{"type":"a","token":"t0ken"}'))
    assert event.data == {"type": "a"}
    assert b"t0ken" not in event.json()


def giving(number: int) -> Callable[[Request], int]:
    return lambda request: number


def test_what_a_function_gave_is_not_taken_for_what_another_gives() -> None:
    request = Request.make()
    assert [request.once(giving(number)) for number in range(9)] == [*range(9)]
