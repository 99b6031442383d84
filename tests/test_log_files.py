"""The files of the SQLite log: lock, reading beside a hub, damage, versions."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from log_contract import FAR, event_of, everything, incoming, keep, keep_many, now, positions, settle, subscribe, take

from hub.errors import LogDamaged, LogError, LogInUse, LogTooNew, LogUnavailable
from hub.log import sqlite_files
from hub.log.base import RejectionQuery
from hub.log.codec import Packer, Unpacker
from hub.log.migrations import MIGRATIONS, migrate, version
from hub.log.sqlite import SqliteLog
from hub.log.sqlite_recover import recover


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hub.db"


@pytest.fixture
async def log(path: Path) -> AsyncIterator[SqliteLog]:
    log = SqliteLog(path)
    await log.open()
    yield log
    await log.close()


async def reopened(log: SqliteLog) -> SqliteLog:
    await log.close()
    again = SqliteLog(log.path)
    await again.open()
    return again


class TestFiles:
    """What is found at start."""

    async def test_a_second_owner_is_told_who_has_it(self, log: SqliteLog, path: Path) -> None:
        second = SqliteLog(path)
        with pytest.raises(LogInUse, match=f"process {os.getpid()}.*stop that hub"):
            await second.open()
        await keep(log)

    async def test_a_stale_lock_is_no_problem(self, log: SqliteLog, path: Path) -> None:
        await log.close()
        path.with_name("hub.db.lock").write_text("1\n")
        await (await reopened(log)).close()

    async def test_reading_beside_a_running_hub(self, log: SqliteLog, path: Path) -> None:
        reader = SqliteLog(path, read_only=True)
        stored = await keep(log)
        await reader.open()
        assert await reader.get(stored.event.id) == stored
        following = reader.follow(None)
        task = asyncio.create_task(anext(following))
        await asyncio.sleep(0.05)
        fresh = await keep(log)
        assert await task == fresh
        await following.aclose()  # type: ignore[attr-defined]  # an async generator
        with pytest.raises(LogError, match="reading only"):
            await keep(reader)
        await reader.close()

    async def test_reading_without_a_hub(self, log: SqliteLog, path: Path) -> None:
        stored = await keep(log)
        await log.close()
        reader = SqliteLog(path, read_only=True)
        await reader.open()
        assert await reader.get(stored.event.id) == stored
        await reader.close()
        await (await reopened(log)).close()

    async def test_reading_nothing(self, path: Path) -> None:
        with pytest.raises(LogUnavailable, match="hub run"):
            await SqliteLog(path, read_only=True).open()
        assert not path.exists()

    @pytest.mark.parametrize("read_only", [False, True])
    async def test_a_file_of_a_newer_hub_is_left_alone(self, log: SqliteLog, path: Path, read_only: bool) -> None:
        await log.close()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA user_version = 99")
        with pytest.raises(LogTooNew, match="99"):
            await SqliteLog(path, read_only=read_only).open()

    @pytest.mark.parametrize("damage", ["garbage", "torn", "overwritten"])
    async def test_a_damaged_file_is_refused(self, log: SqliteLog, path: Path, damage: str) -> None:
        for _ in range(20):
            big = incoming(b'"' + os.urandom(5000).hex().encode() + b'"')
            await log.append(big, [event_of(big)])
        await log.close()
        whole = path.read_bytes()
        match damage:
            case "garbage":
                path.write_bytes(os.urandom(len(whole)))
            case "torn":
                path.write_bytes(whole[: len(whole) // 2])
            case "overwritten":
                path.write_bytes(whole[:20_000] + os.urandom(100_000) + whole[120_000:])
        before = path.read_bytes()
        again = SqliteLog(path)
        with pytest.raises(LogDamaged, match=r"hub\.db is damaged.*hub doctor --recover"):
            await again.open()
        assert path.read_bytes() == before

    async def test_a_torn_write_ahead_log_loses_nothing_that_was_synced(self, path: Path, tmp_path: Path) -> None:
        log = SqliteLog(path)
        await log.open()
        stored = await keep_many(log, 10)
        copy = tmp_path / "copy" / "hub.db"
        copy.parent.mkdir()
        copy.write_bytes(path.read_bytes())
        wal = path.with_name("hub.db-wal").read_bytes()
        copy.with_name("hub.db-wal").write_bytes(wal + os.urandom(5000))
        await log.close()
        again = SqliteLog(copy)
        await again.open()
        assert positions(await everything(again)) == positions(stored)
        await again.close()

    @pytest.mark.parametrize("tear", ["cut short", "in a page", "in the header", "gone"])
    async def test_a_tear_before_synced_transactions_is_refused(self, path: Path, tmp_path: Path, tear: str) -> None:
        log = SqliteLog(path)
        await log.open()
        stored = [await keep(log) for _ in range(10)]
        copy = tmp_path / "copy" / "hub.db"
        copy.parent.mkdir()
        for suffix in ("", "-wal", "-shm"):
            copy.with_name("hub.db" + suffix).write_bytes(path.with_name("hub.db" + suffix).read_bytes())
        await log.close()
        wal = copy.with_name("hub.db-wal")
        whole = wal.read_bytes()
        half = len(whole) // 2
        match tear:
            case "cut short":
                wal.write_bytes(whole[:half])
            case "in a page":
                wal.write_bytes(whole[:half] + os.urandom(30_000) + whole[half + 30_000 :])
                copy.with_name("hub.db-shm").unlink()
            case "in the header":
                wal.write_bytes(os.urandom(32) + whole[32:])
            case "gone":
                wal.unlink()
        files = {file.name: file.read_bytes() for file in (copy, wal) if file.exists()}
        for _ in range(2):  # a supervisor starts it again
            with pytest.raises(LogDamaged, match=r"write-ahead log.*hub doctor --recover"):
                await SqliteLog(copy).open()
        assert {file.name: file.read_bytes() for file in (copy, wal) if file.exists() and file.stat().st_size} == files
        recover(copy)
        again = SqliteLog(copy)
        await again.open()
        saved = await everything(again)
        assert [one for one in stored if one in saved] == saved
        assert len(saved) < len(stored)
        await again.close()

    @pytest.mark.parametrize("left", [1, 20, 5000, 17_000])
    async def test_an_unfinished_transaction_is_dropped(self, path: Path, tmp_path: Path, left: int) -> None:
        log = SqliteLog(path)
        await log.open()
        stored = [await keep(log) for _ in range(5)]
        copy = tmp_path / "copy" / "hub.db"
        copy.parent.mkdir()
        for suffix in ("", "-shm"):
            copy.with_name("hub.db" + suffix).write_bytes(path.with_name("hub.db" + suffix).read_bytes())
        synced = path.with_name("hub.db-wal").stat().st_size
        await keep(log)
        copy.with_name("hub.db-wal").write_bytes(path.with_name("hub.db-wal").read_bytes()[: synced + left])
        await log.close()
        again = SqliteLog(copy)
        await again.open()
        assert positions(await everything(again)) == positions(stored)
        await again.close()

    async def test_a_large_file_is_checked_in_part(
        self, log: SqliteLog, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite_files, "CHECKED_WHOLE", 0)
        await keep(log)
        await (await reopened(log)).close()

    async def test_a_folder_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(LogUnavailable, match="cannot be"):
            await SqliteLog(tmp_path / "file" / "hub.db").open()

    async def test_only_the_owner_may_read_the_file(self, log: SqliteLog, path: Path) -> None:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    async def test_a_stored_request_that_is_damaged_is_told(self, log: SqliteLog, path: Path) -> None:
        stored = await keep(log)
        await log._writer.change(lambda connection: connection.execute("UPDATE requests SET raw = x'01ff'").fetchall())
        with pytest.raises(LogDamaged, match="hub doctor --recover"):
            await log.request(stored.event.id)

    def test_a_byte_that_the_disk_altered_is_noticed(self) -> None:
        flat = b"a body that is long enough to be compressed, " * 4 + os.urandom(300)
        (packed,) = Packer().pack([flat])
        for place in range(1, len(packed)):
            altered = packed[:place] + bytes([packed[place] ^ 4]) + packed[place + 1 :]
            with suppress(LogDamaged):
                assert Unpacker().unpack(altered) == flat


class TestMigrations:
    """From one schema version to the next."""

    def test_each_step_is_run_once_and_in_order(self, path: Path) -> None:
        def second(connection: sqlite3.Connection) -> None:
            connection.execute("ALTER TABLE requests ADD COLUMN extra")

        def third(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE requests SET extra = 1")

        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            assert migrate(connection) == 0
            connection.execute("INSERT INTO requests (at, raw) VALUES (1, x'00')")
            assert migrate(connection, [*MIGRATIONS, second, third]) == len(MIGRATIONS)
            assert migrate(connection, [*MIGRATIONS, second, third]) == len(MIGRATIONS) + 2
            assert connection.execute("SELECT extra FROM requests").fetchall() == [(1,)]
            with pytest.raises(LogTooNew):
                migrate(connection)

    def test_a_step_that_fails_changes_nothing(self, path: Path) -> None:
        def broken(connection: sqlite3.Connection) -> None:
            connection.execute("DROP TABLE events")
            raise ZeroDivisionError

        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            migrate(connection)
            with pytest.raises(ZeroDivisionError):
                migrate(connection, [*MIGRATIONS, broken])
            assert version(connection) == len(MIGRATIONS)
            assert connection.execute("SELECT count(*) FROM events").fetchone() == (0,)


class TestRecovery:
    """`hub doctor --recover`."""

    async def test_what_can_be_read_is_saved(self, log: SqliteLog, path: Path) -> None:
        feed = await subscribe(log)
        for number in range(60):
            big = incoming(b'"' + os.urandom(5000).hex().encode() + b'"')
            await log.append(big, [event_of(big, f"d{number}")])
        await settle(feed, await take(feed, 30))
        stored = await everything(log)
        await log.close()
        whole = path.read_bytes()
        # the tables' first pages come first, the rows behind them
        bad = len(whole) * 3 // 4
        path.write_bytes(whole[:bad] + os.urandom(100_000) + whole[bad + 100_000 :])
        with pytest.raises(LogDamaged):
            await SqliteLog(path).open()
        found = recover(path)
        assert found.backup.exists()
        assert found.lost
        again = SqliteLog(path)
        await again.open()
        saved = await everything(again)
        assert 30 < len(saved) < 60
        assert [one for one in stored if one in saved] == saved
        left = await take(await subscribe(again), len([one for one in saved if one.position > 30]))
        assert min(positions(left)) > 30
        assert (await keep(again)).position > stored[-1].position
        await again.close()

    @pytest.mark.parametrize("odd", ["''", "x''", "1.5"])
    async def test_an_event_with_a_number_that_is_none_is_lost_alone(
        self, log: SqliteLog, path: Path, odd: str
    ) -> None:
        first, second = [await keep(log, delivery) for delivery in ("first", "second")]
        await log.close()
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(f"UPDATE events SET idx = {odd} WHERE seq = ?", (first.position,))
        assert recover(path).unread == 1
        again = SqliteLog(path)
        await again.open()
        assert await everything(again) == [second]
        assert (await keep(again, "second")).duplicate
        assert await again.prune(now() + FAR) == 1
        await again.close()

    async def test_numbers_of_requests_go_on(self, log: SqliteLog, path: Path) -> None:
        stored = await keep(log, data={"not": "the body"})
        await log.close()
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("DELETE FROM requests")
            connection.execute("DELETE FROM sqlite_sequence")
        recover(path)
        again = SqliteLog(path)
        await again.open()
        other = await keep(again)
        assert await again.request(stored.event.id) is None
        assert await again.request(other.event.id) is not None
        await again.close()

    async def test_a_request_whose_event_is_lost_can_be_read_again(self, log: SqliteLog, path: Path) -> None:
        first, second = [await keep(log, delivery) for delivery in ("first", "second")]
        await log.close()
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("DELETE FROM events WHERE seq = ?", (first.position,))
        assert recover(path).unread == 1
        again = SqliteLog(path)
        await again.open()
        assert positions(await everything(again)) == [second.position]
        (rejection,) = (await again.rejections(RejectionQuery(), None, 10)).items
        assert (rejection.source, rejection.stage, rejection.state) == ("shop", "read", "open")
        assert rejection.request.body == incoming().body
        await again.close()

    async def test_a_file_that_is_no_log_is_left_alone(self, path: Path) -> None:
        path.write_bytes(b"something else, and long enough to be a header" * 10)
        with pytest.raises(LogDamaged, match="nothing of it can be read"):
            recover(path)
        assert path.read_bytes().startswith(b"something else")

    async def test_a_running_hub_is_not_disturbed(self, log: SqliteLog, path: Path) -> None:
        with pytest.raises(LogInUse):
            recover(path)
        await keep(log)
