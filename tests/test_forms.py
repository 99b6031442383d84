"""Queries read from text, and rows for people and programs."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from hub.errors import UsageError
from hub.event import Event
from hub.forms import (
    EVENT_KEYS,
    delivery_query,
    event_query,
    matches,
    only,
    page_of,
    parse_moment,
    rejection_query,
    request_form,
)
from hub.log.base import Position, Query
from hub.request import Request

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("90s", NOW - timedelta(seconds=90)),
        ("30m", NOW - timedelta(minutes=30)),
        ("1h", NOW - timedelta(hours=1)),
        ("1h 30m", NOW - timedelta(minutes=90)),
        ("7d", NOW - timedelta(days=7)),
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC)),
        ("2026-11-23T08:15", datetime(2026, 11, 23, 8, 15, tzinfo=UTC)),
        ("2026-11-23T08:15:30.5Z", datetime(2026, 11, 23, 8, 15, 30, 500000, tzinfo=UTC)),
        ("2026-11-23T08:15:30+02:00", datetime(2026, 11, 23, 8, 15, 30, tzinfo=timezone(timedelta(hours=2)))),
        ("  1h ", NOW - timedelta(hours=1)),
    ],
)
def test_a_moment(text: str, moment: datetime) -> None:
    found = parse_moment(text, NOW)
    assert found == moment
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        *("", "yesterday", "1", "3600", "-1h", "1y", "2026", "2026-13-01", "2026-11-24T25:00", "20261124", "1h ago"),
        *("99999999999999d", "0001-01-01T00:00:00+14:00", "٣h", "x" * 10_000),
    ],
)
def test_no_moment(text: str) -> None:
    with pytest.raises(UsageError, match="is no time: write 30m") as caught:
        parse_moment(text, NOW)
    assert len(str(caught.value)) < 250


def test_events_are_selected_by_every_part() -> None:
    values = {"source": ["a", "b"], "type": "x.*", "id": ["1"], "subject": "s", "since": "1h", "until": ["2026-11-24"]}
    assert event_query(values, NOW) == Query(
        sources=("a", "b"),
        types=("x.*",),
        ids=("1",),
        subject="s",
        since=NOW - timedelta(hours=1),
        until=datetime(2026, 11, 24, tzinfo=UTC),
    )
    assert event_query({}) == Query()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"source": 1}, "source: a text, or a list of texts, not 1"),
        ({"id": ["a", None]}, "id: a text, or a list"),
        ({"subject": ["a", "b"]}, "subject: only one, not 2"),
        ({"since": True}, "since: a text"),
        ({"since": "soon"}, "'soon' is no time"),
    ],
)
def test_a_bad_query_is_explained(values: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        event_query(values)
    assert said in str(caught.value)


def test_deliveries_are_dead_letters_unless_said_otherwise() -> None:
    assert delivery_query({}).states == ("dead",)
    query = delivery_query({"state": "later", "subscription": "store", "source": "github"})
    assert (query.states, query.subscription, query.events.sources) == (("later",), "store", ("github",))
    with pytest.raises(UsageError, match="state: later or dead, not 'gone'"):
        delivery_query({"state": "gone"})


def test_rejections_are_the_open_ones_unless_said_otherwise() -> None:
    assert rejection_query({}).states == ("open",)
    query = rejection_query({"state": ["dropped"], "stage": "read", "source": "x", "id": "1"})
    assert (query.states, query.stages, query.sources, query.ids) == (("dropped",), ("read",), ("x",), ("1",))
    with pytest.raises(UsageError, match="stage: verify or read"):
        rejection_query({"stage": "later"})


def test_a_misspelt_name_does_not_widen_a_selection() -> None:
    with pytest.raises(UsageError, match="there is no 'sorce' here; there are id, since, source"):
        only({"sorce": "x"}, EVENT_KEYS)


def test_pages() -> None:
    assert page_of({}) == (None, 50)
    assert page_of({"limit": ["7"], "before": "12"}) == (Position(12), 7)
    assert page_of({"limit": 1000}) == (None, 1000)


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", "1.5", "", True, None, "٣", ["1", "2"], "9" * 5000])
def test_no_page(limit: object) -> None:
    if limit is None:
        limit = {}
    with pytest.raises(UsageError, match="limit: a"):
        page_of({"limit": limit})


def test_an_event_matches_by_source_and_pattern() -> None:
    event = Event(id="1", source="eu", type="stripe.invoice.paid", provider="stripe", deliveryid="1", receivedat=NOW)
    assert matches(Query(), event)
    assert matches(Query(sources=("eu",), types=("x", "stripe.invoice.*")), event)
    assert not matches(Query(sources=("us",)), event)
    assert not matches(Query(types=("stripe.customer.*",)), event)


def test_a_request_is_shown_without_credentials() -> None:
    def hide(text: str) -> str:
        return text.replace("s3cret", "[secret]")

    headers = {"Authorization": "Basic dTpw", "Cookie": "a=b", "X-Token": "s3cret", "X-Other": "ü"}
    form = request_form(Request.make("POST", "http://h/?k=s3cret", headers, '{"t":"s3cret"}', NOW, "1.2.3.4"), hide)
    assert form == {
        "method": "POST",
        "url": "http://h/?k=[secret]",
        "received": "2026-11-24T12:00:00Z",
        "peer": "1.2.3.4",
        "headers": [
            ["authorization", "Basic [hidden]"],
            ["cookie", "[hidden]"],
            ["x-token", "[secret]"],
            ["x-other", "ü"],
        ],
        "size": 14,
        "body": '{"t":"[secret]"}',
    }


def test_a_body_that_is_no_text_is_base64_and_hides_its_secrets() -> None:
    form = request_form(Request.make(body=b"\xff\xfes3cret"), lambda text: text.replace("s3cret", "[x]"))
    assert "body" not in form
    assert form["body_base64"] == "//5beF0="
