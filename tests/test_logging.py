"""The hub's own log lines: a dead terminal stops nothing."""

import io
import sys

import pytest
import structlog

from hub.telemetry import configure_logging


def test_a_closed_error_output_raises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    configure_logging("json", frozenset({"a-long-secret"}))
    logger = structlog.get_logger("hub")
    logger.warning("told a-long-secret")
    assert isinstance(sys.stderr, io.StringIO)
    assert "told" in sys.stderr.getvalue()
    assert "a-long-secret" not in sys.stderr.getvalue()
    sys.stderr.close()
    logger.warning("to nobody")
