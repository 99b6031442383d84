"""Nothing that was answered is lost, whatever breaks: the short form of `make chaos`, and that it would notice."""

import random
import sys
from collections import Counter
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("the chaos needs Linux", allow_module_level=True)

import uvloop

from benchmarks.chaos.check import Count
from benchmarks.chaos.crash import FOLDER, Disk, Kind, Record
from benchmarks.chaos.faults import FAULTS, Fault
from benchmarks.chaos.native import NotHere
from benchmarks.chaos.scene import Form
from benchmarks.chaos.sender import Ledger

SEED = 1


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_nothing_that_was_answered_is_lost(fault: Fault, tmp_path: Path) -> None:
    try:
        result = uvloop.run(fault(Form(tmp_path, SEED)))
    except NotHere as why:
        pytest.skip(str(why))
    assert result.problems == []


def test_the_checker_notices() -> None:
    ledger = Ledger(answered={1: 0, 2: 0, 3: 0, 4: 0}, sent={1, 2, 3, 4, 5})
    there = Counter({1: 1, 2: 2, 3: 1, 5: 1, 6: 1})
    assert Count.of("log", there, [3], ledger) == Count(place="log", events=5, missing=1, doubled=1, altered=1, stray=1)


class TestDisk:
    """What may be on a disk after a power loss."""

    def states(self, *records: Record, ignored: str | None = None) -> set[tuple[tuple[str, bytes], ...]]:
        disk = Disk(ignored)
        for index, record in enumerate(records):
            disk.apply(index, record)
        choose = random.Random(SEED)
        return {tuple(sorted(disk.crash(choose).items())) for _ in range(200)}

    OPENED = Record(0, Kind.OPENED, 2, 1, b"hub.db")
    LINKED = Record(1, Kind.SYNCED, FOLDER, 1, b"")
    FIRST = Record(2, Kind.WROTE, 2, 0, b"a" * 1024)
    SECOND = Record(3, Kind.WROTE, 2, 512, b"b" * 512)

    def test_what_is_synced_is_there(self) -> None:
        synced = Record(4, Kind.SYNCED, 2, 4, b"")
        whole = (("hub.db", b"a" * 512 + b"b" * 512),)
        assert self.states(self.OPENED, self.LINKED, self.FIRST, self.SECOND, synced) == {whole}

    def test_what_is_not_may_be_in_any_part(self) -> None:
        found = {files[0][1] for files in self.states(self.OPENED, self.LINKED, self.FIRST, self.SECOND)}
        second = bytes(512) + b"b" * 512
        assert found == {b"", bytes(512), second, b"a" * 512, b"a" * 1024, b"a" * 512 + b"b" * 512}

    def test_what_was_written_while_it_synced_may_be_lost(self) -> None:
        began_before_the_second = Record(4, Kind.SYNCED, 2, 3, b"")
        found = self.states(self.OPENED, self.LINKED, self.FIRST, self.SECOND, began_before_the_second)
        assert found == {(("hub.db", b"a" * 1024),), (("hub.db", b"a" * 512 + b"b" * 512),)}

    def test_a_name_is_there_once_its_folder_is_synced(self) -> None:
        assert () in self.states(self.OPENED, self.FIRST, Record(4, Kind.SYNCED, 2, 2, b""))

    def test_a_disk_may_ignore_syncs(self) -> None:
        synced = Record(3, Kind.SYNCED, 2, 3, b"")
        assert len(self.states(self.OPENED, self.LINKED, self.FIRST, synced, ignored=".db")) > 1
