"""Retry: what each kind of failure means, when the next attempt is due, and what a reason never shows."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx2
import pytest

from hub.errors import Reject, Retry
from hub.retry import LONGEST_AFTER, LONGEST_REASON, RetryPolicy, classify, delay, parse_retry_after, reason_of

NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
SLACK = "https://hooks.slack.com/services/T00/B00/x5fEcReTx5"


def status_error(status: int, text: str = "", **headers: str) -> httpx2.HTTPStatusError:
    request = httpx2.Request("POST", SLACK)
    response = httpx2.Response(status, headers=headers, request=request)
    return httpx2.HTTPStatusError(text or f"{status} {response.reason_phrase}", request=request, response=response)


def test_the_delay_doubles_up_to_its_ceiling() -> None:
    policy = RetryPolicy(attempts=12, first=5, max=60)
    assert [delay(policy, attempt, lambda: 1.0) for attempt in (1, 2, 3, 4, 5, 6, 1000)] == [5, 10, 20, 40, 60, 60, 60]


def test_the_delay_has_full_jitter() -> None:
    policy = RetryPolicy(first=5, max=60)
    assert delay(policy, 2, lambda: 0.0) == 0
    assert delay(policy, 2, lambda: 0.25) == 2.5


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 422])
def test_a_status_that_will_stay_is_dead_at_once(status: int) -> None:
    verdict = classify(status_error(status))
    assert verdict.dead
    assert not verdict.unreachable


@pytest.mark.parametrize("status", [302, 402, 405, 408, 409, 425, 429, 500, 502, 503, 599])
def test_any_other_status_is_tried_again(status: int) -> None:
    verdict = classify(status_error(status))
    assert not verdict.dead
    assert verdict.after is None
    assert verdict.unreachable == (status >= 500 or status == 429)


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured(status: int) -> None:
    assert classify(status_error(status, **{"retry-after": "30"}), NOW).after == 30
    date = "Fri, 01 May 2026 12:01:30 GMT"
    assert classify(status_error(status, **{"retry-after": date}), NOW).after == 90


def test_retry_after_of_another_status_means_nothing() -> None:
    assert classify(status_error(500, **{"retry-after": "30"}), NOW).after is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        (" 7 ", 7),
        ("999999999", LONGEST_AFTER),
        ("Fri, 01 May 2026 11:00:00 GMT", 0),
        ("Fri, 01 May 2026 12:00:05 -0000", 5),
        ("Fri, 01 May 9999 12:00:00 GMT", LONGEST_AFTER),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("9" * 5000, None),
        ("Fri, 99 May 2026 11:00:00 GMT", None),
    ],
)
def test_a_retry_after_header(value: str, seconds: float | None) -> None:
    assert parse_retry_after(value, NOW) == seconds


def test_reject_is_dead_at_once() -> None:
    verdict = classify(Reject("gone"))
    assert (verdict.dead, verdict.reason, verdict.unreachable) == (True, "gone", False)


@pytest.mark.parametrize(
    ("asked", "after"), [(30, 30), (None, None), (-1, 0), (float("inf"), LONGEST_AFTER), (float("nan"), None)]
)
def test_retry_says_when(asked: float | None, after: float | None) -> None:
    verdict = classify(Retry("busy", after=asked))
    assert (verdict.dead, verdict.reason, verdict.after, verdict.unreachable) == (False, "busy", after, False)


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError(),
        ConnectionRefusedError(111, "Connection refused"),
        OSError(28, "No space left on device"),
        httpx2.ConnectError("All connection attempts failed"),
        httpx2.ReadTimeout("slow"),
    ],
)
def test_a_target_that_does_not_answer_is_unreachable(error: Exception) -> None:
    verdict = classify(error)
    assert verdict.unreachable
    assert not verdict.dead
    assert verdict.reason.startswith(type(error).__name__)


@pytest.mark.parametrize("error", [KeyError("x"), RuntimeError("broken"), SystemExit(1), httpx2.InvalidURL("bad")])
def test_any_other_error_is_tried_again(error: BaseException) -> None:
    verdict = classify(error)
    assert (verdict.dead, verdict.unreachable, verdict.after) == (False, False, None)


def test_the_reason_of_a_status_has_the_host_and_what_the_client_made_safe() -> None:
    assert (
        classify(status_error(404, "404 Not Found: no_service")).reason == "hooks.slack.com: 404 Not Found: no_service"
    )


def test_the_reason_of_a_status_from_another_client_has_no_url() -> None:
    response = httpx2.Response(404, request=httpx2.Request("POST", SLACK))
    with pytest.raises(httpx2.HTTPStatusError) as raised:
        response.raise_for_status()
    assert SLACK in str(raised.value)
    assert classify(raised.value).reason == "hooks.slack.com: 404 Not Found"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"cannot post to {SLACK}, sorry", "cannot post to https://hooks.slack.com/… sorry"),
        ("see https://user:pass@db.example:5432/x?key=1#frag", "see https://db.example/…"),
        ("postgres://user:pa/ss@db.example/x", "postgres://user/…"),
        ("x" * 1180 + " https://user:pass@db.example/x", "x" * (LONGEST_REASON - 1) + "…"),
        (" " * 1180 + "https://user:pa", "https://user/…"),
        (" " * 1170 + "a https://user-is-long:pass@db.example/x", "a https"),
        (" " * 5000, ""),
        ("two\nlines\x1b[31m\u202e", "two lines [31m"),
        ("", "the subscriber asked for another attempt"),
    ],
)
def test_a_reason_is_one_short_line_without_secrets(text: str, shown: str) -> None:
    assert reason_of(Retry(text)) == shown


def test_a_reason_is_bounded_whatever_the_text() -> None:
    assert reason_of(RuntimeError("a." * 5_000_000)).startswith("RuntimeError: a.a.a.")
    assert len(reason_of(RuntimeError("a." * 5_000_000))) == LONGEST_REASON


def test_an_error_that_cannot_be_shown_has_a_reason() -> None:
    class Odd(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert reason_of(Odd()) == "Odd"
