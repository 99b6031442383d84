"""`hub doctor --recover`: a damaged log's readable part is saved, the damaged file is kept."""

import contextlib
import sqlite3
from pathlib import Path

from cli_kit import append, event, fill, process


def test_what_can_be_read_is_saved(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("", encoding="utf-8")
    events = [event(number, data={"number": number, "text": "x" * 3000}) for number in range(200)]
    fill(tmp_path, lambda log: append(log, events))
    path = tmp_path / "data" / "hub.db"
    content = bytearray(path.read_bytes())
    assert len(content) > 300_000
    content[150_000:170_000] = b"\xa5" * 20_000
    path.write_bytes(content)

    done = process("doctor", "--recover", folder=tmp_path)

    assert done.code == 0, done.err
    assert "the damaged file is kept as" in done.out
    with contextlib.closing(sqlite3.connect(path)) as log:
        assert log.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    rows = process("events", "--json", "--limit", "1000", folder=tmp_path).rows
    known = {one.id for one in events}
    assert 0 < len(rows) <= 200
    assert {row["id"] for row in rows} <= known
    kept = [file for file in path.parent.iterdir() if file.read_bytes()[:200_000] == bytes(content[:200_000])]
    assert len(kept) == 1


def test_there_is_no_log(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("", encoding="utf-8")
    done = process("doctor", "--recover", folder=tmp_path)
    assert (done.code, "Traceback" in done.err) == (1, False)
    assert "there is no log" in done.err
