"""The webhook listener as a platform sees it: every answer of the design's table."""

import asyncio
import base64
import hashlib
import hmac
import json
import socket
import sqlite3
import uuid
from pathlib import Path

import httpx2
import pytest

from hub.log.sqlite_writer import Writer
from hub.receivers.channel import make_line
from hub.receivers.pool import Fork, Link
from hub.receivers.receiver import Receiver
from hub.source import Outcome
from hub.testing import RunningHub, running
from hub.web.webhooks import Arrived, Webhooks, body_of, head_of

CONFIG = """
[server]
log = "quiet"
max_body = "1 MiB"
[providers.typeform]
secret = "typeform-secret"
[providers.github]
secret = ["old-secret", "github-secret"]
[providers.paused]
plugin = "github"
enabled = false
[providers.slack]
secret = "slack-secret"
[providers.small]
plugin = "github"
secret = "github-secret"
max_body = "1 KiB"
[providers.bytes]
plugin = "generic"
secret = "generic-secret"
dedupe = "body"
[providers.open]
plugin = "generic"
verify = false
"""
FORM = b'{"event_id":"e1","event_type":"form_response","form_response":{"form_id":"lT4Z3j"}}'


class InOnePiece(httpx2.ASGITransport):
    """Hands webhooks over in one piece, as the listener does; everything else goes by ASGI."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        path, _, query = request.url.raw_path.decode().partition("?")
        if not path.startswith("/webhooks/") or "%" in path:
            return await super().handle_async_request(request)
        headers = tuple((name.lower(), value) for name, value in request.headers.raw)
        body = await request.aread()
        answered: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        assert isinstance(self.app, Webhooks)
        arrived = Arrived(request.method, path, path, query, "http", headers, "127.0.0.1", 2000, body)
        self.app.whole(arrived, answered.set_result)
        outcome = await answered
        head, _ = head_of(outcome.status, tuple(outcome.headers.items()), len(outcome.body))
        return httpx2.Response(
            outcome.status, headers=list(head), content=body_of(outcome, request.method), request=request
        )


class ByReceiver(InOnePiece):
    """Through what runs in a receiver's process, and the line between it and the hub."""

    receiver: Receiver | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self.receiver is None:
            ours, theirs = make_line()
            link = Link(Fork(None, socket.socket(), ours), self.app._hub, lambda sock: None)
            self.receiver = Receiver(self.app._hub.config, lambda: None)
            await self.receiver.connect(theirs)
            self.app = Webhooks(self.receiver)
            self.link, self.line = link, ours
        return await super().handle_async_request(request)

    async def aclose(self) -> None:
        if self.receiver is not None:
            self.link.stop()
            self.receiver.close()
            await self.link.ended
            self.line.close()


@pytest.fixture(autouse=True, params=["by ASGI", "in one piece", "by a receiver"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """All ways of a request give the same answers."""
    ways = {"in one piece": InOnePiece, "by a receiver": ByReceiver}
    if request.param in ways:
        monkeypatch.setattr(httpx2, "ASGITransport", ways[request.param])


def typeform(body: bytes, secret: str = "typeform-secret", algorithm: str = "sha256") -> dict[str, str]:
    digest = hmac.digest(secret.encode(), body, "sha256")
    return {
        "Typeform-Signature": f"{algorithm}={base64.b64encode(digest).decode()}",
        "Content-Type": "application/json",
    }


def github(
    body: bytes, event: str = "push", delivery: str | None = None, secret: str = "github-secret"
) -> dict[str, str]:
    return {
        "X-Hub-Signature-256": f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery or str(uuid.uuid4()),
        "Content-Type": "application/json",
    }


def problem(response: httpx2.Response) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    told = response.json()
    assert told["status"] == response.status_code
    assert set(told) == {"type", "title", "status"}
    return str(told["type"]).removeprefix("urn:webhook-hub:problem:")


async def test_typeform_as_its_users_know_it(tmp_path: Path) -> None:
    async with running(tmp_path, CONFIG) as hub:
        accepted = await hub.post("typeform", FORM, typeform(FORM))
        missing = await hub.post("typeform", FORM, {"content-type": "application/json"})
        empty = await hub.post("typeform", FORM, {"typeform-signature": ""})
        wrong = await hub.post("typeform", FORM, typeform(FORM, "another"))
        changed = await hub.post("typeform", FORM + b" ", typeform(FORM))
        sha512 = await hub.post("typeform", FORM, typeform(FORM, algorithm="sha512"))
        nonsense = await hub.post("typeform", FORM, typeform(FORM, algorithm="foo"))
        no_word = await hub.post("typeform", FORM, {"typeform-signature": "garbage"})
        (stored,) = await hub.events()
    assert accepted.status_code == 200
    assert accepted.json() == {"status": "accepted", "id": stored.event.id}
    assert (stored.event.type, stored.event.subject) == ("typeform.form_response", "lT4Z3j")
    assert stored.event.data == json.loads(FORM)
    assert [r.status_code for r in (missing, empty, wrong, changed, no_word)] == [403] * 5
    assert [problem(r) for r in (missing, empty, wrong, changed, no_word)] == [
        "missing",
        "missing",
        "mismatch",
        "mismatch",
        "malformed",
    ]
    assert [(r.status_code, problem(r)) for r in (sha512, nonsense)] == [(501, "algorithm")] * 2


async def test_a_duplicate_is_answered_with_the_first_ones_id(tmp_path: Path) -> None:
    async with running(tmp_path, CONFIG) as hub:
        first = await hub.post("github", b"{}", github(b"{}", delivery="d-1"))
        again = await hub.post("github", b"{}", github(b"{}", delivery="d-1"))
        assert len(await hub.events()) == 1
    assert again.status_code == 200
    assert again.json() == {"status": "duplicate", "id": first.json()["id"]}


async def test_any_of_a_list_of_secrets(tmp_path: Path) -> None:
    async with running(tmp_path, CONFIG) as hub:
        statuses = [
            (await hub.post("github", b"{}", github(b"{}", secret=secret))).status_code
            for secret in ("old-secret", "github-secret", "neither")
        ]
    assert statuses == [200, 200, 403]


async def test_a_signed_body_that_cannot_be_read_is_kept(tmp_path: Path) -> None:
    async with running(tmp_path, CONFIG) as hub:
        response = await hub.post("github", b"Hello, World!", github(b"Hello, World!"))
        from hub.log.base import RejectionQuery

        page = await hub.hub.log.rejections(RejectionQuery(stages=("read",)), None, 10)
        events = await hub.events()
    assert response.status_code == 200
    assert response.json()["id"] == page.items[0].id
    assert page.items[0].request.body == b"Hello, World!"
    assert events == []


async def test_a_handshake_is_answered(tmp_path: Path) -> None:
    async with running(tmp_path, CONFIG) as hub:
        response = await hub.send("slack", "url_verification")
        events = await hub.events()
    assert response.status_code == 200
    assert response.text == "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"
    assert response.headers["content-type"].startswith("text/plain")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert events == []


async def test_unknown_and_disabled_sources(tmp_path: Path) -> None:
    async with running(tmp_path, CONFIG) as hub:
        unknown = await hub.post("nobody")
        disabled = await hub.post("paused", b"{}", github(b"{}"))
        elsewhere = await hub.client.get("/")
    assert (unknown.status_code, problem(unknown)) == (404, "unknown-source")
    assert (disabled.status_code, problem(disabled)) == (503, "disabled")
    assert int(disabled.headers["retry-after"]) > 0
    assert elsewhere.status_code == 404


async def test_other_methods(tmp_path: Path) -> None:
    async with running(tmp_path, CONFIG) as hub:
        got = await hub.client.get("/webhooks/github")
        head = await hub.client.head("/webhooks/github")
    assert (got.status_code, problem(got), got.headers["allow"]) == (405, "method", "POST")
    assert (head.status_code, head.content) == (405, b"")


async def test_too_large(tmp_path: Path) -> None:
    async def chunks():  # type: ignore[no-untyped-def]
        for _ in range(40):
            yield b"x" * 65536

    async with running(tmp_path, CONFIG) as hub:
        announced = await hub.post("github", b"x" * (2**20 + 1), github(b""))
        streamed = await hub.client.post("/webhooks/github", content=chunks(), headers=github(b""))
        own_limit = await hub.post("small", b"x" * 1025, github(b"x" * 1025))
        fits = await hub.post("small", b"{}", github(b"{}"))
    assert [r.status_code for r in (announced, streamed, own_limit, fits)] == [413, 413, 413, 200]
    assert problem(streamed) == "too-large"


async def test_the_log_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(tmp_path, CONFIG) as hub:

        def broken(*arguments: object) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(Writer, "_write", broken)
            refused = await hub.post("github", b"{}", github(b"{}", delivery="d-1"))
        later = await hub.post("github", b"{}", github(b"{}", delivery="d-1"))
    assert (refused.status_code, problem(refused)) == (503, "log-unavailable")
    assert int(refused.headers["retry-after"]) > 0
    assert "disk" not in refused.text
    assert later.json()["status"] == "accepted"


async def test_identical_bytes_are_one_event_where_asked(tmp_path: Path) -> None:
    body = b'{"type": "tick"}'
    signature = {"x-signature": hmac.new(b"generic-secret", body, "sha256").hexdigest()}
    async with running(tmp_path, CONFIG) as hub:
        first = await hub.post("bytes", body, signature)
        again = await hub.post("bytes", body, signature)
        unsigned = [await hub.post("open", body) for _ in range(2)]
    assert again.json() == {"status": "duplicate", "id": first.json()["id"]}
    assert [r.json()["status"] for r in unsigned] == ["accepted", "accepted"]


async def test_refused_requests_are_kept_with_the_reason(tmp_path: Path) -> None:
    from hub.log.base import RejectionQuery

    async with running(tmp_path, CONFIG) as hub:
        await hub.post("typeform", FORM, typeform(FORM, "wrong"))
        await hub.hub.quarantine.close()
        page = await hub.hub.log.rejections(RejectionQuery(sources=("typeform",)), None, 10)
    (rejection,) = page.items
    assert (rejection.stage, rejection.reason, rejection.request.body) == ("verify", "mismatch", FORM)
    assert "typeform-secret" not in repr(rejection)


async def test_after_the_secret_is_corrected_it_is_let_in(tmp_path: Path) -> None:
    from hub.log.base import RejectionQuery

    async with running(tmp_path, CONFIG) as hub:
        await hub.post("typeform", FORM, typeform(FORM, "corrected"))
        await hub.hub.quarantine.close()
    async with running(tmp_path, CONFIG.replace("typeform-secret", "corrected")) as hub:
        (rejection,) = (await hub.hub.log.rejections(RejectionQuery(), None, 10)).items
        (stored,) = await hub.hub.accept(rejection)
        assert (await hub.hub.log.rejections(RejectionQuery(), None, 10)).items == []
    assert stored.event.type == "typeform.form_response"
    assert stored.event.receivedat == rejection.request.received


async def test_healthz(tmp_path: Path) -> None:
    async with running(tmp_path, CONFIG) as hub:
        response = await hub.client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_allowed_hosts(tmp_path: Path) -> None:
    config = CONFIG.replace("[server]", '[server]\nallowed_hosts = ["hub.test"]')
    async with running(tmp_path, config) as hub:
        right = await hub.post("github", b"{}", github(b"{}"))
        wrong = await hub.post("github", b"{}", {**github(b"{}"), "host": "evil.example"})
    assert (right.status_code, wrong.status_code, problem(wrong)) == (200, 421, "host")


@pytest.mark.parametrize(
    ("headers", "url"),
    [
        ({}, "http://hub.test/webhooks/open?a=%20b"),
        ({"x-forwarded-proto": "https", "x-forwarded-host": "pub.example"}, "https://pub.example/webhooks/open?a=%20b"),
    ],
)
async def test_the_url_is_the_one_that_the_platform_was_told(tmp_path: Path, headers: dict[str, str], url: str) -> None:
    async with running(tmp_path, CONFIG) as hub:
        answer = await hub.post("open", b"{}", headers, query="a=%20b")
        request = await hub.hub.log.request(answer.json()["id"])
    assert request is not None
    assert request.url == url


async def test_the_sender_is_the_last_untrusted_hop(tmp_path: Path) -> None:
    async with running(tmp_path, CONFIG) as hub:
        answer = await hub.post("open", b"{}", {"x-forwarded-for": "1.1.1.1, 203.0.113.9, 127.0.0.1"})
        request = await hub.hub.log.request(answer.json()["id"])
    assert request is not None
    assert request.peer == "203.0.113.9"


async def test_a_samples_life(tmp_path: Path, hub: object) -> None:
    """Sent twice with ids of its own it is two events, with the same one it is one."""
    async with running(tmp_path, CONFIG) as started:
        assert isinstance(started, RunningHub)
        for _ in range(2):
            assert (await started.send("typeform")).json()["status"] == "accepted"
        assert (await started.send("typeform", same_id=True)).json()["status"] == "accepted"
        assert (await started.send("typeform", same_id=True)).json()["status"] == "duplicate"
        assert len(await started.events()) == 3
