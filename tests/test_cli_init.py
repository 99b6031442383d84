"""`hub init` and `hub new`: what a first start needs, and files to start from."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cli_kit import REPOSITORY, Done, command, environ, process
from dotenv import dotenv_values

from hub.config import load_config
from hub.loader import load_plugins

Capsys = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HUB_CONFIG", raising=False)
    return tmp_path


def secrets(folder: Path) -> dict[str, str | None]:
    return dict(dotenv_values(folder / ".env", interpolate=False))


def test_an_empty_folder_becomes_a_hub_that_loads(folder: Path, capsys: Capsys) -> None:
    done = command(capsys, "init")
    assert done.code == 0
    assert "wrote config.toml" in done.out and "hub run" in done.out
    assert set(secrets(folder)) == {"TYPEFORM_SECRET", "GITHUB_SECRET"}
    assert all(len(value or "") >= 32 for value in secrets(folder).values())
    assert not any(value and value in done.out for value in secrets(folder).values())
    config = load_config(folder / "config.toml", {})
    assert [source.name for source in config.sources] == ["typeform", "github"]
    assert not config.plugins.rules


def test_secrets_are_for_their_owner_only(folder: Path, capsys: Capsys) -> None:
    before = os.umask(0)
    try:
        command(capsys, "init")
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600


def test_a_second_time_changes_nothing(folder: Path, capsys: Capsys) -> None:
    command(capsys, "init")
    (folder / "plugins" / "example.py").unlink()
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    done = command(capsys, "init")
    assert "everything is there already" in done.out
    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == before


def test_what_is_missing_is_added_and_nothing_is_overwritten(
    folder: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "config.toml").write_text(
        """
        [console]
        token = { env = "CONSOLE_TOKEN" }
        [providers.github]
        secret = [{ env = "NEW" }, { env = "OLD" }]
        [providers.typeform]
        secret = { env = "ELSEWHERE" }
        [providers.stripe]
        secret = { env = "MINE" }
        [subscribers.slack]
        url = { env = "SLACK_URL" }
        """,
        encoding="utf-8",
    )
    (folder / ".env").write_text("# kept\nMINE='a b'\nOLD=", encoding="utf-8")
    monkeypatch.setenv("ELSEWHERE", "set")
    done = command(capsys, "init")
    text = (folder / ".env").read_text(encoding="utf-8")
    assert text.startswith("# kept\nMINE='a b'\nOLD=\n")
    found = secrets(folder)
    assert set(found) == {"MINE", "OLD", "NEW", "CONSOLE_TOKEN"}
    assert found["MINE"] == "a b"
    assert found["OLD"] and found["NEW"] and found["OLD"] != found["NEW"]
    assert "SLACK_URL  (subscribers.slack.url)" in done.out


KEYED = """
from hub import Provider, body, hookimpl
from hub.signatures import Ed25519

@hookimpl
def register_providers():
    verify = Ed25519("X-Signature", "{hex}", "{body}")
    return [Provider(name="keyed", title="Keyed", docs="https://x.example", verify=verify, type=body("type"))]
"""


def keyed(folder: Path, table: str, env: str = "") -> Path:
    """A folder with a source whose platform has the private key."""
    (folder / "plugins" / "samples" / "keyed").mkdir(parents=True, exist_ok=True)
    (folder / "plugins" / "samples" / "keyed" / "a.json").write_text('{"type":"a"}', encoding="utf-8")
    (folder / "plugins" / "keyed.py").write_text(KEYED, encoding="utf-8")
    (folder / "config.toml").write_text(f"[providers.keyed]\n{table}\n", encoding="utf-8")
    (folder / ".env").write_text(env, encoding="utf-8")
    return folder


def test_a_development_key_pair_is_made_and_said_aloud(folder: Path, capsys: Capsys) -> None:
    keyed(folder, 'public_key = { env = "KEY" }')
    done = command(capsys, "init")
    assert "Made a development key pair for keyed" in done.out
    assert "remove KEYED_DEVELOPMENT_KEY" in done.out
    assert set(secrets(folder)) == {"KEY", "KEYED_DEVELOPMENT_KEY"}
    assert "everything is there already" in command(capsys, "init").out
    private = secrets(folder)["KEYED_DEVELOPMENT_KEY"] or ""
    done = command(capsys, "check")
    assert "development key in use: [providers.keyed]" in done.out
    assert private.splitlines()[1] not in done.out
    assert private in load_config(folder / "config.toml", {}).secrets
    assert "x-signature: " in command(capsys, "send", "keyed", "--print").out


def test_a_development_key_may_be_named_in_the_config(folder: Path, capsys: Capsys) -> None:
    keyed(folder, 'private_key = { env = "MINE" }\npublic_key = { env = "KEY" }')
    assert "Made a development key pair for keyed" in command(capsys, "init").out
    assert set(secrets(folder)) == {"KEY", "MINE"}
    assert "development key in use" in command(capsys, "check").out
    assert "x-signature: " in command(capsys, "send", "keyed", "--print").out


def test_no_development_key_is_made_beside_the_platforms_own(folder: Path, capsys: Capsys) -> None:
    keyed(folder, 'public_key = { env = "KEY" }', f"KEY={'0' * 64}\n")
    assert "development key" not in command(capsys, "init").out
    assert set(secrets(folder)) == {"KEY"}
    assert "development key" not in command(capsys, "check").out
    done = command(capsys, "send", "keyed")
    assert done.code == 2
    assert "only Keyed has the private key" in done.err
    assert "`hub init` makes a development key pair" in done.err


def test_a_shared_private_key_is_no_development_key(folder: Path, capsys: Capsys) -> None:
    (folder / "config.toml").write_text('[providers.braintree]\nprivate_key = { env = "KEY" }\n', encoding="utf-8")
    assert "development" not in command(capsys, "init").out
    assert set(secrets(folder)) == {"KEY"}
    assert "development" not in command(capsys, "check").out


def test_a_config_with_every_provider(folder: Path, capsys: Capsys) -> None:
    done = command(capsys, "init", "--all-providers", "--config", "try/config.toml")
    assert done.code == 0
    assert "hub send --all --config try/config.toml" in done.out
    config = load_config(folder / "try" / "config.toml", {})
    assert [source.name for source in config.sources] == list(load_plugins(None).names("providers"))
    assert all(source.verify for source in config.sources if source.provider.verify.proves)
    assert not any(secret and secret in done.out for secret in config.secrets)
    before = (folder / "try" / "config.toml").read_bytes()
    done = command(capsys, "init", "--all-providers", "--config", "try/config.toml")
    assert (done.code, "is there already" in done.err) == (2, True)
    assert (folder / "try" / "config.toml").read_bytes() == before


def test_the_sample_config_is_the_repositorys(capsys: Capsys) -> None:
    template = REPOSITORY / "hub" / "templates" / "init" / "config.toml"
    assert template.read_bytes() == (REPOSITORY / "config.toml").read_bytes(), "copy config.toml there"


def test_another_folder(folder: Path, capsys: Capsys) -> None:
    command(capsys, "init", "--config", "some/where/hub.toml")
    assert (folder / "some/where/hub.toml").is_file()
    assert (folder / "some/where/.env").is_file()
    assert (folder / "some/where/plugins").is_dir()


@pytest.mark.parametrize("kind", ["provider", "subscriber"])
def test_a_new_plugin_passes_its_test_and_loads(folder: Path, capsys: Capsys, kind: str) -> None:
    done = command(capsys, "new", kind, "my-shop")
    assert done.code == 0
    tests = pytest_in(folder)
    assert tests.code == 0, tests.out
    table = '[providers.my-shop]\nsecret = "x-secret"\n' if kind == "provider" else "[subscribers.my-shop]\n"
    (folder / "config.toml").write_text(table, encoding="utf-8")
    assert command(capsys, "check").code == 0
    if kind == "provider":
        assert "my-shop" in command(capsys, "providers").out
        assert "x-my-shop-signature: t=" in command(capsys, "send", "my-shop", "--print").out


def pytest_in(folder: Path) -> Done:
    """Run the folder's tests."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=folder,
        env=environ(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Done(done.returncode, done.stdout + done.stderr, "")


@pytest.mark.parametrize("kind", ["provider", "subscriber"])
def test_a_new_plugin_overwrites_nothing(folder: Path, capsys: Capsys, kind: str) -> None:
    (folder / "tests").mkdir()
    (folder / "tests" / "test_acme.py").write_text("mine", encoding="utf-8")
    done = command(capsys, "new", kind, "acme")
    assert done.code == 2
    assert "is there already" in done.err
    assert not (folder / "plugins").exists()
    assert (folder / "tests" / "test_acme.py").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    "name", ["Acme", "my_shop", "-x", "a--b", "../x", "a/b", "1password", "import", "", "x" * 61, "ä"]
)
def test_a_new_plugin_needs_a_name(folder: Path, capsys: Capsys, name: str) -> None:
    done = command(capsys, "new", "provider", "--", name)
    assert done.code == 2
    assert "cannot be a" in done.err
    assert list(folder.iterdir()) == []


def test_the_help_is_quick_and_imports_nothing_heavy(folder: Path) -> None:
    assert process("--help", folder=folder).code == 0
    heavy = "pydantic rich starlette httpx2 uvicorn jinja2 cryptography jwt aiosqlite structlog pluggy orjson asyncio"
    code = f"import sys, hub.cli; print([name for name in {heavy.split()!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], env=environ(), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
