"""config.toml: every problem at once, with its place and what to do, and no secret in any of them."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from config_kit import MARKED, Load, loading, problem, problems

from hub.config import load_config
from hub.errors import ConfigError, PluginError


@pytest.fixture
def load(tmp_path: Path) -> Load:
    return loading(tmp_path)


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
        ("[log]\nurl = 'mysql://x'", "log.url: it is sqlite:///<file>"),
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
        ("[providers.telnyx]", "[providers.telnyx] needs a public_key: set public_key ="),
        ("[providers.aws-sns]", "[providers.aws-sns] needs some of topic, username, password, secret: set topic ="),
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


def test_a_broken_plugin_stops_before_the_config_is_judged(tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins/mine.py").write_text("1 +\n")
    (tmp_path / "config.toml").write_text("")
    with pytest.raises(PluginError, match=r"mine.py:1: not Python"):
        load_config(tmp_path / "config.toml", {})


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
