"""Plugins are found, named by file in every error, and kept apart between two hubs of one process."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from hub import mount
from hub.errors import PluginError
from hub.loader import BUILTIN, Plugins, builtin_names, load_plugins, local_files

PROVIDER = """
from hub import Provider, hookimpl


class Open:
    proves = True
    covers = "all"


def make(name):
    return Provider(name=name, title=name.title(), docs="https://example.com", verify=Open(), type=lambda request: "x")


@hookimpl
def register_providers():
    return [make("{name}")]
"""
SUBSCRIBER = """
from dataclasses import dataclass

from hub import Event, Subscriber, hookimpl


@dataclass
class Note(Subscriber):
    name = "note"
    path: str = "x"

    async def deliver(self, event: Event) -> None: ...


@hookimpl
def register_subscribers() -> list[type[Subscriber]]:
    return [Note]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plugins").mkdir()
    return tmp_path / "plugins"


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(dedent(text))
    return file


def load(folder: Path) -> Plugins:
    return load_plugins(folder, installed=False)


def failure(folder: Path, text: str, name: str = "mine.py") -> str:
    """The message that loading this file gives, without the folder."""
    write(folder, name, text)
    with pytest.raises(PluginError) as caught:
        load(folder)
    return str(caught.value).replace(f"{folder}/", "")


@pytest.fixture
def builtin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A built-in folder of our own in place of the real one."""
    folder = tmp_path / "builtin"
    for kind in ("providers", "subscribers"):
        (folder / kind).mkdir(parents=True)
    monkeypatch.setattr("hub.loader.BUILTIN", folder)
    monkeypatch.setattr("hub.mount.BUILTIN", folder)
    for name in [name for name in sys.modules if name == "hub.plugins" or name.startswith("hub.plugins.")]:
        monkeypatch.delitem(sys.modules, name)
    yield folder
    for name in [name for name in sys.modules if name == "hub.plugins" or name.startswith("hub.plugins.")]:
        del sys.modules[name]


def test_no_folder_is_no_plugins(tmp_path: Path) -> None:
    plugins = load(tmp_path / "plugins")
    assert plugins.rules == ()
    assert plugins.folder is None


def test_local_plugins_are_found_in_subfolders(folder: Path) -> None:
    write(folder, "one.py", PROVIDER.replace("{name}", "one"))
    write(folder, "team/sales/two.py", PROVIDER.replace("{name}", "two-two"))
    write(folder, "note.py", SUBSCRIBER)
    plugins = load(folder)
    assert plugins.provider("one").title == "One"
    assert plugins.provider("two-two").name == "two-two"
    assert plugins.subscriber("note").name == "note"
    assert {"one", "two-two"} <= set(plugins.names("providers"))
    origin = plugins.origin("providers", "two-two")
    assert (origin.place, origin.file) == ("local", str(folder / "team/sales/two.py"))


def test_private_and_hidden_files_are_not_plugins(folder: Path) -> None:
    for name in ("_shared.py", ".hidden.py", "_old/mine.py", ".git/mine.py", "__pycache__/mine.py", "a/__init__.py"):
        write(folder, name, "raise RuntimeError")
    write(folder, "a/__init__.py", "")
    write(folder, "a/b.py", "")
    assert [str(file.relative_to(folder)) for file in local_files(folder)] == ["a/b.py"]


def test_shared_code_is_imported_relatively(folder: Path) -> None:
    write(folder, "_shared.py", "NAME = 'acme'")
    write(folder, "sub/mine.py", PROVIDER.replace('make("{name}")', "make(NAME)") + "from .._shared import NAME\n")
    assert load(folder).provider("acme").name == "acme"


def test_a_file_named_as_a_standard_module_shadows_nothing(folder: Path) -> None:
    write(folder, "json.py", "import json\nfrom hub import on\n@on('*')\nasync def save(event): json.dumps({})\n")
    assert load(folder).rules[0].name == "json.save"


def test_two_hubs_keep_their_modules_apart(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / name, "mine.py", f"from hub import on\nME = {name!r}\n@on('*')\nasync def save(event): ...\n")
    first, second = load(tmp_path / "a"), load(tmp_path / "b")
    modules = [sys.modules[plugins.rules[0].function.__module__] for plugins in (first, second)]
    assert [module.ME for module in modules] == ["a", "b"]


def test_a_changed_file_of_the_same_size_is_loaded_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    for word in ("aaa", "bbb", "ccc"):
        write(folder, "mine.py", PROVIDER.replace("{name}", word))
        assert load(folder).provider(word).name == word
    assert not list(folder.rglob("*.pyc"))
    assert sys.dont_write_bytecode is False


def test_every_broken_file_is_named(folder: Path) -> None:
    write(folder, "one.py", "\n\n1 +\n")
    write(folder, "two.py", "\nimport nothing_like_it\n")
    write(folder, "three.py", "def deep():\n    raise ValueError('bad')\ndeep()\n")
    with pytest.raises(PluginError) as caught:
        load(folder)
    lines = str(caught.value).replace(f"{folder}/", "").splitlines()
    assert lines[0] == "one.py:3: not Python: invalid syntax"
    assert lines[1] == "three.py:2: ValueError: bad"
    assert lines[2].startswith("two.py:2: there is no module 'nothing_like_it'; install")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import sys\nsys.exit(3)\n", "mine.py:2: the plugin called sys.exit(3)"),
        (
            "from hub import hookimpl\n@hookimpl\ndef register_provider(): return []\n",
            "mine.py:2: there is no hook 'register_provider'; did you mean 'register_providers'?",
        ),
        (
            "from hub import hookimpl\n@hookimpl\ndef zzz(): return []\n",
            "mine.py:2: there is no hook 'zzz'; the hooks are register_providers, register_subscribers, startup",
        ),
        (
            "from hub import hookimpl\n@hookimpl\ndef register_providers(hub): return []\n",
            "mine.py:2: register_providers has the parameter 'hub', but the hook takes no parameters",
        ),
        (
            "from hub import hookimpl\n@hookimpl\nasync def startup(config): ...\n",
            "mine.py:2: startup has the parameter 'config', but the hook takes hub",
        ),
        (
            "from hub import hookimpl\n@hookimpl\nasync def register_providers(): return []\n",
            "mine.py:2: register_providers must be a plain `def`",
        ),
        ("from hub import hookimpl\n@hookimpl\ndef startup(hub): ...\n", "mine.py:2: startup must be `async def`"),
        (
            "from hub import hookimpl\n@hookimpl\ndef register_providers(): return 7\n",
            "mine.py:2: register_providers must return a list, it returned int",
        ),
        (
            "from hub import hookimpl\n@hookimpl\ndef register_providers(): return [7]\n",
            "mine.py: register_providers must return Provider objects, not 7",
        ),
        (
            "from hub import hookimpl\n@hookimpl\ndef register_subscribers(): return [7]\n",
            "mine.py: register_subscribers must return Subscriber classes, not 7",
        ),
        (
            "from hub import hookimpl\n@hookimpl\ndef register_providers():\n    return {}['x']\n",
            "mine.py:4: KeyError: 'x'",
        ),
        (SUBSCRIBER.replace('name = "note"', 'name = "No Te"'), "the subscriber Note needs a name"),
        (SUBSCRIBER.replace("@dataclass\n", ""), "the subscriber Note has fields but is no dataclass; put @dataclass"),
        (SUBSCRIBER.replace("def deliver", "def delivr"), "the subscriber Note has no deliver()"),
        (SUBSCRIBER.replace("async def deliver", "def deliver"), "deliver must be `async def`"),
        (PROVIDER.replace("{name}", "Bad_Name"), "lower-case words joined by hyphens"),
    ],
)
def test_what_is_wrong_with_a_plugin_is_said_with_its_line(folder: Path, text: str, expected: str) -> None:
    message = failure(folder, text)
    assert expected in message
    assert message.startswith("mine.py")
    assert "\n" not in message


@pytest.mark.parametrize("name", ["my-plugin.py", "my-team/mine.py", "mine.old.py", "2fast.py"])
def test_a_file_name_that_cannot_be_imported(folder: Path, name: str) -> None:
    message = failure(folder, "", name)
    assert message.startswith(f"{name}: ")
    assert "cannot be imported; rename it to '" in message
    assert message.rpartition("rename it to ")[2].strip("'").isidentifier()


def test_two_of_one_name(folder: Path) -> None:
    write(folder, "a.py", PROVIDER.replace("{name}", "acme"))
    message = failure(folder, PROVIDER.replace("{name}", "acme"), "b.py")
    assert message == "b.py: there is a provider 'acme' in a.py already; rename one of them"


def test_an_imported_provider_is_not_a_second_one(folder: Path) -> None:
    write(folder, "a.py", PROVIDER.replace("{name}", "acme").replace("return [", "return ONE\n\nONE = ["))
    write(folder, "b.py", "from .a import register_providers\n")
    assert load(folder).provider("acme").name == "acme"


def test_a_failed_plugin_leaves_nothing_behind(folder: Path, builtin: Path) -> None:
    write(builtin, "providers/acme.py", "from hub import hookimpl\n@hookimpl\ndef register_providers(): return 7\n")
    plugins = load(folder)
    for _ in range(2):
        with pytest.raises(PluginError, match="must return a list"):
            plugins.provider("acme")
    assert plugins.manager.get_plugins() == set()


def test_the_real_built_in_folder_is_found() -> None:
    assert (BUILTIN / "providers").is_dir()
    assert BUILTIN.name == "plugins"


def test_built_in_plugins_are_imported_when_named(folder: Path, builtin: Path) -> None:
    write(builtin, "providers/google_pubsub.py", PROVIDER.replace("{name}", "google-pubsub"))
    write(builtin, "providers/broken.py", "raise RuntimeError('an extra is missing')")
    write(builtin, "providers/_shared.py", "raise RuntimeError")
    write(builtin, "subscribers/note.py", SUBSCRIBER)
    plugins = load(folder)
    assert builtin_names("providers") == ("broken", "google-pubsub")
    assert plugins.names("providers") == ("broken", "google-pubsub")
    assert plugins.origin("providers", "google-pubsub").place == "built-in"
    assert "hub.plugins.providers.google_pubsub" not in sys.modules
    assert plugins.provider("google-pubsub") is plugins.provider("google-pubsub")
    assert plugins.subscriber("note").name == "note"
    with pytest.raises(PluginError, match=r"broken.py:1: RuntimeError: an extra is missing"):
        plugins.provider("broken")


def test_a_local_plugin_wins_over_a_built_in_one(folder: Path, builtin: Path) -> None:
    write(builtin, "providers/acme.py", "raise RuntimeError")
    write(folder, "mine.py", PROVIDER.replace("{name}", "acme"))
    plugins = load(folder)
    assert plugins.provider("acme").name == "acme"
    assert plugins.origin("providers", "acme").place == "local"


def test_a_built_in_file_registers_its_own_name(folder: Path, builtin: Path) -> None:
    write(builtin, "providers/acme.py", PROVIDER.replace("{name}", "other"))
    with pytest.raises(PluginError, match=r"acme.py: it does not register a provider 'acme'"):
        load(folder).provider("acme")


@pytest.mark.parametrize("name", ["../../etc/passwd", "_shared", "google_pubsub", "", "a.b"])
def test_a_name_that_is_none(folder: Path, builtin: Path, name: str) -> None:
    write(builtin, "providers/google_pubsub.py", PROVIDER.replace("{name}", "google-pubsub"))
    write(builtin, "providers/_shared.py", "raise RuntimeError")
    with pytest.raises(PluginError, match="there is no provider") as caught:
        load(folder).provider(name)
    assert ("did you mean 'google-pubsub'?" in str(caught.value)) == (name == "google_pubsub")


def test_in_a_clone_only_the_newcomers_files_are_local(builtin: Path) -> None:
    write(builtin, "providers/acme.py", "raise RuntimeError")
    write(builtin, "samples/acme/helper.py", "raise RuntimeError")
    write(builtin, "mine.py", "from hub import on\n@on('*')\nasync def save(event): ...\n")
    write(builtin, "team/providers/deep.py", "from hub import on\n@on('*')\nasync def save(event): ...\n")
    assert [rule.name for rule in load(builtin).rules] == ["mine.save", "team.providers.deep.save"]


def test_a_local_folder_may_have_a_subfolder_called_providers(folder: Path) -> None:
    write(folder, "providers/acme.py", PROVIDER.replace("{name}", "acme"))
    assert load(folder).provider("acme").name == "acme"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Install a package with an entry point; what it is called and has."""

    def install(package: str, text: str) -> None:
        site = tmp_path / "site"
        module = package.replace("-", "_")
        write(site, f"{module}.py", text)
        write(site, f"{module}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        write(site, f"{module}-1.0.dist-info/entry_points.txt", f"[hub.plugins]\n{package} = {module}\n")
        monkeypatch.syspath_prepend(str(site))

    return install


def test_installed_plugins_come_after_local_and_before_built_in(folder: Path, builtin: Path, installed: Any) -> None:
    write(builtin, "providers/one.py", "raise RuntimeError")
    write(folder, "mine.py", PROVIDER.replace("{name}", "two"))
    both = PROVIDER.replace('[make("{name}")]', '[make("one"), make("two")]')
    installed("hub-installed-a", both)
    plugins = load_plugins(folder)
    assert plugins.origin("providers", "one").place == "installed"
    assert plugins.origin("providers", "one").file == "hub-installed-a (hub-installed-a = hub_installed_a)"
    assert plugins.origin("providers", "two").place == "local"


def test_a_broken_installed_plugin_names_its_package(folder: Path, installed: Any) -> None:
    installed("hub-installed-b", "raise RuntimeError('no')")
    with pytest.raises(PluginError, match=r"hub-installed-b \(hub-installed-b = hub_installed_b\): RuntimeError: no"):
        load_plugins(folder)
    assert load(folder).names("subscribers") == builtin_names("subscribers")


HOOKS = """
from hub import hookimpl

@hookimpl
async def startup(hub):
    hub.append("start {name}")

@hookimpl
async def shutdown(hub):
    hub.append("stop {name}")
    {more}

@hookimpl
def attempt_finished(attempt, event):
    attempt.append(event)
    {more}
"""


async def test_hooks_are_called_with_what_they_name(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(folder, "a.py", HOOKS.format(name="a", more="pass"))
    write(folder, "b.py", HOOKS.format(name="b", more="raise RuntimeError('no')"))
    plugins = load(folder)
    seen: Any = []
    await plugins.startup(seen)
    with caplog.at_level(logging.ERROR):
        await plugins.shutdown(seen)
    assert seen == ["start b", "start a", "stop a", "stop b"]
    assert [record.getMessage() for record in caplog.records] == [f"{folder / 'b.py'}: shutdown failed"]
    attempts: Any = []
    plugins.attempt_finished("event", "delivery", attempts)  # type: ignore[arg-type]  # only passed on
    assert attempts == ["event", "event"]


async def test_a_failing_startup_names_its_plugin(folder: Path) -> None:
    write(folder, "a.py", "from hub import hookimpl\n@hookimpl\nasync def startup():\n    raise OSError('no disk')\n")
    with pytest.raises(PluginError, match=r"a.py:4: OSError: no disk"):
        await load(folder).startup(object())  # type: ignore[arg-type]  # not used


def test_an_installed_wheel_mounts_the_folder_inside_the_package(tmp_path: Path) -> None:
    """As pip lays it out: `hub/plugins` inside the package, nothing beside it."""
    package = Path(mount.__file__).parent
    copy = tmp_path / "site"
    copy.mkdir()
    shutil.copytree(package, copy / "hub", ignore=shutil.ignore_patterns("__pycache__", "web", "log", "cli"))
    write(copy / "hub/plugins", "providers/acme.py", PROVIDER.replace("{name}", "acme"))
    (copy / "hub/plugins/subscribers").mkdir()
    code = "from hub.loader import *; print(load_plugins(installed=False).provider('acme').name, BUILTIN)"
    done = subprocess.run([sys.executable, "-c", code], cwd=copy, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["acme", str(copy / "hub/plugins")]
