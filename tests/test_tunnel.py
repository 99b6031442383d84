"""The tunnel: where its token comes from, and what is said when it cannot be opened."""

from __future__ import annotations

import re
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from hub.errors import HubError, ServeError, UsageError
from hub.tunnel import open_tunnel

TOKEN = "the-token-of-the-tests"


def agent(monkeypatch: pytest.MonkeyPatch, error: str = "") -> list[tuple[str, str]]:
    """A stand-in for ngrok's SDK; what it was asked for."""
    asked = []

    async def forward(address: str, authtoken: str) -> Any:
        asked.append((address, authtoken))
        if error:
            raise ValueError(error)
        return SimpleNamespace(url=lambda: "https://a.ngrok.example")

    monkeypatch.setitem(sys.modules, "ngrok", SimpleNamespace(forward=forward))
    return asked


async def test_the_token_may_stand_in_dotenv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NGROK_AUTHTOKEN", raising=False)
    asked = agent(monkeypatch)
    tunnel = await open_tunnel("ngrok", "127.0.0.1", 8000, {"NGROK_AUTHTOKEN": TOKEN})
    assert tunnel.url == "https://a.ngrok.example"
    assert asked == [("127.0.0.1:8000", TOKEN)]


@pytest.mark.parametrize(
    ("kind", "environment", "error", "says"),
    [
        ("nfrok", {}, UsageError, "the hub can open: ngrok"),
        ("ngrok", {}, ServeError, "NGROK_AUTHTOKEN is not set"),
        ("ngrok", {"NGROK_AUTHTOKEN": TOKEN}, ServeError, "ngrok refused the tunnel: bad [secret]"),
    ],
)
async def test_why_not(
    monkeypatch: pytest.MonkeyPatch, kind: str, environment: dict[str, str], error: type[HubError], says: str
) -> None:
    agent(monkeypatch, f"bad {TOKEN}")
    with pytest.raises(error, match=re.escape(says)) as raised:
        await open_tunnel(kind, "127.0.0.1", 8000, environment)
    assert TOKEN not in str(raised.value)
