"""SQLite: keep events in a table of a database file, with a view for each event type; ready for Datasette."""

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import aiosqlite

from hub import Event, Retry, Subscriber, hookimpl

COLUMNS = ("id", "source", "type", "subject", "time", "provider", "deliveryid", "receivedat", "data")
MAX_VIEWS = 1000
MAX_VIEW_NAME = 200
# ruff's S608 asks whether SQL made of strings is safe: every name in it is quoted, every value is a parameter


@dataclass
class SQLite(Subscriber):
    """Delivered again, an event is not stored again: its id is the primary key.

    Views (`"github.push"`) are made for the first 1000 event types.
    """

    name = "sqlite"
    batch = 500
    path: Annotated[str, "The database file, relative to the folder of config.toml; it and its folder are made."]
    table: Annotated[str, "The table's name."] = "events"

    async def open(self) -> None:
        path = self.context.folder / self.path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.db = await aiosqlite.connect(path)
        except (OSError, sqlite3.Error) as error:
            raise Retry(f"cannot open {path}: {error}; is its folder writable?") from error
        try:
            await self.prepare()
        except sqlite3.Error as error:
            await self.db.close()
            raise Retry(f"cannot keep events in table {self.table!r} of {path}: {error}") from error
        except BaseException:  # stopped meanwhile: an open connection's thread keeps the process
            await self.db.close()
            raise
        self.lock = asyncio.Lock()

    async def prepare(self) -> None:
        """Make the table, or see that the one there has our columns."""
        table = quoted(self.table)
        await self.db.execute("PRAGMA journal_mode = WAL")
        await self.db.execute("PRAGMA synchronous = FULL")  # delivered means on disk
        await self.db.execute(
            f"CREATE TABLE IF NOT EXISTS {table} (id TEXT PRIMARY KEY, source TEXT NOT NULL, type TEXT NOT NULL,"
            " subject TEXT, time TEXT, provider TEXT NOT NULL, deliveryid TEXT NOT NULL, receivedat TEXT NOT NULL,"
            " data TEXT NOT NULL)"
        )
        await self.db.execute(f"CREATE INDEX IF NOT EXISTS {quoted(self.table + '_type')} ON {table} (type, id)")
        await self.db.execute(f"SELECT {', '.join(COLUMNS)} FROM {table} LIMIT 0")  # noqa: S608
        await self.db.commit()
        rows = await self.db.execute_fetchall("SELECT name FROM sqlite_master WHERE type = 'view'")
        self.views = {str(name) for (name,) in rows}

    async def deliver_batch(self, events: Sequence[Event]) -> None:
        columns, places = ", ".join(COLUMNS), ", ".join("?" * len(COLUMNS))
        insert = f"INSERT INTO {quoted(self.table)} ({columns}) VALUES ({places}) ON CONFLICT (id) DO NOTHING"  # noqa: S608
        views = self.new_views({event.type for event in events})
        async with self.lock:  # one transaction at a time on the connection
            try:
                await self.db.executemany(insert, map(row, events))  # the rows are made in the connection's thread
                for view in views:
                    await self.db.execute(self.view(view))
                await self.db.commit()
            except BaseException:
                await self.db.rollback()
                raise
        self.views |= views

    def new_views(self, types: set[str]) -> set[str]:
        """Event types to make a view for. They come from outside, so their number and spelling are bounded."""
        plain = sorted(one for one in types - self.views if len(one) <= MAX_VIEW_NAME and one.isprintable())
        return set(plain[: max(0, MAX_VIEWS - len(self.views))])

    def view(self, event_type: str) -> str:
        """The SQL that makes the view of an event type."""
        select = f"SELECT {', '.join(COLUMNS)} FROM {quoted(self.table)} WHERE type = {literal(event_type)}"  # noqa: S608
        return f"CREATE VIEW IF NOT EXISTS {quoted(event_type)} AS {select}"

    async def close(self) -> None:
        await self.db.close()


def row(event: Event) -> tuple[str | None, ...]:
    """The values of COLUMNS."""
    form = event.attributes()
    values = (storable(form.get(column)) for column in COLUMNS[:-1])
    return (*values, event.data_json().decode())


def storable(text: str | None) -> str | None:
    """Text that UTF-8 can say: lone surrogates are escaped."""
    return text if text is None else text.encode("utf-8", "backslashreplace").decode()


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string."""
    return "'" + text.replace("'", "''") + "'"


@hookimpl
def register_subscribers() -> list[type[Subscriber]]:
    return [SQLite]
