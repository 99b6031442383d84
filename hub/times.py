"""A moment, in any of the ways in which platforms write it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any

ISO = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?)?"
    r"\s*(Z|UTC|GMT|[+-]\d\d:?(?:\d\d)?)?",
    re.I,
)
NUMBER = re.compile(r"-?\d+(\.\d+)?")
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
DAY = re.compile(r"(19|20)\d{6}")


def parse_time(value: Any) -> datetime | None:
    """A moment from seconds, milliseconds, microseconds or nanoseconds since 1970, ISO 8601 or RFC 2822.

    Numbers may be text; a moment without a zone is UTC; what cannot be read is None.
    """
    try:
        moment = _moment(value)
        # in UTC, so that every moment that is returned can be written
        return moment if moment is None or moment.tzinfo is UTC else moment.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError, OSError):
        return None


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, str):  # nearly all are
        if isinstance(value, datetime):
            return _as_utc(value)
        if isinstance(value, bool) or value is None:
            return None
        if isinstance(value, (int, float)):
            return _since_epoch(float(value))
    text = str(value).strip()
    if not text or len(text) > 64:
        return None
    if RFC3339.fullmatch(text):
        return datetime.fromisoformat(text)
    if NUMBER.fullmatch(text) and not DAY.fullmatch(text):
        return _since_epoch(float(text))
    match = ISO.fullmatch(text)
    return _iso(match) if match else _as_utc(parsedate_to_datetime(text))


def _since_epoch(number: float) -> datetime:
    for divisor in (1.0, 1e3, 1e6, 1e9):
        if abs(number) / divisor < 1e11:
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=number / divisor)
    raise ValueError("no moment")


def _iso(match: re.Match[str]) -> datetime:
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    micro = int((fraction or "0").ljust(6, "0")[:6])
    moment = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), micro)
    if not zone or zone.upper() in ("Z", "UTC", "GMT"):
        return moment.replace(tzinfo=UTC)
    digits = zone[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return moment.replace(tzinfo=timezone(-offset if zone[0] == "-" else offset))


def _as_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
