"""Secrets that stand in the body or the URL as they are: no event has them, however it is looked at."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx2
import orjson
import pytest
from api_kit import serving
from cli_kit import command, hub_folder
from provider_kit import NOW, builtin, sent

from hub import Event, Provider, Request, body, inside, items
from hub.config import load_config
from hub.core import Hub
from hub.redaction import Redactor
from hub.signatures import HMAC, AllOf, Configured, Custom, Each, OneOf, Scheme, Token, Unsigned
from hub.source import Source
from hub.testing import Nonconforming, check_provider
from hub.web.api import console_app

SECRET = "s3cr3t-0f-the-tests"
FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}
AWKWARD = 'p@ss w"ör\\d/+&=1'
"""A secret that URLs, forms and JSON write in other ways."""


def form(**fields: Any) -> bytes:
    """A form body; what is no text stands in it as JSON."""
    return urlencode({key: one if isinstance(one, str) else json.dumps(one) for key, one in fields.items()}).encode()


def said(*events: Event) -> str:
    return "\n".join(event.json().decode() for event in events)


GRAPH = [{"clientState": SECRET, "changeType": "created"}, {"clientState": "the-older-one", "changeType": "deleted"}]
STRAVA = {"object_type": "activity", "aspect_type": "create", "object_id": 91204751, "owner_id": 2}


@pytest.mark.parametrize(
    ("name", "options", "content", "headers"),
    [
        ("figma", {}, {"event_type": "PING", "passcode": SECRET}, JSON),
        ("kofi", {}, form(data={"type": "Donation", "verification_token": SECRET}), FORM),
        ("zulip", {}, {"trigger": "mention", "token": SECRET, "message": {"id": 1}}, JSON),
        ("zulip", {}, form(trigger_word="hub", token=SECRET, text="hub, hello"), FORM),
        ("aircall", {}, {"event": "call.created", "token": SECRET, "data": {"id": 1}}, JSON),
        ("mattermost", {}, {"post_id": "p", "token": SECRET, "text": "hello"}, JSON),
        ("mattermost", {}, form(command="/deploy", token=SECRET), FORM),
        (
            "mattermost",
            {"variant": "command"},
            form(command="/deploy", token=SECRET),
            {**FORM, "Authorization": f"Token {SECRET}"},
        ),
        ("rocketchat", {}, {"message_id": "m", "token": SECRET}, JSON),
        ("formstack", {"handshake_key": SECRET}, {"UniqueID": "1", "HandshakeKey": SECRET}, JSON),
        ("formstack", {"handshake_key": SECRET}, form(UniqueID="1", HandshakeKey=SECRET), FORM),
        ("strava", {"secret": 120475}, {**STRAVA, "subscription_id": 120475}, JSON),
        ("microsoft-graph", {"secret": [SECRET, "the-older-one"]}, {"value": GRAPH}, JSON),
        ("generic", {"scheme": "token", "at": "body.auth.key"}, {"type": "x", "auth": {"key": SECRET}}, JSON),
        ("generic", {"scheme": "token", "at": "form.key", "type": "form.kind"}, form(kind="x", key=SECRET), FORM),
    ],
)
async def test_no_event_has_the_secret(
    name: str, options: Mapping[str, Any], content: Any, headers: Mapping[str, str]
) -> None:
    given = {"secret": SECRET, **options} if name != "formstack" else options
    outcome = await sent(name, given, content, headers)
    assert outcome.accepted and outcome.events, outcome
    for secret in (SECRET, "the-older-one", "120475"):
        assert secret not in said(*outcome.events).replace("91204751", "")
    assert "[secret]" in said(*outcome.events)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("generic", {"secret": SECRET, "scheme": "token", "at": "query.token", "type": "query.type"}),
        ("zapier", {"secret": SECRET}),
        ("ifttt", {"secret": SECRET}),
        ("home-assistant", {"secret": SECRET}),
    ],
)
async def test_a_get_request_is_read_without_its_token(name: str, options: Mapping[str, Any]) -> None:
    outcome = await sent(name, options, method="GET", headers={}, query=f"?type=paid&token={SECRET}&order=7")
    (event,) = outcome.events
    assert event.data == {"type": "paid", "token": "[secret]", "order": "7"}


@pytest.mark.parametrize(
    "content",
    [
        form(payload={"type": "block_actions", "token": SECRET, "trigger_id": "1"}),
        form(command="/deploy", token=SECRET, trigger_id="1"),
        {"type": "event_callback", "token": SECRET, "event": {"type": "message"}},
    ],
)
def test_slacks_old_token_is_left_out(content: Any) -> None:
    """It is not among the options, so nothing could be compared with it."""
    raw, headers = (content, FORM) if isinstance(content, bytes) else (orjson.dumps(content), JSON)
    request = Request.make("POST", "https://h.example/webhooks/slack", headers, raw, NOW)
    events = source("slack", {"secret": "signing"}).examine(signed("slack", request, {"secret": "signing"})).events
    assert len(events) == 1 and "token" not in events[0].data and SECRET not in said(*events)


def provider(name: str) -> Provider:
    return builtin(name)


def source(name: str, options: Mapping[str, Any]) -> Source:
    return Source(name, provider(name), options)


def signed(name: str, request: Request, options: Mapping[str, Any]) -> Request:
    return provider(name).verify.sign(request, options)


async def test_a_secret_in_another_spelling_elsewhere_is_blotted_too() -> None:
    content = {
        "event_type": "PING",
        "passcode": AWKWARD,
        "endpoint": f"https://h.example/?token={quote(AWKWARD, safe='')}",
        "raw": json.dumps({"passcode": AWKWARD}),
        "list": [{AWKWARD: 1}, ("x", f"<{AWKWARD}>")],
    }
    (event,) = (await sent("figma", {"secret": AWKWARD}, content)).events
    assert event.data == {
        "event_type": "PING",
        "passcode": "[secret]",
        "endpoint": "https://h.example/?token=[secret]",
        "raw": '{"passcode": "[secret]"}',
        "list": [{"[secret]": 1}, ["x", "<[secret]>"]],
    }


async def test_a_body_that_is_taken_for_a_form_hides_its_secret_too() -> None:
    """The body as the name of a field: what a sender makes that says the wrong content type."""
    content = orjson.dumps({"message_id": "m=1", "token": SECRET})
    (event,) = (await sent("rocketchat", {"secret": SECRET}, content, FORM)).events
    assert SECRET not in said(event)


async def test_short_secrets_and_numbers_take_nothing_else_with_them() -> None:
    content = {"event_type": "PING", "passcode": "PI", "n": 12, "text": "PING 12"}
    (event,) = (await sent("figma", {"secret": ["PI", 12]}, content)).events
    assert event.data == {"event_type": "PING", "passcode": "[secret]", "n": "[secret]", "text": "PING 12"}
    (event,) = (await sent("strava", {"secret": 120475}, {**STRAVA, "subscription_id": 120475})).events
    assert (event.subject, event.data["object_id"]) == ("91204751", 91204751)


async def test_an_unverified_source_shows_nothing_either() -> None:
    (event,) = (await sent("figma", {"verify": False}, {"event_type": "PING", "passcode": SECRET})).events
    assert event.data["passcode"] == "[secret]"
    given = {"verify": False, "secret": "another-secret"}
    (event,) = (await sent("figma", given, {"event_type": "another-secret", "passcode": SECRET})).events
    assert (event.type, event.data["passcode"]) == ("figma.[secret]", "[secret]")


def made(scheme: Scheme, **slots: Any) -> Provider:
    common: dict[str, Any] = {"name": "acme", "title": "A", "docs": "https://a.example", "type": body("type")}
    return Provider(**{**common, "verify": scheme, **slots})


def configured(*, place: str = "key") -> Token:
    return Token(body(place))


def in_the_body(request: Request, *, secret: str) -> None:
    assert body("key")(request) == secret


@pytest.mark.parametrize(
    ("scheme", "options", "shows"),
    [
        (OneOf(a=HMAC("X-S"), b=Token(body("key"), option="token")), {"secret": SECRET}, False),
        (OneOf(a=HMAC("X-S"), b=Token(body("key"), option="token")), {"token": SECRET}, True),
        (OneOf(a=Token("X-K"), b=Token(body("key"))), {"secret": SECRET}, True),
        (OneOf(a=Token("X-K"), b=Token(body("key"))), {"secret": SECRET, "variant": "a"}, True),
        (OneOf(a=HMAC("X-S"), b=Unsigned()), {"secret": SECRET}, False),
        (AllOf(HMAC("X-S"), Token(body("key"), option="token")), {"token": SECRET}, True),
        (AllOf(HMAC("X-S"), Token(body("key"), option="token")), {"secret": SECRET}, False),
        (Each(items("[]"), Token(body("key"))), {"secret": SECRET}, True),
        (Configured(configured), {"secret": SECRET}, True),
        (OneOf(a=Configured(configured), b=HMAC("X-S")), {"secret": SECRET}, True),
        (Custom(in_the_body, shown=(body("key"),)), {"secret": SECRET}, True),
        (Custom(in_the_body, shown=(body("key"),)).signer(lambda r: r), {"secret": SECRET}, True),
        (Custom(in_the_body), {"secret": SECRET}, False),
        (Token(inside(lambda request: request.json, "key")), {"secret": SECRET}, True),
    ],
)
def test_every_scheme_says_what_it_shows(scheme: Scheme, options: Mapping[str, Any], shows: bool) -> None:
    content = orjson.dumps({"type": "paid", "key": SECRET})
    request = Request.make("POST", "https://h.example/webhooks/acme", JSON, content, NOW)
    (event,) = Source("acme", made(scheme), options).read(request)
    assert event.data["key"] == ("[secret]" if shows else SECRET)
    assert request.json["key"] == SECRET and request.body == content


def test_each_item_of_a_batch_is_cleaned() -> None:
    scheme = Each(items("list[]"), Token(body("key")))
    content = orjson.dumps({"list": [{"type": "a", "key": SECRET}, {"type": "b", "key": SECRET}]})
    request = Request.make("POST", "https://h.example/webhooks/acme", JSON, content, NOW)
    for split in (items("list[]"), None):
        events = Source("acme", made(scheme, split=split, type=lambda r: "x"), {"secret": SECRET}).read(request)
        assert SECRET not in said(*events)


def test_attributes_are_cleaned_and_deep_content_breaks_nothing() -> None:
    deep = "[" * 600 + f'"{SECRET}"' + "]" * 600
    content = f'{{"type": "{SECRET}", "key": "{SECRET}", "deep": {deep}}}'.encode()
    request = Request.make("POST", "https://h.example/webhooks/acme", JSON, content, NOW)
    places = {"id": body("key"), "subject": body("key")}
    (event,) = Source("acme", made(Token(body("key")), **places), {"secret": SECRET}).read(request)
    assert SECRET not in said(event)


@pytest.mark.parametrize("name", ["github", "calendly", "sendgrid", "google-pubsub"])
def test_what_shows_no_secret_is_not_looked_through(name: str) -> None:
    """The data of a signed body is that body, to the letter: nothing is copied."""
    found = provider(name)
    mode: Any = next(iter(getattr(found.verify, "modes", {"": found.verify}).values()))
    assert found.verify.shows({"public_url": "https://h.example/", **mode.credentials()}) == ()


@pytest.mark.parametrize("odd", ["\ud800", 1 << 70, None], ids=["surrogate", "large", "none"])
def test_data_without_a_secret_is_itself(odd: Any) -> None:
    data = {"a": [1, {"b": "c"}], "n": odd, "t": True, "f": 1.5}
    assert Redactor(["a secret", "1x", "True", "\udcff-secret"]).without(data) is data
    assert Redactor(["ö-secret"]).without([odd, "an ö-secret"]) == [odd, "an [secret]"]


def test_conformance_finds_an_event_with_the_secret() -> None:
    def signer(request: Request, *, secret: str) -> Request:
        return body("key").put(request, secret)

    def check(request: Request, *, secrets: list[str], secret: str) -> Any:
        return body("key")(request) in secrets

    scheme = Custom(check, covers="none").signer(signer)
    shown = Custom(check, covers="none", shown=(body("key"),)).signer(signer)
    slots: dict[str, Any] = {"name": "typeform", "type": body("event_type")}
    with pytest.raises(Nonconforming, match="shows the secret: its scheme has to say where that stands"):
        check_provider(replace(made(scheme), **slots))
    check_provider(replace(made(shown), **slots))


CONFIG = f"""
[providers.figma]
secret = "{SECRET}"
[providers.generic]
secret = "{SECRET}"
scheme = "token"
at = "query.token"
type = "query.type"
[subscribers.store]
plugin = "sqlite"
path = "events.db"
[subscribers.lines]
plugin = "jsonl"
path = "events.jsonl"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    yield from hub_folder(tmp_path, monkeypatch, CONFIG)


async def received(folder: Path) -> list[str]:
    """Two requests through a running hub; what its console says of their events."""
    hub = Hub(load_config(folder / "config.toml", {}))
    await hub.start()
    try:
        figma = orjson.dumps({"event_type": "PING", "passcode": SECRET, "retries": 0})
        for name, request in {
            "figma": Request.make("POST", "http://h/webhooks/figma", JSON, figma),
            "generic": Request.make("GET", f"http://h/webhooks/generic?type=paid&token={SECRET}"),
        }.items():
            assert (await hub.receive(name, request)).status == 200
        while any(one.lag.waiting + one.lag.in_flight for one in await hub.log.subscriptions()):
            await asyncio.sleep(0.01)
        app = console_app(hub)
        async with serving(app, hub.config.console.port) as url, httpx2.AsyncClient(base_url=url) as http:
            listed = (await http.get("/api/events")).text
            ids = [row["id"] for row in orjson.loads(listed)["items"]]
            pages = [f"/api/events/{one}{part}" for one in ids for part in ("", "/request")]
            return [listed, *[(await http.get(page)).text for page in pages]]
    finally:
        await hub.stop(2.0)


def test_a_running_hub_shows_it_nowhere(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = asyncio.run(received(folder))
    assert len(texts) == 5 and all(SECRET not in text and "[secret]" in text for text in texts[1:])
    ids = [row["id"] for row in command(capsys, "events", "--json").rows]
    shown = [command(capsys, "events", "show", one, "--json").out for one in ids]
    assert len(shown) == 2 and all(SECRET not in text and "[secret]" in text for text in shown)
    assert SECRET not in command(capsys, "events", "show", ids[0], "--request").out
    for file in ("events.db", "events.db-wal", "events.jsonl"):
        assert not (folder / file).exists() or SECRET.encode() not in (folder / file).read_bytes()
    assert b"[secret]" in (folder / "events.jsonl").read_bytes()
