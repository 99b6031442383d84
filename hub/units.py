"""Sizes, durations and rates as people write them: `25 MiB`, `7d`, `50/s`."""

from __future__ import annotations

import re

SIZES = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
DURATIONS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
NUMBER = r"(\d{1,15}(?:\.\d{1,9})?)"
SIZE = re.compile(NUMBER + r"\s*([A-Za-z]+)", re.ASCII)
DURATION = re.compile(NUMBER + r"\s*(ms|[smhdw])\s*", re.ASCII)
RATE = re.compile(NUMBER + r"\s*/\s*([smh])", re.ASCII)


# The messages do not repeat what was found: it may have come from a secret by mistake.


def parse_size(text: object) -> int:
    """Bytes: a number, or a number with B, kB, MB, GB (powers of 1000) or KiB, MiB, GiB (powers of 1024).

    Raises:
        ValueError: it is something else, or less than one byte.
    """
    size = 0.0
    if isinstance(text, int) and not isinstance(text, bool):
        size = text
    elif isinstance(text, str) and (match := SIZE.fullmatch(text.strip())):
        size = float(match[1]) * SIZES.get(match[2].upper(), 0)
    if size < 1:
        raise ValueError('a size is a number of bytes above 0, or a text such as "25 MiB"')
    return int(size)


def parse_duration(text: object) -> float:
    """Seconds: a number, or numbers with ms, s, m, h, d or w, such as `90s`, `1h 30m`.

    Raises:
        ValueError: it is something else, or negative.
    """
    if isinstance(text, (int, float)) and not isinstance(text, bool) and 0 <= text < 1e12:  # no nan, no inf
        return float(text)
    if isinstance(text, str) and text.strip() and not DURATION.sub("", text.strip()):
        return sum(float(number) * DURATIONS[unit] for number, unit in DURATION.findall(text))
    raise ValueError('a duration is a number of seconds, or a text such as "30s", "5m", "1h 30m" or "7d"')


def parse_rate(text: object) -> float:
    """How many in a second: a number, or a number by s, m or h, such as `50/s`, `30/m`.

    Raises:
        ValueError: it is something else, or nothing at all.
    """
    rate = 0.0
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        rate = float(text)
    elif isinstance(text, str) and (match := RATE.fullmatch(text.strip())):
        rate = float(match[1]) / DURATIONS[match[2]]
    if not 0 < rate < 1e9:
        raise ValueError('a rate is a number a second above 0, or a text such as "50/s" or "30/m"')
    return rate


def show_size(size: int) -> str:
    """`25 MiB`: in the largest unit that gives a whole number."""
    for unit, factor in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if size >= factor and size % factor == 0:
            return f"{size // factor} {unit}"
    return f"{size} B"


def show_duration(seconds: float) -> str:
    """`7d`: in the largest unit that gives a whole number."""
    for unit in ("d", "h", "m"):
        if seconds >= DURATIONS[unit] and seconds % DURATIONS[unit] == 0:
            return f"{int(seconds // DURATIONS[unit])}{unit}"
    return f"{seconds:g}s" if seconds >= 1 else f"{seconds * 1000:g}ms"
