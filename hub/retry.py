"""What a failed attempt means, and when the next one is due. Nothing here waits, logs or keeps anything."""

from __future__ import annotations

import math
import re
import sys
import sysconfig
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hub.errors import Reject, Retry
from hub.settings import RetryPolicy

if TYPE_CHECKING:
    import httpx2

PERMANENT = frozenset({400, 401, 403, 404, 410, 413, 422})
"""Statuses that the same request will get again."""
SLOW_DOWN = frozenset({429, 503})
"""Statuses whose Retry-After is honoured (RFC 9110, 10.2.3 and 15.6.4; RFC 6585, 4)."""
LONGEST_AFTER = 24 * 3600.0
"""Seconds: no target may put a delivery off for longer."""
LONGEST_REASON = 300
LOOKED_AT = 4 * LONGEST_REASON
LIBRARIES = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))
DIGITS = re.compile(r"[0-9]{1,12}")
URL = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]*://)(?:[^\s/?#\"'<>]*@)?(\[[0-9A-Fa-f:.]+\]|[^\s/?#\"'<>@:]*)[^\s\"'<>]*")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a failure means for its delivery, and what it says about the target.

    dead: never try again; after: seconds until the next attempt that were asked for, None where the policy decides;
    unreachable: the target as a whole looks dead, whatever the event; reason: one short line, without URLs.
    """

    dead: bool
    reason: str
    after: float | None = None
    unreachable: bool = False


def delay(policy: RetryPolicy, attempt: int, random: Callable[[], float]) -> float:
    """Seconds to wait after the failure of an attempt (counted from 1): exponential, with full jitter and a ceiling.

    random() * min(policy.max, policy.first * 2 ** (attempt - 1)), where random() is in [0, 1)
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/, "Full Jitter").
    """
    return random() * min(policy.max, policy.first * 2.0 ** min(attempt - 1, 100))


def classify(error: BaseException, now: datetime | None = None) -> Verdict:
    """What an exception of a subscriber means. now: for a Retry-After that is a date; the clock's time if None."""
    if isinstance(error, Reject):
        return Verdict(dead=True, reason=reason_of(error))
    if isinstance(error, Retry):
        return Verdict(dead=False, reason=reason_of(error), after=_bounded(error.after))
    if "httpx2" in sys.modules:  # who has not imported it raises nothing of it, and need not pay for it
        import httpx2

        if isinstance(error, httpx2.HTTPStatusError):
            return _classify_status(error, now or datetime.now(UTC))
        if isinstance(error, httpx2.TransportError):
            return Verdict(dead=False, reason=reason_of(error), unreachable=True)
    if isinstance(error, OSError):  # also TimeoutError, ConnectionError, an unknown host, TLS, a full disk
        return Verdict(dead=False, reason=reason_of(error), unreachable=True)
    place = _place(error)
    return Verdict(dead=False, reason=one_line(f"{reason_of(error)} ({place})" if place else reason_of(error)))


def reason_of(error: BaseException) -> str:
    """An error in one line of at most `LONGEST_REASON` characters; of a URL only the host, the rest may be a secret."""
    try:
        text = str(error)
    except Exception:  # of a plugin's own class
        text = ""
    if not isinstance(error, (Reject, Retry)):
        text = f"{type(error).__name__}: {text}" if text.strip() else type(error).__name__
    return one_line(text)


def one_line(text: str) -> str:
    """Text for a reason: without control characters, without what follows the host in a URL, and short."""
    if len(text) > LOOKED_AT:
        text = text[:LOOKED_AT]
        # a URL that is cut in two could show a password as its host
        text = text.rsplit("://", 1)[0] if "://" in "".join(text.rsplit(None, 1)[-1:]) else text
    text = URL.sub(r"\1\2/…", text)
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= LONGEST_REASON else line[: LONGEST_REASON - 1] + "…"


def parse_retry_after(value: str, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for: a number or an HTTP date (RFC 9110, 10.2.3); None if neither."""
    value = value.strip()
    if DIGITS.fullmatch(value):
        return _bounded(float(value))
    try:
        moment = parsedate_to_datetime(value)
        return _bounded((moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())
    except (ValueError, OverflowError):
        return None


def _classify_status(error: httpx2.HTTPStatusError, now: datetime) -> Verdict:
    status = error.response.status_code
    after = parse_retry_after(error.response.headers.get("retry-after", ""), now) if status in SLOW_DOWN else None
    return Verdict(
        dead=status in PERMANENT, reason=_answer(error), after=after, unreachable=status >= 500 or status == 429
    )


def _answer(error: httpx2.HTTPStatusError) -> str:
    """Status and host; the answer's start only where `hub.client` has hidden what the request carried."""
    status, host = str(error.response.status_code), error.request.url.host
    said = str(error)
    # the text of httpx2 itself, "Client error '404 Not Found' for url ...", is nothing but the URL
    line = said if said.startswith(status) else f"{status} {error.response.reason_phrase}".strip()
    return one_line(f"{host}: {line}")


def _place(error: BaseException) -> str:
    """`file:line` of the plugin's code that raised it, or called what did; "" if it is a library's alone."""
    place = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        if not frame.f_code.co_filename.startswith(LIBRARIES):
            place = f"{Path(frame.f_code.co_filename).name}:{line}"
    return place


def _bounded(seconds: float | None) -> float | None:
    if seconds is None or math.isnan(seconds):
        return None
    return min(max(seconds, 0.0), LONGEST_AFTER)
