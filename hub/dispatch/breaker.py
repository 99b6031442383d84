"""What holds a subscription back: a breaker while its target is dead, a bucket of tokens for its rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hub.retry import Verdict

BreakerState = Literal["closed", "open", "half-open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy:
    """When a target counts as dead, and how often it is probed.

    failures: attempts in a row that find it unreachable; other_failures: attempts in a row that fail in any other way
    that may pass; first, longest: seconds until the first probe, doubled after each failed one up to the second.
    """

    failures: int = 5
    other_failures: int = 50
    first: float = 1.0
    longest: float = 60.0


class Breaker:
    """closed: deliver; open: take nothing from the log; half-open: one delivery is tried, and decides.

    While it is not closed only that probe counts: what else is still under way was begun before.
    """

    def __init__(self, policy: BreakerPolicy) -> None:
        self.state: BreakerState = "closed"
        self.until = 0.0
        self._policy = policy
        self._streak = 0.0
        self._pause = policy.first

    def wait(self, now: float) -> float:
        """Seconds until something may be tried; an open one becomes half-open when its time is over."""
        if self.state == "open" and now >= self.until:
            self.state = "half-open"
        return self.until - now if self.state == "open" else 0.0

    def passed(self, *, probe: bool = False) -> bool:
        """The target answered, if only to reject an event. Is this what closes the breaker?"""
        if self.state == "closed":
            self._streak = 0.0
            return False
        if not probe:
            return False
        self.state, self._streak, self._pause = "closed", 0.0, self._policy.first
        return True

    def failed(self, verdict: Verdict, now: float, *, probe: bool = False) -> bool:
        """An attempt failed and may be tried again. Is this what opens the breaker?"""
        if self.state == "closed":
            self._streak += 1 / (self._policy.failures if verdict.unreachable else self._policy.other_failures)
            if self._streak < 1 - 1e-6:  # ten tenths are a hair less than one
                return False
        elif not probe:
            return False
        pause = max(self._pause, verdict.after or 0.0)
        self.state, self.until = "open", now + min(pause, self._policy.longest)
        self._pause = min(self._pause * 2, self._policy.longest)
        return True


class Bucket:
    """Tokens that come at a rate; each attempt at a delivery takes one.

    It holds a tenth of a second's worth, at least one, so that a pause is not followed by a burst.
    """

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._most = max(1.0, rate / 10)
        self._tokens = self._most
        self._at = now

    def whole(self, now: float) -> int:
        """How many tokens there are."""
        self._tokens = min(self._most, self._tokens + (now - self._at) * self._rate)
        self._at = now
        # a hair below one is one: what was waited for must be there
        return int(self._tokens + 1e-6)

    def spend(self, count: int) -> None:
        """Take tokens out."""
        self._tokens -= count

    def wait(self, now: float) -> float:
        """Seconds until there is one."""
        return 0.0 if self.whole(now) else (1 - self._tokens) / self._rate
