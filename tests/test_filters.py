"""Filters: which events get through, what a wrong condition is told, and why an event was passed over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hub.errors import Reject
from hub.event import Event
from hub.filters import Filter

EVENT = Event(
    id="0193a5b0-0000-7000-8000-000000000001",
    source="stripe-eu",
    type="stripe.invoice.paid",
    provider="stripe",
    deliveryid="evt_1",
    receivedat=datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC),
    subject="in_1",
    time=datetime(2026, 5, 1, 11, 59, tzinfo=UTC),
    data={
        "amount_paid": 12000,
        "lines": [{"type": "plan", "qty": 2}],
        "note": None,
        "zero": 0,
        "empty": {},
        "no": False,
    },
)


@pytest.mark.parametrize(
    ("patterns", "matches"),
    [
        ((), True),
        (("*",), True),
        (("stripe.*",), True),
        (("stripe.invoice.paid",), True),
        (("github.*", "stripe.invoice.*"), True),
        (("*.paid",), True),
        (("stripe.invoice.pai?",), True),
        (("stripe.invoice",), False),
        (("Stripe.*",), False),
        (("github.*",), False),
        (("invoice.paid",), False),
        (("github.*", "*"), True),
    ],
)
def test_patterns_on_the_type(patterns: tuple[str, ...], matches: bool) -> None:
    assert Filter.make(patterns).matches(EVENT) is matches


def test_a_type_of_several_lines_is_one_type() -> None:
    assert not Filter.make(["stripe.invoice.paid"]).matches(replace(EVENT, type="stripe.invoice.paid\nx"))
    assert Filter.make(["stripe.*"]).matches(replace(EVENT, type="stripe.\nx"))


def test_sources_are_exact_names() -> None:
    assert Filter.make(sources=["a", "stripe-eu"]).matches(EVENT)
    assert not Filter.make(sources=["stripe"]).matches(EVENT)


def test_every_part_must_hold() -> None:
    where = "data.amount_paid > `10000`"
    assert Filter.make(["stripe.*"], ["stripe-eu"], where).matches(EVENT)
    assert not Filter.make(["github.*"], ["stripe-eu"], where).matches(EVENT)
    assert not Filter.make(["stripe.*"], ["other"], where).matches(EVENT)
    assert not Filter.make(["stripe.*"], ["stripe-eu"], "data.amount_paid > `20000`").matches(EVENT)


@pytest.mark.parametrize(
    "where",
    [
        f"id == '{EVENT.id}' && source == 'stripe-eu' && type == 'stripe.invoice.paid' && subject == 'in_1'",
        "time == '2026-05-01T11:59:00Z' && receivedat == '2026-05-01T12:00:00Z'",
        "provider == 'stripe' && deliveryid == 'evt_1'",
        "data.lines[?type == 'plan'].qty | [0] == `2`",
        "length(data.lines) == `1`",
        "starts_with(type, 'stripe.')",
        "data.lines[*].qty | sum(@) == `2`",
    ],
)
def test_a_condition_sees_the_whole_event(where: str) -> None:
    assert Filter.make(where=where).matches(EVENT)


@pytest.mark.parametrize(
    ("where", "matches"),
    [
        ("data", True),
        ("data.zero", True),
        ("data.amount_paid", True),
        ("data.lines", True),
        ("data.no", False),
        ("data.note", False),
        ("data.empty", False),
        ("data.lines[?qty > `5`]", False),
        ("data.missing.deeper", False),
        ("''", False),
    ],
)
def test_truth_is_that_of_jmespath(where: str, matches: bool) -> None:
    assert Filter.make(where=where).matches(EVENT) is matches


def test_what_the_platform_does_not_say_is_null() -> None:
    assert Filter.make(where="subject == `null` && time == `null`").matches(replace(EVENT, subject=None, time=None))


def test_a_function_of_what_the_event_lacks_makes_no_match() -> None:
    chosen = Filter.make(where="contains(data.title, 'x')")
    assert not chosen.matches(EVENT)
    assert "contains() was given null" in chosen.explain(EVENT)


@pytest.mark.parametrize("where", ["contains(data.amount_paid, 'x')", "sort(data.odd)"])
def test_a_condition_that_fails_rejects_the_event(where: str) -> None:
    chosen = Filter.make(where=where)
    event = replace(EVENT, data={"amount_paid": 1, "odd": [1, "a"]})
    with pytest.raises(Reject, match=r"^filter: where .* fails on this event"):
        chosen.matches(event)
    assert chosen.explain(event).startswith("filter: where")


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("data.amount > 10000", "character 15, at '10000': a number is written between backticks: `10000`"),
        ("data.a = 'x'", "character 8, at \"= 'x'\": equal is written =="),
        ("data.a ==", "ends too early"),
        ("data[?a == `1`", "ends too early"),
        ("'abc", "character 1"),
        ("a.b c", "character 5, at 'c': this is not JMESPath"),
        ("", "it is empty"),
        ("  ", "it is empty"),
        ('data.action == "opened"', "text is written between single quotes: 'opened'"),
        ("dta.x", "an event has no 'dta'; did you mean 'data'?"),
        ("data.a == null || data.b == null", "an event has no 'null'; it is written between backticks: `null`"),
        ("amount > `1`", "what the platform sent is in data: data.amount"),
        ("type == 'a' && contains(typ, 'x')", "an event has no 'typ'; did you mean 'type'?"),
        ("contain(type, 'x')", "there is no function contain(); did you mean contains()?"),
        ("zzzz(type)", "there is no function zzzz()"),
        ("length(type, data)", "length() takes 1 value, not 2"),
        ("starts_with(type)", "starts_with() takes 2 values, not 1"),
        ("not_null()", "not_null() takes at least 1 value, not 0"),
        ("data.x[?contain(@, 'x')]", "there is no function contain()"),
        ("(" * 5000, "it nests too deep"),
    ],
)
def test_a_wrong_condition_is_told_where_and_what_to_do(where: str, said: str) -> None:
    with pytest.raises(ValueError) as raised:
        Filter.make(where=where)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "where",
    [
        "data.a | b",
        "data.a[?b].c",
        "data.*.b",
        "data[].b",
        "max_by(data.l, &b)",
        "{a: data.x, b: type}",
        "data.l[0:2].b",
        "@",
    ],
)
def test_names_inside_the_data_are_not_the_events(where: str) -> None:
    assert Filter.make(where=where).where == where


def test_the_text_is_the_same_however_it_was_written() -> None:
    one = Filter.make(["b.*", "a.*", "b.*"], ["y", "x"], "data.a")
    assert one.text == '{"events": ["a.*", "b.*"], "sources": ["x", "y"], "where": "data.a"}'
    assert one.text == Filter.make(("a.*", "b.*"), ("x", "y"), "data.a").text
    assert Filter.make().text == Filter.make(["*", "a.*"]).text == ""


@pytest.mark.parametrize("parts", [((), (), None), (("a.*", "ü"), ("x",), "data.a == 'ü'"), (("*",), (), "data")])
def test_a_filter_is_made_again_of_its_text(parts: Any) -> None:
    chosen = Filter.make(*parts)
    assert Filter.from_text(chosen.text) == chosen


@pytest.mark.parametrize("text", ["[]", '{"other": 1}', "nonsense", '{"where": "a ="}'])
def test_a_text_that_is_none_of_a_filter_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        Filter.from_text(text)


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        (Filter.make(), ""),
        (Filter.make(["stripe.*"], ["stripe-eu"], "data"), ""),
        (Filter.make(["b.*", "a.*"]), "its type 'stripe.invoice.paid' matches none of a.*, b.*"),
        (Filter.make(sources=["x"]), "its source 'stripe-eu' is none of x"),
        (Filter.make(where="data.no"), "where data.no is false"),
        (Filter.make(where="data.note"), "where data.note is null"),
        (Filter.make(where="data.empty"), "where data.empty is empty"),
    ],
)
def test_why_an_event_was_passed_over(chosen: Filter, why: str) -> None:
    assert chosen.explain(EVENT) == why
