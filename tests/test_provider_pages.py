"""Pages about providers say what the providers are, and every provider has one that helps."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from cli_kit import command

from hub import (
    Provider,
    Request,
    body,
    digest_of,
    echo,
    first_of,
    form,
    head_ok,
    header,
    inside,
    items,
    join,
    key_of,
    query,
    whole,
    words,
    xml,
)
from hub.about import About, about
from hub.loader import Plugins, builtin_names, load_plugins
from hub.mount import BUILTIN
from hub.provider import Scheme
from hub.provider_pages import overview, page
from hub.signatures import HMAC, RSA, AllOf, Basic, Bearer, Configured, Custom, OneOf, StandardWebhooks, Token, Unsigned
from hub.signatures.description import modes
from hub.wording import place_words

NAMES = builtin_names("providers")
ROOT = BUILTIN.parent


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return load_plugins(installed=False)


def local(folder: Path, text: str) -> About:
    """What is said of a provider whose file is this."""
    folder.mkdir(exist_ok=True)
    (folder / "acme.py").write_text(text, encoding="utf-8")
    return about(load_plugins(folder, installed=False), "acme")


# every built-in provider


@pytest.mark.parametrize("name", NAMES)
def test_a_provider_says_all_that_its_page_needs(name: str, plugins: Plugins) -> None:
    facts = about(plugins, name)
    assert facts.summary
    assert facts.samples
    docs = facts.provider.docs
    assert docs.startswith("https://") or (ROOT / docs).is_file()
    assert plugins.doc("providers", name).count("`") % 2 == 0, "a backtick has no partner"


@pytest.mark.parametrize("name", NAMES)
def test_the_config_on_its_page_is_enough(name: str, plugins: Plugins) -> None:
    """Each block has options that the provider takes, and each mode is configured by what it is said to need."""
    facts = about(plugins, name)
    for toml in facts.config().values():
        table = tomllib.loads(toml)["providers"][name]
        assert table.keys() <= {*facts.options, "verify"}
    for scheme in leaves(facts.provider.verify):
        for mode in modes(scheme):
            fresh = scheme.credentials()
            needed = {option: fresh.get(option, "x") for option in mode.needs}
            if mode.proves and not mode.learned:
                assert scheme.configured({**mode.settings, **needed}), mode
            for option in mode.needs:
                assert not scheme.configured({**mode.settings, **needed, option: None}), f"{option} is not needed"


def leaves(scheme: Scheme) -> Iterator[Scheme]:
    """The schemes that are not made of others."""
    inner = [*scheme.modes.values()] if isinstance(scheme, OneOf) else [*getattr(scheme, "schemes", ())]
    if not inner:
        yield scheme
    for one in inner:
        yield from leaves(one)


def test_providers_are_small() -> None:
    """The median file has at most 35 lines; helpers, which start with an underscore, are no providers."""
    files = [path for path in (BUILTIN / "providers").glob("*.py") if not path.name.startswith("_")]
    assert median(len(path.read_text(encoding="utf-8").splitlines()) for path in files) <= 35


# the pages


def test_a_page_says_what_the_provider_is(plugins: Plugins) -> None:
    text = page(about(plugins, "github"))
    for line in (
        "# GitHub",
        'secret = { env = "GITHUB_SECRET" }',
        "| HMAC-SHA256 | `X-Hub-Signature-256: sha256={hex}` | `{body}` | none |",
        "| type | the header `X-GitHub-Event` and `action` in the body, joined by `.` |",
        "| timeout | 10 s |",
        "$ hub send github push",
    ):
        assert line in text.splitlines(), line
    assert "https://docs.github.com/" in text
    assert "Tested with" not in text
    assert "Tested with this 1.0, that." in page(about(plugins, "github"), ["this 1.0", "that"]).splitlines()
    assert "the header `X-GitHub-Delivery`, is signed: a captured request can become a new event." in text


def test_a_page_has_each_mode(plugins: Plugins) -> None:
    text = page(about(plugins, "grafana"))
    assert text.count("```toml") == 4
    assert 'timestamp_header = "X-Grafana-Alerting-Timestamp"' in text
    assert 'username = "..."\npassword = { env = "GRAFANA_PASSWORD" }' in text
    assert "Events come by POST, PUT." in text


def test_the_table_has_a_row_for_each_provider(plugins: Plugins) -> None:
    facts = [about(plugins, name) for name in ("adobe-commerce", "pagerduty", "clerk")]
    rows = overview(facts, {"pagerduty": ["library", "published"]}).splitlines()[-3:]
    assert rows[0].startswith(
        "| [adobe-commerce](providers/adobe-commerce.md) | Adobe Commerce | RSA-SHA256 or token |"
    )
    assert r"`{body\|base64}`" in rows[0]
    assert " | 5 s | for 24 hours after 3 lost webhooks in a row | library, published | high |" in rows[1]
    assert "| `{id}.{timestamp}.{body}` | signed time, 300 s |" in rows[2]
    assert {row.replace(r"\|", "").count("|") for row in rows} == {11}


def test_the_terminal_says_the_same(capsys: pytest.CaptureFixture[str], plugins: Plugins) -> None:
    facts = about(plugins, "asana")
    shown = " ".join(command(capsys, "providers", "asana").out.split())
    for said in (facts.setup, *facts.caveats, *facts.reads.values(), *facts.answers.values(), "hub send asana"):
        assert " ".join(said.split()) in shown
    (row,) = command(capsys, "providers", "asana", "--json").rows
    assert (row["setup"], row["caveats"]) == (facts.setup, list(facts.caveats))


def test_a_provider_of_ones_own_is_told_too(tmp_path: Path) -> None:
    facts = local(tmp_path / "plugins", ACME)
    assert facts.summary == "Orders."
    assert facts.setup == "Paste the URL; `secret` is shown then."
    assert facts.notes == facts.caveats[-1:]
    assert facts.caveats[-1] == "A caveat over two lines, of <b> and `<i>`."
    assert "- A caveat over two lines, of &lt;b> and `<i>`." in page(facts).splitlines()
    bare = local(tmp_path / "plugins", ACME.partition('"""\n')[2])
    assert (bare.summary, bare.setup, bare.notes) == ("", "", ())


ACME = '''"""Acme: orders.

Setup: paste the URL;
`secret` is shown then.

A caveat over
two lines, of <b> and `<i>`.
"""
from hub import Provider, body, hookimpl
from hub.signatures import HMAC

acme = Provider(name="acme", title="Acme", docs="https://acme.example", verify=HMAC("X-S"), type=body("event"))


@hookimpl
def register_providers():
    return [acme]
'''


# caveats that follow from the scheme


def said(scheme: Scheme, **slots: Any) -> str:
    """The caveats of a provider with this scheme."""
    provider = Provider(name="acme", title="Acme", docs="https://acme.example", verify=scheme, type=body("t"), **slots)
    plugins = Plugins(None)
    plugins.add(type("Module", (), {"register_providers": hooked(provider)})(), plugins_origin())
    return "\n".join(about(plugins, "acme").caveats)


def hooked(provider: Provider) -> Any:
    from hub import hookimpl

    return staticmethod(hookimpl(lambda: [provider]))


def plugins_origin() -> Any:
    from hub.loader import Origin

    return Origin("local", "acme.py")


TIMED = HMAC("X-S", "t={timestamp},v1={hex}", "{timestamp}.{body}")


@pytest.mark.parametrize(
    ("scheme", "slots", "says", "never"),
    [
        (Unsigned(), {}, "Nothing proves who sent a request", "signed"),
        (Token("X-T"), {}, "Nothing is signed, the secret itself is sent", "captured"),
        (HMAC("X-S", signed="{query:id}"), {}, "The body is not signed", "only a part"),
        (HMAC("X-S", signed="{body:a}"), {}, "Only a part of the body is signed: `{body:a}`.", "is not signed"),
        (HMAC("X-S", signed="{url}{body}"), {}, "The URL is signed: `public_url`", "a part"),
        (HMAC("X-S"), {}, "sent again, it is a new event", "recognized while"),
        (HMAC("X-S"), {"id": body("id")}, "it is recognized while the log keeps its first event", "There is no"),
        (HMAC("X-S"), {"id": header("X-Id")}, "the header `X-Id`, is signed", "for ever"),
        (HMAC("X-S", signed="{header:x-id}{body}"), {"id": header("X-Id")}, "recognized while", "neither"),
        (HMAC("X-S"), {}, "There is no delivery id", "neither"),
        (TIMED, {"id": body("id")}, "", "signed"),
        (StandardWebhooks(), {"id": header("webhook-id")}, "", "signed"),
        (OneOf(a=TIMED, b=Token("X")), {"id": body("id")}, "In the mode `b`, nothing is signed", "`a`"),
        (OneOf(a=Bearer(), b=Basic()), {"id": body("id")}, "Nothing is signed", "In the mode"),
        (Token(query("token")), {}, "Events have `[secret]` in place of a secret", "captured"),
        (Token("X-T"), {}, "Nothing is signed", "[secret]"),
        (AllOf(TIMED, Basic()), {"id": body("id")}, "With basic authentication alone, nothing is signed", "In the"),
    ],
)
def test_caveats_follow_from_the_scheme(scheme: Scheme, slots: dict[str, Any], says: str, never: str) -> None:
    found = said(scheme, **slots)
    assert says in found
    assert never.lower() not in found.lower()
    assert says or not found


def test_what_a_function_reads_of_the_url_is_told() -> None:
    def signed(request: Request) -> str:
        """The URL."""
        return request.url

    assert "The URL is signed" in said(HMAC("X-S", signed=signed, covers="none"))


def test_only_its_function_knows_what_a_custom_scheme_proves() -> None:
    def verify(request: Request, *, secret: str) -> None:
        """As the platform says."""

    (mode,) = modes(Custom(verify))
    assert (mode.scheme, mode.signed, mode.replay) == ("check of its own", "as the platform says", None)
    assert "captured" not in said(Custom(verify), id=body("id"))


def test_needs_of_keys_made_of_several_options() -> None:
    def key(secret: str, *, client_id: str, region: str = "eu") -> bytes:
        return f"{client_id}{secret}{region}".encode()

    assert modes(HMAC("X-S", key=key))[0].needs == ("secret", "client_id")
    assert modes(HMAC("X-S", signed="{option:login}{option:login}{body}"))[0].needs == ("secret", "login")
    assert modes(HMAC("X-S", learned=True))[0].needs == ()
    assert modes(RSA("X-S"))[0].needs == ("public_key",)
    assert modes(RSA("X-S", fetch="https://x.example/keys"))[0].needs == ()


def test_a_scheme_that_the_config_describes_has_its_examples() -> None:
    def scheme(*, kind: str = "hmac") -> Scheme:
        return HMAC("X-S") if kind == "hmac" else Token("X-T")

    first, second = modes(Configured(scheme, {}, {"kind": "token"}))
    assert (first.scheme, dict(first.settings)) == ("HMAC-SHA256", {})
    assert (second.scheme, dict(second.settings)) == ("token", {"kind": "token"})


# places in words


def around(path: str) -> Any:
    place = body(path)
    return lambda request: place(request)


def documented(request: Request) -> str:
    """The time of what happened. More of it."""
    return ""


def named(request: Request) -> str:
    """GitHub's own word."""
    return ""


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (header("X-A"), "the header `X-A`"),
        (query("a"), "`a` in the query"),
        (form("a"), "`a` in the form"),
        (body("a.b"), "`a.b` in the body"),
        (body(), "the body"),
        (xml("a/b"), "`a/b` in the XML"),
        (whole(body("a")), "`a` in the body"),
        (items("events[]"), "`events[]` in the body"),
        (items(), "the list that is the body"),
        (first_of("submission"), "`submission`"),
        (first_of(body("a"), body("b"), header("C")), "`a`, else `b` in the body, else the header `C`"),
        (join(header("A"), body("b"), by=":"), "the header `A` and `b` in the body, joined by `:`"),
        (
            digest_of(first_of(body("a"), form("b")), body("c")),
            "a hash of (`a` in the body, else `b` in the form) and `c` in the body",
        ),
        (key_of(but=("update_id",)), "the first key of the body that is not `update_id`"),
        (words(body("type"), {2: "command"}), "`type` in the body, in words"),
        (echo(query("challenge")), "answered with `challenge` in the query"),
        (head_ok, "answers HEAD with 200"),
        (inside(xml(), "a.b"), "`a.b` in the body"),
        (inside(body("x"), "a", "b"), "`a`, else `b` in the body"),
        (around("a.b"), "`a.b` in the body"),
        (documented, "the time of what happened"),
        (named, "GitHub's own word"),
        (lambda request: "x", ""),
        (join(body("a"), lambda request: "x"), "`a` in the body, joined by `.`"),
    ],
)
def test_places_in_words(place: Any, said: str) -> None:
    assert place_words(place) == said
