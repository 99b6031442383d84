"""The jsonl subscriber, on real files."""

import asyncio
import json
from dataclasses import replace

import pytest
from subscriber_kit import EVENT, running

from hub.errors import Retry


def ids(path):
    text = path.read_text()
    assert not text or text.endswith("\n")
    return [json.loads(line)["id"] for line in text.splitlines()]


def batch(*names):
    return [replace(EVENT, id=name) for name in names]


async def test_an_event_is_a_line_of_cloudevents_json(tmp_path):
    odd = replace(EVENT, id="2", data={"text": "half \ud83d\n", "line": "\u2028"})
    async with running("jsonl", tmp_path, path="new/events.jsonl") as jsonl:
        await jsonl.deliver_batch([EVENT, odd])
    lines = (tmp_path / "new/events.jsonl").read_bytes().split(b"\n")
    assert json.loads(lines[0]) == EVENT.cloudevent()
    assert json.loads(lines[1])["data"] == odd.data
    assert lines[2:] == [b""]


async def test_it_goes_on_where_it_was(tmp_path):
    for name in "ab":
        async with running("jsonl", tmp_path, path="e.jsonl") as jsonl:
            await jsonl.deliver_batch(batch(name))
    assert ids(tmp_path / "e.jsonl") == ["a", "b"]


@pytest.mark.parametrize("lost", [1, 40, "all but one"])
async def test_a_line_torn_by_a_crash_is_cut_off(tmp_path, lost):
    path = tmp_path / "e.jsonl"
    line = replace(EVENT, data="x" * 200_000).json()
    torn = line[:1] if lost == "all but one" else line[:-lost]
    path.write_bytes(EVENT.json() + b"\n" + torn)
    async with running("jsonl", tmp_path, path="e.jsonl") as jsonl:
        assert ids(path) == [EVENT.id]
        with path.open("ab") as file:
            file.write(torn)
        await jsonl.deliver_batch(batch("next"))
    assert ids(path) == [EVENT.id, "next"]


@pytest.mark.parametrize("size", [65535, 65536, 65537])
async def test_a_torn_line_of_any_length_is_cut_off(tmp_path, size):
    path = tmp_path / "e.jsonl"
    path.write_bytes(EVENT.json() + b"\n" + replace(EVENT, data="x" * 200_000).json()[:size])
    async with running("jsonl", tmp_path, path="e.jsonl"):
        assert ids(path) == [EVENT.id]


async def test_a_file_of_someone_else_is_not_cut(tmp_path):
    (tmp_path / "notes").write_text("line\nhalf a line")
    async with running("jsonl", tmp_path, opened=False, path="notes") as jsonl:
        with pytest.raises(Retry, match="no event"):
            await jsonl.open()
    assert (tmp_path / "notes").read_text() == "line\nhalf a line"


async def test_files_are_rotated_by_size_and_the_oldest_goes(tmp_path):
    size = len(replace(EVENT, id="1").json()) + 1
    async with running("jsonl", tmp_path, path="e.jsonl", max_bytes=2 * size, keep=2) as jsonl:
        for name in "12345678":
            await jsonl.deliver_batch(batch(name))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["e.jsonl", "e.jsonl.1", "e.jsonl.2"]
    assert [ids(tmp_path / name) for name in ("e.jsonl.2", "e.jsonl.1", "e.jsonl")] == [
        ["3", "4"],
        ["5", "6"],
        ["7", "8"],
    ]


async def test_a_batch_larger_than_a_file_stays_whole(tmp_path):
    async with running("jsonl", tmp_path, path="e.jsonl", max_bytes=10) as jsonl:
        await jsonl.deliver_batch(batch("1", "2"))
        await jsonl.deliver_batch(batch("3"))
    assert ids(tmp_path / "e.jsonl.1") == ["1", "2"]
    assert ids(tmp_path / "e.jsonl") == ["3"]


async def test_batches_at_once_stay_whole(tmp_path):
    names = [[f"{n}-{m}" for m in range(20)] for n in range(10)]
    async with running("jsonl", tmp_path, path="e.jsonl", max_bytes=3000, keep=100) as jsonl:
        await asyncio.gather(*(jsonl.deliver_batch(batch(*group)) for group in names))
    found = [ids(path) for path in tmp_path.iterdir()]
    assert sorted(found) == sorted(names)


async def test_a_batch_that_cannot_be_written_leaves_no_part(tmp_path, monkeypatch):
    import os

    real = os.write

    def full(file, data):
        if len(data) < 1000:
            raise OSError(28, "No space left on device")
        return real(file, data[:700])

    async with running("jsonl", tmp_path, path="e.jsonl") as jsonl:
        await jsonl.deliver_batch(batch("1"))
        monkeypatch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            await jsonl.deliver_batch(batch("2", "3", "4", "5", "6"))
        monkeypatch.undo()
        await jsonl.deliver_batch(batch("7"))
    assert ids(tmp_path / "e.jsonl") == ["1", "7"]


async def test_a_folder_that_cannot_be_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    async with running("jsonl", tmp_path, opened=False, path="file/e.jsonl") as jsonl:
        with pytest.raises(Retry, match=r"cannot write .*file/e\.jsonl"):
            await jsonl.open()


async def test_sizes_are_checked(tmp_path):
    with pytest.raises(ValueError, match="at least 1"):
        async with running("jsonl", tmp_path, path="e.jsonl", keep=0):
            pass
