"""Telemetry: the live log of requests and deliveries, and the metrics; both bounded whatever a stranger sends."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

import structlog
from prometheus_client import CollectorRegistry, Gauge

from hub.event import Event
from hub.metrics import Count, Spread
from hub.redaction import Redactor

if TYPE_CHECKING:
    from hub.log.base import Attempt, Delivery, Stored
    from hub.source import Outcome

ANSWERS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
ATTEMPTS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Upper bounds of buckets, in seconds."""
LINES_A_SECOND = 100
"""Above this rate of log lines the rest of a second is only counted."""


class Telemetry:
    """What one hub tells the world about itself; label values are configured names or come from short fixed lists."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._log = structlog.get_logger("hub")
        self._budget = _Budget(LINES_A_SECOND)
        self.requests = Count("hub_requests", "Requests answered", ["source", "status"], registry)
        self.rejections = Count("hub_rejections", "Refused, by reason", ["source", "reason"], registry)
        self.events = Count("hub_events", "Events kept, duplicates not counted", ["source"], registry)
        self.duplicates = Count("hub_duplicates", "Events recognized as duplicates", ["source"], registry)
        self.attempts = Count("hub_attempts", "Attempts", ["subscription", "outcome"], registry)
        self.answer_seconds = Spread(
            "hub_answer_seconds", "From the request's last byte to its answer", [], ANSWERS, registry
        )
        self.attempt_seconds = Spread("hub_attempt_seconds", "Attempts", ["subscription"], ATTEMPTS, registry)
        self.lag = Gauge("hub_subscription_lag", "Deliveries, by state", ["subscription", "state"], registry=registry)

    def answered(
        self, source: str | None, method: str, outcome: Outcome, stored: Sequence[Stored], took: float
    ) -> None:
        """A request was answered. source: None if no such source is configured; took: seconds."""
        self.all_answered(source, method, outcome, [stored], [took])

    def all_answered(
        self,
        source: str | None,
        method: str,
        outcome: Outcome,
        stored: Sequence[Sequence[Stored]],
        took: Sequence[float],
    ) -> None:
        """Several requests of one source were answered in the same way; what was stored of each, and what it took."""
        label = source or "(unknown)"
        self.requests.add(label, str(outcome.status), count=len(took))
        duplicates = sum([one.duplicate for each in stored for one in each])
        fresh = sum(map(len, stored)) - duplicates
        if fresh:
            self.events.add(label, count=fresh)
        if duplicates:
            self.duplicates.add(label, count=duplicates)
        if not outcome.accepted and outcome.stage == "verify":
            self.rejections.add(label, outcome.reason, count=len(took))
        self.answer_seconds.add(*took)
        lines = self._budget.spend(self._suppressed, len(took))
        for each, seconds in islice(zip(stored, took, strict=True), lines):
            self._answered(label, method, outcome, each, seconds)

    def _answered(self, label: str, method: str, outcome: Outcome, stored: Sequence[Stored], took: float) -> None:
        first = stored[0] if stored else None
        self._log.info(
            "request",
            source=label,
            method=method[:16],
            status=outcome.status,
            stage=outcome.stage,
            reason=outcome.reason,
            detail=outcome.detail[:500],
            type=first.event.type if first else "",
            id=first.event.id if first else "",
            subject=(first.event.subject or "") if first else "",
            events=len(stored),
            duplicate=bool(stored) and all(one.duplicate for one in stored),
            ms=round(took * 1000, 1),
        )

    def attempted(self, event: Event, delivery: Delivery, attempt: Attempt) -> None:
        """An attempt at a delivery is over."""
        self.attempts.add(attempt.subscription, attempt.outcome)
        self.attempt_seconds.add(attempt.took, labels=(attempt.subscription,))
        if not self._budget.spend(self._suppressed):
            return
        self._log.info(
            "attempt",
            subscription=attempt.subscription,
            type=event.type,
            id=event.id,
            outcome=attempt.outcome,
            attempt=attempt.number,
            detail=attempt.detail[:500],
            ms=round(attempt.took * 1000, 1),
        )

    def explained(self, source: str, sentence: str, hint: str) -> None:
        """The likely cause of a refusal was found, after its line."""
        if self._budget.spend(self._suppressed):
            self._log.info("cause", source=source, sentence=sentence[:500], hint=hint[:500])

    def notice(self, text: str, **values: object) -> None:
        """Something the operator should know."""
        self._log.info("notice", text=text, **values)

    def warn(self, text: str, **values: object) -> None:
        """Something the operator should look at."""
        self._log.warning("warning", text=text, **values)

    def _suppressed(self, count: int) -> None:
        self._log.info("notice", text=f"… and {count:,} more lines in that second")


class _Budget:
    """So many lines a second; the rest is counted and told once."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._second = 0
        self._spent = 0

    def spend(self, tell: Callable[[int], None], lines: int = 1) -> int:
        """How many of so many lines may be written."""
        second = int(time.monotonic())
        if second != self._second:
            over, self._second, self._spent = self._spent - self._rate, second, 0
            if over > 0:
                tell(over)
        left = max(0, self._rate - self._spent)
        self._spent += lines
        return min(lines, left)


def configure_logging(style: Literal["auto", "terminal", "json", "quiet"], secrets: frozenset[str]) -> None:
    """Set up structlog for this process: coloured lines on a terminal, else JSON Lines; secrets are blotted out."""
    from hub.terminal import TerminalRenderer, coloured, width

    if style == "auto":
        style = "terminal" if sys.stderr.isatty() else "json"
    processors: list[Any] = [structlog.processors.TimeStamper(fmt="iso", utc=True), LineRedactor(secrets)]
    if style == "terminal":
        processors.append(TerminalRenderer(colour=coloured(sys.stderr), width=width))
    else:
        processors += [structlog.processors.add_log_level, structlog.processors.format_exc_info]
        processors.append(structlog.processors.JSONRenderer())
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(30 if style == "quiet" else 20),
        logger_factory=ErrorOutput,
        cache_logger_on_first_use=False,
    )


class ErrorOutput:
    """Lines to whatever is the error output now; one that is closed, full or a broken pipe stops no delivery."""

    def __init__(self, *args: object) -> None:
        pass

    def msg(self, line: str) -> None:
        """Write one line, if that is possible."""
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.write(line + "\n")
            sys.stderr.flush()

    log = debug = info = warn = warning = error = critical = fatal = failure = err = exception = msg


class LineRedactor(Redactor):
    """Blots out the configured secrets wherever they appear in a log line."""

    def __call__(self, logger: object, name: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
        for key, value in line.items():
            if isinstance(value, str):
                line[key] = self.redact(value)
        return line
