"""config.toml: what it comes to, and every problem at once, with its place and what to do."""

from __future__ import annotations

import datetime as dates
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from hub.config import Config, load_config
from hub.errors import ConfigError, PluginError
from hub.loader import load_plugins
from hub.provider import Provider
from hub.settings import RetryPolicy

PLUGINS = '''
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from hub import Event, Option, Provider, Refused, Subscriber, hookimpl, on


@dataclass(frozen=True)
class Keyed:
    """A scheme that wants one secret; `names` are its options."""

    names: tuple = ("secret",)
    proves: bool = True
    covers: str = "all"

    def options(self):
        kind = str | int | list[str | int] | dict[str, str | int]
        return {name: Option("The shared secret.", kind, secret=True) for name in self.names}

    def configured(self, options):
        return any(options.get(name) for name in self.names)


def make(name, scheme):
    return Provider(name=name, title=name.title(), docs="https://example.com", verify=scheme, type=lambda request: "x")


@hookimpl
def register_providers():
    return [
        make("acme", Keyed()),
        make("login", Keyed(("username", "password"))),
        make("open-to-all", Keyed((), proves=False)),
    ]


@dataclass
class Note(Subscriber):
    name = "note"
    path: Path
    url: Annotated[str, Option("Where to.", secret=True)] = "x"
    count: int = 3
    labels: dict[str, str] = field(default_factory=dict)

    async def deliver(self, event: Event) -> None: ...


@hookimpl
def register_subscribers():
    return [Note]
'''
Load = Callable[..., Config]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load this text as config.toml, beside a folder of plugins of our own."""
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins/ours.py").write_text(PLUGINS)

    def load(text: str, environ: Mapping[str, str] | None = None) -> Config:
        file = tmp_path / "config.toml"
        file.write_text(dedent(text))
        plugins = load_plugins(tmp_path / "plugins", installed=False)
        return load_config(file, environ or {}, plugins=plugins)

    return load


def problems(load: Load, text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """`where: text` of every problem."""
    with pytest.raises(ConfigError) as caught:
        load(text, environ)
    return [f"{problem.where}: {problem.text}" for problem in caught.value.problems]


def problem(load: Load, text: str, environ: Mapping[str, str] | None = None) -> str:
    (only,) = problems(load, text, environ)
    return only


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


SECRET = "a-very-secret-value"


def test_no_secret_is_in_a_repr(load: Load) -> None:
    config = load(
        f"""
        [console]
        token = {{ env = "T" }}
        [log]
        url = "nats://me:{SECRET}@a"
        [providers.acme]
        secret = "{SECRET}"
        [subscribers.note]
        path = "x"
        url = "{SECRET}"
        """,
        {"T": SECRET},
    )
    assert config.secrets == {SECRET}
    assert config.log.shown == "nats://a"
    for shown in (config, *config.sources, *config.subscriptions, config.server, config.console, config.log):
        assert SECRET not in repr(shown)
        assert SECRET not in str(shown)


def test_no_secret_is_in_an_error(load: Load, caplog: pytest.LogCaptureFixture) -> None:
    text = f"""
        [console]
        token = ["{SECRET}"]
        [server]
        port = {{ env = "T" }}
        max_body = {{ env = "T" }}
        log = {{ env = "T" }}
        trusted_proxies = [{{ env = "T" }}]
        [log]
        url = "postgres://me:{SECRET}@a"
        [providers.acme]
        secret = 1.5
        tolerance = {{ env = "T" }}
        [providers.login]
        password = [[["{SECRET}"]]]
        [subscribers.note]
        path = "x"
        url = ["{SECRET}"]
        count = {{ env = "T" }}
        rate = {{ env = "T" }}
        retry = {{ first = {{ env = "T" }} }}
        """
    with caplog.at_level(logging.DEBUG), pytest.raises(ConfigError) as caught:
        load(text, {"T": SECRET})
    assert {problem.where for problem in caught.value.problems} == {
        "console.token",
        "server.port",
        "server.max_body",
        "server.log",
        "server.trusted_proxies[0]",
        "log.url",
        "providers.acme.secret",
        "providers.acme.tolerance",
        "providers.login.password",
        "subscribers.note.url",
        "subscribers.note.count",
        "subscribers.note.rate",
        "subscribers.note.retry.first",
    }
    assert SECRET not in str(caught.value) + repr(caught.value) + caplog.text


def test_every_problem_is_reported_in_the_order_of_the_file(load: Load, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("not a line at 'all\n")
    found = problems(
        load,
        """
        [subscribers.nte]
        [providers.acme]
        [providers.login]
        pasword = "x"
        username = { env = "NOBODY" }
        [server]
        prot = 1
        [serve]
        """,
    )
    assert [text.partition(":")[0] for text in found] == [
        "line 1",
        "subscribers.nte",
        "providers.acme",
        "providers.login.username",
        "providers.login.pasword",
        "server.prot",
        "serve",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[servr]", "servr: there is no such table; did you mean 'server'?"),
        ("zzz = 1", "zzz: there is no such table; there are server, console, log, providers, subscribers"),
        ("server = 1", "server: it is a table: write [server] on a line of its own"),
        ("providers = 1", "providers: it holds tables: write [providers.<name>]"),
        ("[providers]\nsecret = 'x'", "providers.secret: a source is a table: write [providers.<name>] above its keys"),
        ("[server]\nprot = 1", "server.prot: there is no such key; did you mean 'port'?"),
        ("[server]\nport = 'x'", "server.port: it is a whole number, found 'x'"),
        ("[server]\nport = 70000", "server.port: input should be less than or equal to 65535, found 70000"),
        ("[server]\nlog = 'xml'", "server.log: it is 'auto', 'terminal', 'json' or 'quiet', found 'xml'"),
        ("[server]\nmax_body = 'big'", "server.max_body: a size is a number of bytes above 0, or a text such as"),
        ("[server]\ntrusted_proxies = ['x']", "server.trusted_proxies[0]: it is an address or a network, such as"),
        (
            "[server]\nallowed_hosts = ['http://x']",
            "server.allowed_hosts[0]: it is a host name without scheme and port",
        ),
        ("[server]\nallowed_hosts = 'x'", "server.allowed_hosts: it is a list, such as [\"x\"], found 'x'"),
        ("[server]\npublic_url = 'hub.example'", "server.public_url: it is a whole URL, such as https://hub.exam"),
        ("[log]\nkeep = '7 days'", "log.keep: a duration is a number of seconds, or a text such as"),
        ("[log]\nurl = 'sqlite://data/hub.db'", "log.url: a file's URL has three slashes"),
        ("[log]\nurl = 'mysql://x'", "log.url: it is sqlite:///<file> or nats://"),
        ("[console]\nhost = '0.0.0.0'", "console.host: a console that others can reach needs a token: set token ="),
        ("[console]\nhost = 'hub.example.com'", "console.host: a console that others can reach needs a token"),
        ("[console]\nport = 8000", "console.port: the webhook listener has port 8000 already"),
        ("[providers.acmee]", "providers.acmee: there is no provider 'acmee'; did you mean 'acme'?"),
        ("[providers.x]\nplugin = 'acmee'", "providers.x.plugin: there is no provider 'acmee'; did you mean 'acme'?"),
        ("[providers.Acme]\nplugin = 'acme'", "providers.Acme: a source's name is lower-case letters and digits"),
        ("[providers.'a/b']\nplugin = 'acme'", "providers.a/b: a source's name is lower-case letters and digits"),
        (f"[providers.{'a' * 65}]\nplugin = 'acme'", "at most 64 in all"),
        ("[providers.acme]", 'providers.acme: [providers.acme] needs a secret: set secret = { env = "ACME_SECRET" }'),
        ("[providers.login]", "providers.login: [providers.login] needs some of username, password: set username ="),
        ("[providers.open-to-all]", "providers.open-to-all: Open-To-All does not sign its requests, so anyone could"),
        ("[providers.acme]\nsecert = 'x'", "providers.acme.secert: there is no such option; did you mean 'secret'?"),
        ("[providers.acme]\nsecret = ''", "providers.acme: [providers.acme] needs a secret"),
        (
            "[providers.acme]\nsecret = 'x'\ndedupe = 'hash'",
            "providers.acme.dedupe: it is 'id' or 'body', found 'hash'",
        ),
        ("[providers.acme]\nsecret = 'x'\nverify = 'no!'", "providers.acme.verify: it is true or false, found 'no!'"),
        ("[subscribers.nte]", "subscribers.nte: there is no subscriber 'nte'; did you mean 'note'?"),
        ("[subscribers.note]", "subscribers.note.path: it is missing"),
        (
            "[subscribers.note]\npath = 'x'\npth = 1",
            "subscribers.note.pth: there is no such option; did you mean 'path'?",
        ),
        ("[subscribers.note]\npath = 'x'\nwhere = 'a ='", "subscribers.note.where: not JMESPath"),
        (
            "[subscribers.note]\npath = 'x'\nsources = ['acm']",
            "subscribers.note.sources: 'acm': there is no such source",
        ),
        (
            "[subscribers.note]\npath = 'x'\nstart = 'soon'",
            'subscribers.note.start: it is "now", "beginning", or a time',
        ),
        ("[subscribers.note]\npath = 'x'\nrate = '5'", "subscribers.note.rate: a rate is a number a second above 0"),
        (
            "[subscribers.note]\npath = 'x'\nretry = { attempt = 1 }",
            "retry.attempt: there is no such key; did you mean",
        ),
        ("[subscribers.note]\npath = 'x'\nretry = 3", "subscribers.note.retry: it is a table, found 3"),
        ("[subscribers.note]\npath = 'x'\nconcurrency = 0", "subscribers.note.concurrency: input should be greater"),
    ],
)
def test_what_is_wrong_is_said_with_its_key(load: Load, text: str, expected: str) -> None:
    assert expected in problem(load, text)


def test_a_misspelt_secret_is_one_problem(load: Load) -> None:
    """Not also that a secret is missing: the first one says it."""
    assert "did you mean" in problem(load, "[providers.acme]\nsecert = 'x'")


def test_an_unset_variable_is_one_problem(load: Load) -> None:
    text = "[providers.acme]\nsecret = { env = 'X' }\n[subscribers.note]\npath = { env = 'X' }\n"
    found = problems(load, text)
    assert [one.partition(":")[0] for one in found] == ["providers.acme.secret", "subscribers.note.path"]
    assert all("the environment variable X is not set" in one for one in found)


def test_an_unset_token_is_one_problem(load: Load) -> None:
    text = "[console]\nhost = '0.0.0.0'\ntoken = { env = 'X' }\n"
    assert problem(load, text).startswith("console.token: the environment variable X is not set")


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


@pytest.mark.parametrize(
    ("text", "where", "hint"),
    [
        ("[server]\nhost = localhost\n", "line 2 column 8", "a text stands in double quotes"),
        ("[server]\n[server]\n", "line 2 column 8", "each table is written once"),
        ("[server]\nport = 1\nport = 2\n", "line 3 column 9", "each key is written once"),
        ("[server]\nport 1\n", "line 2 column 6", "a line is `key = value`"),
        ("[providers.acme]\nsecret = 'never shown\n", "end of document", "a text or a list is not closed"),
        ('[providers.acme]\nsecret = "never shown\n', "line 2 column 22", "a text ends on the line it began on"),
        ("[server]\nallowed_hosts = ['x'\n", "end of document", "not closed"),
    ],
)
def test_what_is_no_toml(load: Load, text: str, where: str, hint: str) -> None:
    found = problem(load, text)
    assert found.startswith(where)
    assert hint in found
    assert "never shown" not in found


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config.toml: there is no such file; `hub init` writes one"):
        load_config(tmp_path / "config.toml", {})


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"[server]\n\xff")
    with pytest.raises(ConfigError, match="byte 9 is not UTF-8"):
        load_config(tmp_path / "config.toml", {})


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xef\xbb\xbf[server]\nport = 1\n")
    assert load_config(tmp_path / "config.toml", {}).server.port == 1


def test_a_broken_plugin_stops_before_the_config_is_judged(tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins/mine.py").write_text("1 +\n")
    (tmp_path / "config.toml").write_text("")
    with pytest.raises(PluginError, match=r"mine.py:1: not Python"):
        load_config(tmp_path / "config.toml", {})


MARKED = """
from hub import on

@on("acme.*", where="data.x", sources=["acme"], retry={{"attempts": 2}}, rate="5/s"{more})
async def save(event): ...
"""


def test_a_marked_function_is_a_subscription(load: Load, tmp_path: Path) -> None:
    (tmp_path / "plugins/mine.py").write_text(MARKED.format(more=""))
    (save,) = load("[providers.acme]\nsecret = 'x'\n").subscriptions
    assert (save.name, save.plugin, save.subscriber) == ("mine.save", "on", None)
    assert (save.events, save.sources, save.where) == (("acme.*",), ("acme",), "data.x")
    assert (save.retry.attempts, save.rate, save.concurrency) == (2, 5.0, 8)
    assert save.handler is not None
    assert save.handler.__name__ == "save"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (", start='soon'", '@on.start: it is "now"'),
        (", urgent=True", "@on.urgent: there is no such key"),
        (", plugin='note'", "@on: it takes no plugin"),
        (", name='note'", "@on: [subscribers.note] has this name already"),
    ],
)
def test_what_is_wrong_with_a_mark_is_said_with_its_file(load: Load, tmp_path: Path, more: str, expected: str) -> None:
    (tmp_path / "plugins/mine.py").write_text(MARKED.format(more=more))
    with pytest.raises(ConfigError) as caught:
        load("[providers.acme]\nsecret = 'x'\n[subscribers.note]\npath = 'x'\n")
    (only,) = caught.value.problems
    assert str(only).startswith(f"{tmp_path / 'plugins/mine.py'}:4: {expected}")


def test_a_mark_that_names_an_unknown_source(load: Load, tmp_path: Path) -> None:
    (tmp_path / "plugins/mine.py").write_text(MARKED.format(more=""))
    assert "@on.sources: 'acme': there is no such source; there is none" in problem(load, "")


def test_an_option_that_no_table_can_set(load: Load, tmp_path: Path) -> None:
    text = (tmp_path / "plugins/ours.py").read_text()
    (tmp_path / "plugins/ours.py").write_text(text.replace("count: int = 3", "timeout: int = 3"))
    assert "the plugin's option 'timeout' cannot be set" in problem(load, "[subscribers.note]\npath = 'x'\n")


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
