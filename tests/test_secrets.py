"""References to the environment, to files and to `.env`: found, or a problem that says what to do; never shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hub.secrets import Resolved, read_environment, resolve, texts


def resolved(tree: dict[str, Any], folder: Path, environ: Mapping[str, str] | None = None) -> Resolved:
    environment, problems = read_environment(folder, environ or {})
    assert problems == []
    return resolve(tree, folder, environment, "config.toml")


def test_references_are_filled_in_wherever_they_stand(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from a file\n")
    tree = {
        "a": {"b": {"env": "X"}, "list": ["plain", {"file": "key"}, {"env": "X"}], "keys": {"k1": {"env": "X"}}},
        "n": 1,
    }
    found = resolved(tree, tmp_path, {"X": "from the environment"})
    assert found.tree == {
        "a": {
            "b": "from the environment",
            "list": ["plain", "from a file", "from the environment"],
            "keys": {"k1": "from the environment"},
        },
        "n": 1,
    }
    assert found.brought["a.list[1]"] == "from a file"
    assert found.problems == ()
    assert "from a file" not in repr(found)


@pytest.mark.parametrize("value", [{"env": 1}, {"env": "X", "file": "y"}, {"environment": "X"}, {}])
def test_what_is_no_reference_is_left_alone(tmp_path: Path, value: Any) -> None:
    assert resolved({"a": value}, tmp_path).tree == {"a": value}


def test_the_real_environment_wins_over_dotenv(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("export A=file\nB='file $A # kept'\n# comment\n\nC=file\n")
    environment, problems = read_environment(tmp_path, {"A": "real"})
    assert problems == []
    assert {name: environment.values[name] for name in "ABC"} == {"A": "real", "B": "file $A # kept", "C": "file"}
    assert "file $A" not in repr(environment)


def test_a_line_of_dotenv_that_is_none(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\nthis is 'not a line\nB=2\n")
    _, problems = read_environment(tmp_path, {})
    assert [problem.where for problem in problems] == ["line 2"]
    assert problems[0].file == str(tmp_path / ".env")
    assert "not a line" not in str(problems[0])


def test_dotenv_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"A=\xff\xfe")
    _, problems = read_environment(tmp_path, {})
    assert "it is not UTF-8 text" in str(problems[0])


def test_an_unset_variable_says_where_it_can_be_set(tmp_path: Path) -> None:
    found = resolved({"a": [{"env": "TYPEFORM_SECRT"}], "b": 1}, tmp_path, {"TYPEFORM_SECRET": "hidden value"})
    (problem,) = found.problems
    assert problem.where == "a[0]"
    assert "TYPEFORM_SECRT is not set (there is TYPEFORM_SECRET)" in problem.text
    assert f"write TYPEFORM_SECRT=... into {tmp_path / '.env'}" in problem.text
    assert "hidden value" not in str(problem)
    assert found.tree == {"a": [], "b": 1}
    assert found.missing == {"a[0]"}


def test_an_empty_variable_is_a_problem(tmp_path: Path) -> None:
    (problem,) = resolved({"a": {"env": "X"}}, tmp_path, {"X": ""}).problems
    assert "X is empty" in problem.text


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "No such file"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xff", "it is not UTF-8"),
        (b"x" * 70000, "larger than 64 KiB"),
    ],
)
def test_a_file_that_cannot_be_a_secret(tmp_path: Path, content: bytes | None, expected: str) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    (problem,) = resolved({"a": {"file": "key"}}, tmp_path).problems
    assert expected in problem.text
    assert str(tmp_path / "key") in problem.text


def test_a_folder_is_no_secret(tmp_path: Path) -> None:
    (problem,) = resolved({"a": {"file": "."}}, tmp_path).problems
    assert "Is a directory" in problem.text


@pytest.mark.parametrize("content", ["a key\n", "a key\r\n", "a key"])
def test_one_line_end_of_a_file_does_not_count(tmp_path: Path, content: str) -> None:
    (tmp_path / "key").write_bytes(content.encode())
    assert resolved({"a": {"file": str(tmp_path / "key")}}, tmp_path).tree == {"a": "a key"}


def test_every_text_of_a_value() -> None:
    assert list(texts({"a": ["x", {"b": 7}], "c": True, "d": None})) == ["x", "7"]
