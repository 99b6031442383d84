"""config.toml: what a right one comes to."""

from __future__ import annotations

import datetime as dates
from pathlib import Path

import pytest
from config_kit import MARKED, PLUGINS, Load, loading

from hub.config import load_config
from hub.provider import Provider
from hub.settings import RetryPolicy


@pytest.fixture
def load(tmp_path: Path) -> Load:
    return loading(tmp_path)


def test_an_empty_file_is_a_hub_with_the_defaults(load: Load, tmp_path: Path) -> None:
    config = load("")
    assert (config.server.host, config.server.port, config.server.max_body) == ("127.0.0.1", 8000, 25 * 2**20)
    assert (config.console.port, config.console.token) == (8001, None)
    assert (config.log.url, config.log.keep) == ("sqlite:///data/hub.db", 7 * 86400)
    assert (config.sources, config.subscriptions, config.secrets) == ((), (), frozenset())
    assert config.folder == tmp_path


def test_a_whole_file(load: Load, tmp_path: Path) -> None:
    config = load(
        """
        [server]
        host = "0.0.0.0"
        port = { env = "PORT" }
        public_url = "https://hub.example.com/"
        allowed_hosts = ["Hub.example.com"]
        max_body = "1 MiB"
        trusted_proxies = ["10.0.0.0/8"]

        [log]
        url = "nats://me:pass%20word@a:4222,b:4222"
        keep = "30d"

        [providers.acme]
        secret = [{ env = "ACME" }, "older secret"]

        [providers.acme-eu]
        plugin = "acme"
        secret = { k1 = "by key id" }
        public_url = "https://eu.example.com/hook?x=1"
        tolerance = "10m"
        dedupe = "body"
        max_body = 1000

        [subscribers.note]
        path = "notes/x.txt"
        url = { env = "URL" }
        labels = { env = "prod", team = "sales" }
        events = "acme.*"
        sources = ["acme-eu"]
        where = "data.amount > `10`"
        start = 2026-05-01
        retry = { attempts = 3, first = "1s" }
        concurrency = 2
        rate = "30/m"
        timeout = "5s"
        ordered = true
        enabled = { env = "ON" }
        """,
        {"PORT": "80", "ACME": "acme secret", "URL": "https://hooks.example.com/T1", "ON": "true"},
    )
    assert (config.server.port, config.server.max_body) == (80, 2**20)
    assert config.server.allowed_hosts == ("hub.example.com",)
    assert config.log.keep == 30 * 86400
    first, second = config.sources
    assert (first.name, first.plugin, first.provider.name) == ("acme", "acme", "acme")
    assert first.options == {
        "secret": ["acme secret", "older secret"],
        "public_url": "https://hub.example.com/webhooks/acme",
    }
    assert (first.public_url, first.max_body, first.dedupe, first.verify) == (None, None, "id", True)
    assert second.options == {
        "secret": {"k1": "by key id"},
        "public_url": "https://eu.example.com/hook?x=1",
        "tolerance": 600.0,
    }
    assert (second.public_url, second.max_body, second.dedupe) == ("https://eu.example.com/hook?x=1", 1000, "body")
    (note,) = config.subscriptions
    assert note.subscriber is config.plugins.subscriber("note")
    assert note.handler is None
    assert note.options == {
        "path": tmp_path / "notes/x.txt",
        "url": "https://hooks.example.com/T1",
        "labels": {"env": "prod", "team": "sales"},
    }
    assert (note.events, note.sources, note.where) == (("acme.*",), ("acme-eu",), "data.amount > `10`")
    assert note.start == dates.datetime(2026, 5, 1, tzinfo=dates.UTC)
    assert note.retry == RetryPolicy(attempts=3, first=1.0, max=3600.0)
    assert (note.concurrency, note.rate, note.timeout, note.ordered) == (2, 0.5, 5.0, True)
    assert config.secrets == {
        "acme secret",
        "older secret",
        "by key id",
        "https://hooks.example.com/T1",
        "pass%20word",
        "pass word",
    }


def test_a_console_with_a_token_may_be_open_to_others(load: Load) -> None:
    config = load("[console]\nhost = '0.0.0.0'\ntoken = 'x'\n")
    assert config.console.token is not None
    assert config.console.token.get_secret_value() == "x"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_a_console_on_loopback_needs_no_token(load: Load, host: str) -> None:
    assert load(f"[console]\nhost = '{host}'\n").console.host == host


def test_what_proves_nothing_is_taken_only_when_that_is_said(load: Load) -> None:
    config = load("[providers.open-to-all]\nverify = false\n[providers.acme]\nverify = false\n")
    assert [source.verify for source in config.sources] == [False, False]
    assert config.unverified == ("open-to-all", "acme")


def test_a_disabled_source_needs_no_secret(load: Load) -> None:
    config = load("[providers.acme]\nenabled = false\n")
    assert config.sources[0].enabled is False
    assert config.unverified == ()


def test_dotenv_beside_the_file_is_read(load: Load, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ACME_SECRET=from the file\n")
    text = "[providers.acme]\nsecret = { env = 'ACME_SECRET' }\n"
    assert load(text).sources[0].options == {"secret": "from the file"}
    assert load(text, {"ACME_SECRET": "real"}).sources[0].options == {"secret": "real"}


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xef\xbb\xbf[server]\nport = 1\n")
    assert load_config(tmp_path / "config.toml", {}).server.port == 1


def test_a_marked_function_is_a_subscription(load: Load, tmp_path: Path) -> None:
    (tmp_path / "plugins/mine.py").write_text(MARKED.format(more=""))
    (save,) = load("[providers.acme]\nsecret = 'x'\n").subscriptions
    assert (save.name, save.plugin, save.subscriber) == ("mine.save", "on", None)
    assert (save.events, save.sources, save.where) == (("acme.*",), ("acme",), "data.x")
    assert (save.retry.attempts, save.rate, save.concurrency) == (2, 5.0, 8)
    assert save.handler is not None
    assert save.handler.__name__ == "save"


def test_two_configs_in_one_process(tmp_path: Path) -> None:
    found = []
    for name in ("a", "b"):
        (tmp_path / name / "plugins").mkdir(parents=True)
        text = PLUGINS.replace("title=name.title()", f'title="{name}"')
        (tmp_path / name / "plugins/ours.py").write_text(text)
        (tmp_path / name / "config.toml").write_text("[providers.acme]\nsecret = 'x'\n")
        found.append(load_config(tmp_path / name / "config.toml", {}))
    providers: list[Provider] = [config.sources[0].provider for config in found]
    assert [provider.title for provider in providers] == ["a", "b"]
