"""The docs are true: generated pages are fresh, examples work."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

from hub.config import load_config
from hub.loader import load_plugins

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SECRETS = {
    "GITHUB_SECRET": "g",
    "TYPEFORM_SECRET": "t",
    "SLACK_URL": "https://hooks.slack.test/x",
    "ACME_SECRET": "a",
}


def blocks(language: str) -> list[pytest.param]:  # type: ignore[valid-type]  # pytest's own
    return [
        pytest.param(match.group(2), id=f"{page.name}-{number}")
        for page in PAGES
        for number, match in enumerate(BLOCK.finditer(page.read_text(encoding="utf-8")), 1)
        if match.group(1) == language
    ]


def test_generated_pages_are_fresh() -> None:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    pages = generate.pages()
    assert not generate.stale(pages)
    for path, text in pages.items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is stale: run `make docs`"


@pytest.mark.parametrize("text", blocks("python"))
def test_python_examples_load(text: str, tmp_path: Path) -> None:
    """Each is a plugin file, or a test; as a plugin it must load."""
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "example.py").write_text(text, encoding="utf-8")
    load_plugins(tmp_path / "plugins", installed=False)


@pytest.mark.parametrize("text", blocks("toml"))
def test_toml_examples_are_valid(text: str, tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    for page in ("write-a-provider.md", "write-a-subscriber.md"):
        for number, match in enumerate(BLOCK.finditer((ROOT / "docs" / page).read_text(encoding="utf-8"))):
            if match.group(1) == "python" and "hookimpl" in match.group(2):
                (tmp_path / "plugins" / f"{page[8:-3]}_{number}.py").write_text(match.group(2), encoding="utf-8")
    for name in re.findall(r'sources = \["([\w-]+)"\]', text):
        text += f'\n[providers.{name}]\nplugin = "stripe"\nsecret = "s"\n'
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    asked = set(re.findall(r'env = "(\w+)"', text))
    tomllib.loads(text)
    environ = {name: SECRETS.get(name, "https://value.example/x") for name in asked}
    load_config(tmp_path / "config.toml", environ)


def test_links_lead_somewhere() -> None:
    for page in (*PAGES, *sorted((ROOT / "docs" / "providers").glob("*.md"))):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"
