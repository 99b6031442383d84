"""Imports run one way, `import hub` is light, and the list of packages is the tree's."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import hub

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "hub"
HEAVY = ("pydantic", "cryptography", "jwt", "httpx2", "jinja2", "starlette", "uvicorn", "aiosqlite", "typer", "rich")


def test_the_layers_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def run(code: str) -> str:
    """What a fresh Python prints; a module that this one has imported proves nothing."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_public_api_is_light() -> None:
    heavy = f"print([name for name in {HEAVY} if name in sys.modules])"
    assert run(f"import sys, hub; {heavy}") == "[]"
    assert run(f"import sys; from hub import *; {heavy}") == "[]"


def test_the_public_names_are_where_the_types_say() -> None:
    """The names that are imported lazily, for the type checker and in `__all__` are the same."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    homes = {alias.name: node.module for node in imports for alias in node.names}
    assert sorted(homes) == sorted(hub.__all__)
    for name, home in homes.items():
        assert getattr(hub, name) is getattr(sys.modules[str(home)], name)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Provder'"):
        hub.Provder  # noqa: B018


def test_the_package_list_is_the_tree() -> None:
    """`packages.find` drops the plugins, and a list drops what nobody added: the wheel would lack a folder."""
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    tree = {".".join(folder.relative_to(ROOT).parts) for folder in folders}
    tree |= {"hub.plugins", "hub.plugins.providers", "hub.plugins.subscribers"}
    assert sorted(setuptools["packages"]) == sorted(tree)
    assert setuptools["package-dir"] == {"hub.plugins": "plugins"}


def test_the_plugins_import_only_the_public_api() -> None:
    allowed = {"hub", "hub.signatures"}
    found = set()
    for file in (ROOT / "plugins").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            inside = [name for name in names if name.partition(".")[0] == "hub" and name not in allowed]
            found.update((str(file.relative_to(ROOT)), name) for name in inside)
    assert found == set()
