"""The breaker and the bucket of tokens, on a clock of the test's own."""

from __future__ import annotations

import pytest

from hub.dispatch.breaker import Breaker, BreakerPolicy, Bucket
from hub.retry import Verdict

GONE = Verdict(dead=False, reason="refused", unreachable=True)
ODD = Verdict(dead=False, reason="KeyError")
POLICY = BreakerPolicy(failures=3, other_failures=10, first=1, longest=5)


def opened(breaker: Breaker, now: float = 0.0) -> Breaker:
    while breaker.state == "closed":
        breaker.failed(GONE, now)
    return breaker


def test_it_opens_after_so_many_failures_in_a_row() -> None:
    breaker = Breaker(POLICY)
    assert [breaker.failed(GONE, 0) for _ in range(3)] == [False, False, True]
    assert breaker.state == "open"


def test_an_answer_in_between_starts_anew() -> None:
    breaker = Breaker(POLICY)
    for _ in range(5):
        breaker.failed(GONE, 0)
        breaker.failed(GONE, 0)
        assert not breaker.passed()
    assert breaker.state == "closed"


def test_other_failures_count_less() -> None:
    breaker = Breaker(POLICY)
    assert [breaker.failed(ODD, 0) for _ in range(10)] == [False] * 9 + [True]


def test_it_lets_one_probe_through_when_its_time_is_over() -> None:
    breaker = opened(Breaker(POLICY), now=10)
    assert breaker.wait(10.25) == 0.75
    assert breaker.state == "open"
    assert breaker.wait(11) == 0
    assert breaker.state == "half-open"
    assert breaker.passed(probe=True)
    assert breaker.state == "closed"


def test_a_failed_probe_doubles_the_pause_up_to_the_longest() -> None:
    breaker, now, pauses = opened(Breaker(POLICY)), 0.0, []
    for _ in range(5):
        pauses.append(breaker.until - now)
        now = breaker.until
        breaker.wait(now)
        assert breaker.failed(ODD, now, probe=True)
    assert pauses == [1, 2, 4, 5, 5]


def test_after_an_answer_the_pause_is_short_again() -> None:
    breaker = opened(Breaker(POLICY))
    breaker.wait(breaker.until)
    breaker.failed(GONE, 1, probe=True)
    breaker.wait(breaker.until)
    breaker.passed(probe=True)
    opened(breaker, now=100)
    assert breaker.until == 101


def test_what_was_under_way_before_decides_nothing() -> None:
    breaker = opened(Breaker(POLICY))
    assert not breaker.passed()
    assert not breaker.failed(GONE, 0)
    assert (breaker.state, breaker.until) == ("open", 1)
    breaker.wait(1)
    assert not breaker.passed()
    assert not breaker.failed(GONE, 1)
    assert breaker.state == "half-open"


@pytest.mark.parametrize(("after", "pause"), [(0.5, 1), (3, 3), (86400, 5)])
def test_what_the_target_asks_for_is_heard_within_bounds(after: float, pause: float) -> None:
    breaker = Breaker(BreakerPolicy(failures=1, first=1, longest=5))
    breaker.failed(Verdict(dead=False, reason="429", after=after, unreachable=True), 0)
    assert breaker.until == pause


def test_a_bucket_gives_its_rate() -> None:
    bucket, now, given = Bucket(50, 0.0), 0.0, 0
    while now < 10:
        count = bucket.whole(now)
        bucket.spend(count)
        given += count
        now += bucket.wait(now)
    assert given == pytest.approx(50 * 10, abs=6)


def test_a_bucket_does_not_save_up() -> None:
    bucket = Bucket(50, 0.0)
    assert bucket.whole(0) == bucket.whole(3600) == 5


def test_a_slow_bucket_holds_one() -> None:
    bucket = Bucket(0.5, 0.0)
    assert bucket.whole(0) == 1
    bucket.spend(1)
    assert bucket.wait(0) == 2
    assert bucket.whole(1.99) == 0
    assert bucket.whole(2) == 1
