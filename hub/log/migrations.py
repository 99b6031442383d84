"""Brings an SQLite log to the schema that this hub writes, one version at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from importlib.resources import files

from hub.errors import LogTooNew
from hub.log.codec import hash_delivery

Migration = Callable[[sqlite3.Connection], None]
"""Brings a log from its place in the chain to the next, inside the caller's transaction."""


def create(connection: sqlite3.Connection) -> None:
    """From an empty file to version 1."""
    statement = ""
    for line in files("hub.log").joinpath("schema.sql").read_text("utf-8").splitlines():
        statement += line.partition("--")[0] + "\n"
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""


def gather_keys(connection: sqlite3.Connection) -> None:
    """From version 1 to 2: the de-duplication keys have a table of their own (see `hub.log.sqlite_keys`)."""
    connection.execute(
        "CREATE TABLE keys (delivery TEXT NOT NULL, source INTEGER NOT NULL, idx INTEGER NOT NULL, "
        "seq INTEGER NOT NULL, PRIMARY KEY (delivery, source, idx)) WITHOUT ROWID"
    )
    connection.execute("CREATE TABLE gathered (upto INTEGER NOT NULL)")
    connection.execute("INSERT INTO gathered VALUES (0)")
    connection.execute("DROP INDEX events_delivery")


def hash_keys(connection: sqlite3.Connection) -> None:
    """From version 2 to 3: a key is a number, a third of its bytes; and two indexes less, of which each got a page in
    every transaction. What has to do with one request or one source is found without (see `hub.log.sqlite_upkeep`,
    `hub.log.sqlite_browse`)."""
    connection.execute("DROP TABLE keys")
    connection.execute(
        "CREATE TABLE keys (hash INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (hash, seq)) WITHOUT ROWID"
    )
    gather_all(connection)
    connection.execute("DROP INDEX events_request")
    connection.execute("DROP INDEX events_source")


def gather_all(connection: sqlite3.Connection) -> None:
    """Put the keys of all events into their table."""
    connection.create_function("hash_delivery", 2, hash_delivery, deterministic=True)
    connection.execute(
        "INSERT INTO keys SELECT hash_delivery(delivery, idx) AS hash, seq FROM events ORDER BY hash, seq"
    )
    connection.execute("UPDATE gathered SET upto = (SELECT coalesce(max(seq), 0) FROM events)")


MIGRATIONS: Sequence[Migration] = (create, gather_keys, hash_keys)
"""MIGRATIONS[n] leads from version n to n + 1. Never change one that was released: append."""


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration] = MIGRATIONS) -> int:
    """Run what is missing, each in a transaction of its own; the version that was found.

    Raises:
        LogTooNew: the file has a version beyond the chain.
    """
    found = version(connection)
    check_version(found, len(migrations))
    for number in range(found, len(migrations)):
        connection.execute("BEGIN IMMEDIATE")
        try:
            migrations[number](connection)
            connection.execute(f"PRAGMA user_version = {number + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    return found


def version(connection: sqlite3.Connection) -> int:
    """The schema version that the file has; 0 if it is empty."""
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    return int(found)


def check_version(found: int, known: int = len(MIGRATIONS)) -> None:
    """Raises: LogTooNew"""
    if found > known:
        raise LogTooNew(
            f"the log has schema version {found}, this hub knows up to {known}: it was written by a newer hub. "
            "Install that version or a later one; the log has not been changed"
        )
