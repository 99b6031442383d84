"""Sizes, durations and rates as people write them."""

from __future__ import annotations

import math

import pytest

from hub.units import parse_duration, parse_rate, parse_size, show_duration, show_size


@pytest.mark.parametrize(
    ("text", "size"),
    [("25 MiB", 25 * 2**20), ("25mib", 25 * 2**20), ("1kB", 1000), ("1.5 GB", 1_500_000_000), ("7 B", 7), (9, 9)],
)
def test_sizes(text: object, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MiB", "5", "5 apples", "-5 MB", "0 B", 0, -1, True, 1.5, None, "5 MB 3", "٣ MB"])
def test_what_is_no_size(text: object) -> None:
    with pytest.raises(ValueError, match="25 MiB"):
        parse_size(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("1h 30m", 5400), ("1h30m", 5400), ("7d", 604800), ("250ms", 0.25), ("1.5 h", 5400), (3, 3), (0, 0)],
)
def test_durations(text: object, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", " ", "s", "5", "5 apples", "-5s", -1, math.nan, math.inf, True, None, "5s x", []])
def test_what_is_no_duration(text: object) -> None:
    with pytest.raises(ValueError, match="a duration is"):
        parse_duration(text)


@pytest.mark.parametrize(("text", "rate"), [("50/s", 50), ("30 / m", 0.5), ("36/h", 0.01), (4, 4), (0.5, 0.5)])
def test_rates(text: object, rate: float) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "50", "50/d", "0/s", 0, -1, math.nan, math.inf, True, None, "/s"])
def test_what_is_no_rate(text: object) -> None:
    with pytest.raises(ValueError, match="a rate is"):
        parse_rate(text)


@pytest.mark.parametrize("text", ["25 MiB", "3 GiB", "1 KiB", "1025 B"])
def test_sizes_are_shown_as_they_are_written(text: str) -> None:
    assert show_size(parse_size(text)) == text


@pytest.mark.parametrize("text", ["7d", "1h", "90m", "5s", "250ms", "1.5s"])
def test_durations_are_shown_as_they_are_written(text: str) -> None:
    assert show_duration(parse_duration(text)) == text
