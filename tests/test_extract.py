"""Places in a request: reading, writing, and what to make of what stands there; odd bodies never raise."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from hub import (
    Request,
    Unreadable,
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
    key_of,
    mac,
    query,
    whole,
    words,
    xml,
)
from hub.event import rfc3339
from hub.times import parse_time

JSON = {"id": 7, "a": {"b": [{"c": "deep"}, "second"], "d.e": "dotted", "none": None, "no": False}, "empty": ""}
ORDER = Request.make(
    "POST",
    "https://hub.example/webhooks/x?q=1&q=2&blank=&dots.in=name",
    headers=[("X-Kind", "order"), ("X-Twice", "1"), ("x-twice", "2")],
    body=orjson.dumps(JSON),
)
FORM = Request.make(
    headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}, body="a=1&b=x+y&b=2&c=%C3%A9"
)
ODD_BODIES = [b"", b"\x00\xff", b"[", b"null", b"[]", b"3", b'"x"', b"[" * 100_000, b'{"a":' * 5000, b'{"a":NaN}']


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (body("id"), 7),
        (body("a.b.0.c"), "deep"),
        (body("a.b.-1"), "second"),
        (body("a/d.e"), "dotted"),
        (body("a.no"), False),
        (body("a.none"), None),
        (body("a.b.9"), None),
        (body("id.x"), None),
        (body(), JSON),
        (header("x-kind"), "order"),
        (header("X-TWICE"), "1, 2"),
        (header("x-none"), None),
        (query("q"), "1"),
        (query("dots.in"), "name"),
        (query("blank"), ""),
        (query("none"), None),
        (first_of(header("x-none"), body("a.none"), body("empty"), body("id"), "never"), 7),
        (first_of(header("x-none"), "constant"), "constant"),
        (first_of(body("none"), query("none")), None),
        (join(header("x-kind"), body("a.none"), body("id")), "order.7"),
        (join("order", body("id"), by="/"), "order/7"),
        (join("order", body("none")), None),
        (words(body("id"), {7: "seven"}), "seven"),
        (words(body("id"), {8: "eight"}), 7),
        (words(body("a"), {7: "seven"}), JSON["a"]),
        (key_of(but=("id",)), "a"),
        (key_of(body("a.b.0")), "c"),
        (key_of(body("id")), None),
    ],
)
def test_reading(place, value):
    assert place(ORDER) == value


def test_reading_inside_content_of_another_kind():
    kind, deep = inside(form("a"), ""), inside(lambda request: orjson.loads(form("json")(request)), "none", "b.0.c")
    assert (kind(FORM), kind(ORDER)) == ("1", None)
    request = Request.make(
        headers={"Content-Type": "application/x-www-form-urlencoded"}, body='json={"b":[{"c":0},1],"e":""}'
    )
    assert deep(request) == 0
    assert inside(xml(), "kind")(ORDER) is None


def test_reading_a_form():
    assert (form("a")(FORM), form("b")(FORM), form("c")(FORM), form("none")(FORM)) == ("1", "x y", "é", None)
    assert form("a")(ORDER) is None


def test_reading_a_multipart_form():
    text = '--x\r\nContent-Disposition: form-data; name="json"\r\n\r\n{"n": 1}\r\n--x--\r\n'
    request = Request.make(headers={"Content-Type": "multipart/form-data; boundary=x"}, body=text)
    assert form("json")(request) == '{"n": 1}'


@pytest.mark.parametrize(
    "place", [header("X-Kind"), header("X-New"), query("q"), query("new"), body("id"), body("a.b.0.c"), body("new.one")]
)
def test_what_is_written_is_read(place):
    changed = place.put(ORDER, "written/é=&")
    assert place(changed) == "written/é=&"
    assert changed.method == ORDER.method
    for other in (header("X-Twice"), query("dots.in"), body("a.b.1")):
        assert other(changed) == other(ORDER)


def test_writing_a_form_keeps_its_other_fields():
    changed = form("a").put(FORM, "2&")
    assert changed.form == {"a": ["2&"], "b": ["x y", "2"], "c": ["é"]}


def test_writing_a_number_in_a_body_keeps_its_type():
    assert body("id").put(ORDER, 8).json["id"] == 8


def test_first_of_writes_where_it_reads():
    place = first_of(header("X-None"), header("X-Kind"))
    assert place.put(ORDER, "new").header("x-kind") == "new"
    assert first_of(header("X-None"), header("X-Other")).put(ORDER, "new").header("x-none") == "new"


def test_a_batch_is_read_item_by_item():
    request = Request.make(body='{"meta": {"at": 5}, "list": [{"sub": [{"n": 1}, {"n": 2}]}, {"sub": [{"n": 3}]}, 4]}')
    parts = [request.part(item) for item in items("list[].sub[]")(request)]
    assert [body("n")(part) for part in parts] == [1, 2, 3]
    assert [whole(body("meta.at"))(part) for part in parts] == [5, 5, 5]
    assert [body("meta.at")(part) for part in parts] == [None, None, None]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("[]", "[1, 2]", [1, 2]),
        ("events[]", '{"events": []}', []),
        ("list[].Item", '{"list": [{"Item": 1}, {"Other": 2}, 3, {"Item": null}]}', [1, None]),
        ("events[]", '{"type": "one"}', [{"type": "one"}]),
        ("[]", '{"type": "one"}', [{"type": "one"}]),
    ],
)
def test_items(path, text, expected):
    assert items(path)(Request.make(body=text)) == expected


def test_items_are_written_back():
    request = Request.make(body='{"list": [{"Item": {"n": 1}, "x": 1}, {"Item": {"n": 2}}], "live": "false"}')
    changed = items("list[].Item").put(request, [{"n": 3}, {"n": 4}])
    assert changed.json == {"list": [{"Item": {"n": 3}, "x": 1}, {"Item": {"n": 4}}], "live": "false"}


def test_a_body_that_is_no_batch_is_written_as_its_only_item():
    assert items("list[]").put(Request.make(body='{"n": 1}'), [{"n": 2}]).json == {"n": 2}


def test_items_of_a_body_that_is_not_json_cannot_be_read():
    with pytest.raises(Unreadable):
        items("list[]")(Request.make(body="no"))


def test_a_digest_is_stable_and_tells_values_apart():
    place = digest_of(body("id"), body("a.none"), header("x-kind"))
    assert place(ORDER) == place(Request.make(headers={"x-kind": "order"}, body='{"id": 7}'))
    assert place(ORDER) != place(Request.make(headers={"x-kind": "order"}, body='{"id": "7"}'))
    assert digest_of("a", "bc")(ORDER) != digest_of("ab", "c")(ORDER)
    assert digest_of(body("none"), body("id"))(ORDER) is None


@pytest.mark.parametrize("content", ODD_BODIES)
@pytest.mark.parametrize(
    "place",
    [
        body("a.b"),
        body("0"),
        form("a"),
        whole(body("a")),
        first_of(body("a"), form("a")),
        join(body("a"), body("b")),
        key_of(),
        words(body("a"), {}),
        echo(body("challenge")),
    ],
)
def test_odd_bodies_never_raise(place, content):
    for kind in (
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=\x01",
    ):
        place(Request.make(headers={"Content-Type": kind}, body=content))


@pytest.mark.parametrize("url", ["http://[", "http://h/?%ff=%zz&&=", "http://h:port/?q=\x00", ""])
def test_odd_urls_never_raise(url):
    query("q")(Request.make(url=url))
    echo(query("q"))(Request.make(url=url))


def test_echo_answers_with_what_stands_there():
    reply = echo(query("q"))(ORDER)
    assert (reply.status, reply.body, reply.event) == (200, "1", False)
    assert reply.headers["content-type"].startswith("text/plain")
    assert echo(query("none"))(ORDER) is None
    assert echo(query("blank"))(ORDER) is None
    assert echo(body("a"))(ORDER) is None


def test_head_is_answered():
    assert head_ok(Request.make("HEAD")).status == 200
    assert head_ok(ORDER) is None


def test_mac_writes_as_it_is_shown():
    """The sums of RFC 4231, test case 2."""
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert mac("Jefe", "what do ya want for nothing?") == expected
    assert mac("Jefe", b"what do ya want for nothing?", "v0={hex}") == f"v0={expected}"
    encoded = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="
    assert mac("Jefe", "what do ya want for nothing?", "sha256={base64}") == f"sha256={encoded}"


XML = b"""<?xml version="1.0"?><note xmlns="urn:x"><kind>sale</kind><item><n>1</n></item><item><n>2</n></item></note>"""


def test_xml():
    request = Request.make(body=XML)
    assert xml("kind")(request) == "sale"
    assert xml("item/1/n")(request) == "2"
    assert xml("none")(request) is None
    assert xml()(request) == {"kind": "sale", "item": [{"n": "1"}, {"n": "2"}]}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<a>",
        b'<!DOCTYPE a [<!ENTITY x "boom">]><a>&x;</a>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY x "boom">]><a>&x;</a>'.encode("utf-16"),
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b"<a>" * 1000 + b"</a>" * 1000,
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
    ],
)
def test_xml_that_is_not_read(content):
    with pytest.raises(Unreadable):
        xml()(Request.make(body=content))


NOON = datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1760000000, NOON),
        ("1760000000", NOON),
        (1760000000.5, NOON + timedelta(seconds=0.5)),
        (1760000000000, NOON),
        ("1760000000000", NOON),
        (1760000000000000, NOON),
        ("1760000000000000000", NOON),
        ("2025-10-09T08:53:20Z", NOON),
        ("2025-10-09T08:53:20", NOON),
        ("2025-10-09 08:53:20 UTC", NOON),
        ("2025-10-09T10:53:20+0200", NOON),
        ("2025-10-09T10:53:20+02:00", NOON),
        ("2025-10-09T10:53:20+02", NOON),
        ("2025-10-09T08:53:20.1234567Z", NOON + timedelta(microseconds=123456)),
        ("2025-10-09T08:53:20.123456789Z", NOON + timedelta(microseconds=123456)),
        ("20251009T085320Z", NOON),
        ("2025-10-09", datetime(2025, 10, 9, tzinfo=UTC)),
        ("20251009", datetime(2025, 10, 9, tzinfo=UTC)),
        ("Thu, 09 Oct 2025 08:53:20 GMT", NOON),
        ("Thu, 09 Oct 2025 10:53:20 +0200", NOON),
        (NOON, NOON),
        (datetime(2025, 10, 9, 8, 53, 20), NOON),
        (-1, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_times(value, moment):
    assert parse_time(value) == moment


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "",
        "soon",
        "2025-13-01",
        "2025-10-09T25:00:00Z",
        "nan",
        float("nan"),
        float("inf"),
        10**400,
        "9" * 60,
        "9" * 10_000,
        "-" * 40,
        [],
        {},
        ["2025-10-09"],
        b"1760000000",
        "0000-00-00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2025-10-09T08:53:20+99:99",
        "1, 1, 1, 1, 1",
    ],
)
def test_what_is_no_time(value):
    assert parse_time(value) is None


@pytest.mark.parametrize("value", ["2025-10-09T10:53:20+02:00", "Thu, 09 Oct 2025 10:53:20 +0200", "1-1-1 +2359"])
def test_every_time_can_be_written(value):
    moment = parse_time(value)
    assert moment is None or rfc3339(moment).endswith("Z")
