"""One SQLite file, a connection a thread, one writer at a time, and the way from an older version to this one."""

from __future__ import annotations

import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from yunshao.adapters.stores.schema import STEPS
from yunshao.errors import BadConfiguration, Unreachable
from yunshao.ports import Clock

BUSY_MILLISECONDS = 15_000
PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # What was committed has been acknowledged to a pusher, so it must outlive a loss of power.
    "PRAGMA synchronous=FULL",
    f"PRAGMA busy_timeout={BUSY_MILLISECONDS}",
    "PRAGMA cache_size=-32768",
    "PRAGMA mmap_size=1073741824",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA secure_delete=OFF",
    "PRAGMA trusted_schema=OFF",
)


def now() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


class _Connection(sqlite3.Connection):
    """One that may be remembered weakly: a thread that ends takes its connection with it."""


class Database:
    """Reads see the last commit; writes are whole or not at all. Trouble with the disk is `Unreachable`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._all: weakref.WeakSet[_Connection] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._closed = False
        self._migrate()

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows of one reading statement."""
        with self._told():
            return self._connection().execute(sql, values).fetchall()

    def row(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The first row, or None."""
        with self._told():
            return self._connection().execute(sql, values).fetchone()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Several reads of one moment."""
        with self._told():
            connection = self._connection()
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("COMMIT")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: committed at the end, undone by any exception."""
        with self._told():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close every thread's connection; using the database afterwards is an error."""
        with self._lock:
            self._closed = True
            for connection in list(self._all):
                connection.close()
            self._all.clear()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise Unreachable(
                f"the store cannot be used: {error}", "look at the disk, then try again", str(self._path)
            ) from error

    def _connection(self) -> _Connection:
        connection: _Connection | None = getattr(self._local, "connection", None)
        if connection is None or self._closed:
            connection = self._open()
            self._local.connection = connection
        return connection

    def _open(self) -> _Connection:
        with self._lock:
            if self._closed:
                raise Unreachable("the store is closed", "", str(self._path))
            connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, factory=_Connection)
            self._all.add(connection)
        for pragma in PRAGMAS:
            connection.execute(pragma)
        return connection

    def _migrate(self) -> None:
        with self._told():
            connection = self._connection()
            if self._version(connection) == len(STEPS):
                return
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("CREATE TABLE IF NOT EXISTS migration(version INTEGER PRIMARY KEY, at INTEGER NOT NULL)")
            # Read again under the lock: another process may have been quicker.
            version = self._version(connection)
            if version > len(STEPS):
                connection.execute("ROLLBACK")
                raise BadConfiguration(
                    "written by a newer Yunshao", "run that version, or restore a backup", str(self._path)
                )
            for number, step in enumerate(STEPS[version:], start=version + 1):
                for statement in step:
                    connection.execute(statement)
                connection.execute("INSERT INTO migration VALUES (?, ?)", (number, now()))
                connection.execute(f"PRAGMA user_version={number}")
            connection.execute("COMMIT")

    @staticmethod
    def _version(connection: sqlite3.Connection) -> int:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


class Part:
    """A part of the store: over the one database, and the folder of event files."""

    def __init__(self, database: Database, folder: Path, clock: Clock = now) -> None:
        self._db = database
        self._folder = folder
        self._clock = clock
