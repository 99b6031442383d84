"""Functions marked with `@on`: their names, what their marks say together, and every mark that cannot be."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from hub.errors import PluginError
from hub.functions import Marked
from hub.loader import load_plugins


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sales").mkdir()
    return tmp_path


def rules(folder: Path, text: str, name: str = "mine.py") -> tuple[Marked, ...]:
    (folder / name).write_text("from hub import on\n" + dedent(text))
    return load_plugins(folder, installed=False).rules


def test_a_function_is_named_by_its_path(folder: Path) -> None:
    (only,) = rules(
        folder,
        """
        @on("typeform.*", "github.push", where="data.x", sources=["a"], rate="5/s")
        async def save(event): ...
        """,
        "sales/mine.py",
    )
    assert only.name == "sales.mine.save"
    assert only.events == ("typeform.*", "github.push")
    assert (only.where, only.sources, only.options) == ("data.x", ("a",), {"rate": "5/s"})
    assert only.place == f"{folder / 'sales/mine.py'}:3"


def test_functions_come_in_the_order_of_their_lines(folder: Path) -> None:
    found = rules(folder, "@on('a')\nasync def zebra(event): ...\n@on('b', name='own')\nasync def ape(event): ...\n")
    assert [rule.name for rule in found] == ["mine.zebra", "own"]


def test_stacked_marks_are_one_subscription(folder: Path) -> None:
    (only,) = rules(folder, "@on('a', 'b')\n@on('b', 'c', name='all', rate=5)\nasync def save(event): ...\n")
    assert (only.name, only.events, only.options) == ("all", ("a", "b", "c"), {"rate": 5})


def test_an_imported_handler_is_not_registered_twice(folder: Path) -> None:
    rules(folder, "@on('a')\nasync def save(event): ...\nagain = save\n", "first.py")
    found = rules(folder, "from .first import save\n", "second.py")
    assert [rule.name for rule in found] == ["first.save"]


def test_a_private_helper_brings_no_subscription(folder: Path) -> None:
    assert rules(folder, "@on('a')\nasync def save(event): ...\n", "_helper.py") == ()


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("@on('a')\ndef save(event): ...\n", 2, "save must be `async def`"),
        ("@on\nasync def save(event): ...\n", 2, "@on needs its patterns"),
        ("@on()\nasync def save(event): ...\n", 2, "@on of save needs event patterns"),
        ("@on(7)\nasync def save(event): ...\n", 2, "@on of save needs event patterns"),
        ("@on('a')\nasync def save(): ...\n", 2, "save() must take one argument, the event"),
        ("@on('a')\nasync def save(event, log): ...\n", 2, "save(event, log) must take one argument"),
        ("@on('a')\nasync def save(event, *, log): ...\n", 2, "must take one argument"),
        ("@on('a')\nclass Save: ...\n", 1, "Save must be `async def`"),
        ("@on('a', name='a b')\nasync def save(event): ...\n", 2, "the subscription name 'a b' must be of letters"),
        ("@on('a')\n@on('b', where='x')\nasync def save(event): ...\n", 2, "must have the same where and sources"),
        ("@on('a', name='x')\n@on('b', name='y')\nasync def save(event): ...\n", 2, "name two subscriptions"),
        ("@on('a', rate=1)\n@on('b', rate=2)\nasync def save(event): ...\n", 2, "give two values for rate"),
        (
            "@on('a')\nasync def save(event): ...\n\n@on('b')\nasync def save(event): ...\n",
            6,
            "save is defined in line 3 already; rename one of them",
        ),
    ],
)
def test_a_mark_that_cannot_be(folder: Path, text: str, line: int, expected: str) -> None:
    with pytest.raises(PluginError) as caught:
        rules(folder, text)
    message = str(caught.value).replace(f"{folder}/", "")
    assert message.startswith(f"mine.py:{line}: ")
    assert expected in message
    assert "\n" not in message


def test_two_of_one_name_in_two_files(folder: Path) -> None:
    (folder / "a.py").write_text("from hub import on\n@on('a', name='same')\nasync def one(event): ...\n")
    with pytest.raises(PluginError) as caught:
        rules(folder, "@on('a', name='same')\nasync def two(event): ...\n", "b.py")
    expected = "b.py:2: a.py:2 has a subscription 'same' already; rename one of them"
    assert str(caught.value).replace(f"{folder}/", "") == expected


def test_a_function_may_call_a_later_helper_of_the_same_name_elsewhere(folder: Path) -> None:
    found = rules(folder, "def save(event): ...\nplain = save\n@on('a')\nasync def other(event): ...\n")
    assert [rule.name for rule in found] == ["mine.other"]
