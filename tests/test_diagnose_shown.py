"""Where a cause is shown: `hub rejected explain`, the console's API, and the terminal, behind the answer."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from api_kit import SECRET, Running, acme_folder, running
from cli_kit import command, environ, free_ports
from test_cli_hub import wait_for

from hub import operations, serve
from hub.core import Hub
from hub.diagnose import Cause
from hub.event import new_id
from hub.log.base import Rejection
from hub.request import Request
from hub.serve import Explainer
from hub.terminal import TerminalRenderer

Capsys = pytest.CaptureFixture[str]


def rejection(request: Request, source: str = "acme") -> Rejection:
    return Rejection(
        id=new_id(),
        source=source,
        at=request.received,
        stage="verify",
        reason="mismatch",
        detail="the signature is not that of this request",
        request=request,
    )


def spaced(hub: Running) -> Request:
    """Signed as compact JSON, arrived as spaced JSON."""
    right = hub.request(b'{"event":"paid","id":"1"}')
    return Request(right.method, right.url, right.headers, b'{"event": "paid", "id": "1"}', right.received)


def until(text: str | None, process: subprocess.Popen[str]) -> str:
    """What a process writes up to the first line with this text; up to its end if there is none."""
    late = threading.Timer(20, process.kill)
    late.start()
    lines = ""
    assert process.stderr is not None
    for line in process.stderr:
        lines += line
        if text is not None and text in line:
            break
    late.cancel()
    return lines


def test_a_bad_signature_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """A whole hub in a process of its own, with its lines for a terminal."""
    server, console = free_ports(2)
    (tmp_path / "config.toml").write_text(
        f'[server]\nport = {server}\nlog = "terminal"\n[console]\nport = {console}\n'
        '[providers.github]\nsecret = { env = "GITHUB_SECRET" }\n',
        encoding="utf-8",
    )
    (tmp_path / ".env").write_text("GITHUB_SECRET=the-new-secret\nGITHUB_SECRET_OLD=the-old-secret\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HUB_CONFIG", raising=False)
    process = subprocess.Popen(
        [sys.executable, "-m", "hub", "run"], cwd=tmp_path, env=environ(), stderr=subprocess.PIPE, text=True
    )
    try:
        wait_for(server, process)
        done = command(capsys, "send", "github", "push", "--bad-signature")
        wanted = done.out.split("hub rejected explain ")[1].strip()
        explained = command(capsys, "rejected", "explain", wanted)
        assert explained.code == 0
        assert "likely cause: it is signed with a secret that is not configured in [providers.github]" in explained.out
        assert "what to do  copy the secret of this webhook from GitHub" in explained.out
        assert "the-new-secret" not in explained.out
        (row,) = command(capsys, "rejected", "explain", wanted, "--json").rows
        assert row["cause"]["sentence"] in explained.out
        lines = until("↳", process)  # it is written behind the answer
        process.send_signal(signal.SIGINT)
        lines += until(None, process)
    finally:
        process.kill()
        process.communicate()
    assert "↳   github         it is signed with a secret that is not configured in [providers.github]" in lines
    assert "the-new-secret" not in lines and "Traceback" not in lines


async def test_the_api_has_the_cause(tmp_path: Path) -> None:
    async with running(acme_folder(tmp_path)) as hub:
        refused = rejection(spaced(hub))
        await hub.hub.log.reject(refused)
        row = await hub.get(f"/api/rejections/{refused.id}")
        assert row["cause"]["sentence"] == (
            "the body was re-serialised on its way: the signature is of the compact JSON"
        )
        assert set(row["cause"]) == {"sentence", "evidence", "hint"}
        assert SECRET not in str(row["cause"])
        gone = rejection(spaced(hub), "gone")
        await hub.hub.log.reject(gone)
        assert (await hub.get(f"/api/rejections/{gone.id}"))["cause"] is None


async def test_secrets_that_handshakes_brought_are_known(tmp_path: Path, capsys: Capsys) -> None:
    file = acme_folder(tmp_path)
    async with running(file) as hub:
        trusted, waiting = (rejection(hub.request(b'{"event":"x"}', secret)) for secret in ("learned-1", "learned-2"))
        await hub.hub.log.learn("acme", "secret", "learned-1", True)
        await hub.hub.log.learn("acme", "secret", "learned-2", False)
        for one in (trusted, waiting):
            await hub.hub.log.reject(one)
    first, second = await asyncio.to_thread(explain_both, capsys, file, trusted.id, waiting.id)
    assert f"today it is good: hub rejected accept {trusted.id}" in first and "likely cause" not in first
    assert "it is signed with another secret: a secret that a handshake brought and nobody has trusted" in second
    assert "learned-2" not in second


def explain_both(capsys: Capsys, file: Path, *wanted: str) -> list[str]:
    return [command(capsys, "rejected", "explain", one, "--config", str(file)).out for one in wanted]


async def test_an_old_secret_of_the_environment_is_known(tmp_path: Path) -> None:
    file = acme_folder(tmp_path)
    (tmp_path / ".env").write_text("ACME_SECRET_OLD=the-old-secret\nOTHER_SECRET=x-secret-x\n", encoding="utf-8")
    async with running(file) as hub:
        known: dict[str, Any] = {"folder": tmp_path, "log": hub.hub.log}
        source = hub.hub.sources["acme"]
        cause = await operations.explain(hub.request(b"{}", "the-old-secret"), source, {}, **known)
        assert cause is not None and cause.sentence == "it is signed with another secret: the value of ACME_SECRET_OLD"
        cause = await operations.explain(hub.request(b"{}", "x-secret-x"), source, {}, **known)
        assert cause is not None and "OTHER_SECRET" not in cause.sentence


class Slow:
    """Stands for `operations.explain`: takes as long as it is let."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        self.go = asyncio.Event()
        monkeypatch.setattr(operations, "explain", self.explain)

    async def explain(self, request: Request, source: Any, others: object, **more: object) -> Cause:
        self.asked.append(source.name)
        await self.go.wait()
        return Cause(f"cause of {source.name}", "evidence", "hint")


def told(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(hub.telemetry, "explained", lambda source, sentence, hint: lines.append(sentence))
    return lines


async def test_the_terminal_is_told_one_at_a_time_and_one_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(acme_folder(tmp_path)) as hub:
        slow, lines = Slow(monkeypatch), told(hub.hub, monkeypatch)
        explainer = Explainer(hub.hub)
        hub.hub.on_refusal = explainer.offer
        bad = hub.request(b"{}", "wrong-secret")
        for _ in range(3):
            assert (await hub.hub.receive("acme", bad)).status == 403  # answered while the cause is being sought
        await asyncio.sleep(0)
        assert (slow.asked, lines) == (["acme"], [])
        slow.go.set()
        await asyncio.sleep(0.01)
        assert lines == ["cause of acme"]
        await hub.hub.receive("acme", bad)
        await asyncio.sleep(0.01)
        assert slow.asked == ["acme"]
        monkeypatch.setattr(serve, "EXPLAIN_EVERY", 0.0)
        await hub.hub.receive("acme", bad)
        await asyncio.sleep(0.01)
        assert slow.asked == ["acme", "acme"]
        explainer.close()
        await hub.hub.receive("acme", bad)
        await asyncio.sleep(0.01)
        assert slow.asked == ["acme", "acme"]


async def test_the_end_does_not_wait_for_a_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(acme_folder(tmp_path)) as hub:
        slow, lines = Slow(monkeypatch), told(hub.hub, monkeypatch)
        explainer = Explainer(hub.hub)
        explainer.offer(hub.hub.sources["acme"], hub.request(b"{}", "wrong-secret"))
        await asyncio.sleep(0)
        began = time.monotonic()
        explainer.close()
        await asyncio.sleep(0)
        assert time.monotonic() - began < 0.5
        assert (slow.asked, lines) == (["acme"], [])


async def test_it_is_sought_in_a_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hub import diagnose

    threads: list[int] = []
    whole = diagnose.diagnose

    def noted(*given: Any, **more: Any) -> Cause | None:
        threads.append(threading.get_ident())
        return whole(*given, **more)

    monkeypatch.setattr(diagnose, "diagnose", noted)
    async with running(acme_folder(tmp_path)) as hub:
        lines = told(hub.hub, monkeypatch)
        Explainer(hub.hub).offer(hub.hub.sources["acme"], spaced(hub))
        deadline = time.monotonic() + 5
        while not lines and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
    assert lines == ["the body was re-serialised on its way: the signature is of the compact JSON"]
    assert threads and threads[0] != threading.get_ident()


def test_the_request_path_does_not_import_it() -> None:
    code = "import sys, hub.serve, hub.web.webhooks; print({'hub.diagnose', 'hub.clues'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], env=environ(), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_cause_on_a_terminal_obeys_nothing() -> None:
    line = {
        "event": "cause",
        "timestamp": "",
        "source": "acme",
        "sentence": "the URL http://\x1b[2J/ is",
        "hint": "a\nb",
    }
    text = TerminalRenderer(colour=False)(None, "info", line)
    assert "\x1b" not in text and "\n" not in text and "acme" in text and "the URL" in text
