"""Events as Parquet files: written whole before the transaction that lists them, merged when there are many."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from yunshao.adapters.stores.columns import ORDERED, REPEATED
from yunshao.adapters.stores.hunting import view_of
from yunshao.adapters.stores.packing import Ready, by_day
from yunshao.errors import Unreachable

SMALL_BYTES = 8 << 20
MANY = 32
MAX_MERGED, MAX_MERGED_BYTES = 200, 96 << 20
# Records that are much alike take no room in a file and all of it in memory: a file of so many is not small.
SMALL_EVENTS, MAX_MERGED_EVENTS = 100_000, 200_000
# A reader that listed a file before it was merged may still be reading it.
RETIRED_FOR = 10 * 60_000
ROW_GROUP = 10_000


@dataclass(frozen=True, slots=True)
class Segment:
    """One file: its path below the folder of events, its day, and what it holds."""

    path: str
    day: str
    events: int
    bytes: int
    since: int
    until: int


def write_segments(folder: Path, ready: Iterable[Ready]) -> list[Segment]:
    """Durable files of these events, not listed anywhere yet. Raises Unreachable and leaves nothing."""
    written: list[Segment] = []
    try:
        for day, table in by_day(ready).items():
            written.append(_write(folder, day, table))
    except OSError as error:
        remove(folder, [segment.path for segment in written])
        raise Unreachable(
            f"events cannot be written: {error.strerror or error}", "look at the disk", str(folder)
        ) from error
    return written


def _write(folder: Path, day: str, table: pa.Table) -> Segment:
    path, temporary = _names(folder, day)
    try:
        pq.write_table(
            table,
            temporary,
            compression="zstd",
            compression_level=1,
            row_group_size=ROW_GROUP,
            use_dictionary=REPEATED,
            write_statistics=ORDERED,
        )
        size = _settle(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    times = table["time"]
    return Segment(
        str(path.relative_to(folder)), day, len(table), size, times[0].as_py(), times[len(table) - 1].as_py()
    )


def _names(folder: Path, day: str) -> tuple[Path, Path]:
    below = folder / f"day={day}"
    if not below.is_dir():
        below.mkdir(parents=True, exist_ok=True)
        _sync_folder(folder)
    name = secrets.token_hex(12)
    return below / f"{name}.parquet", below / f".{name}.tmp"


def _settle(temporary: Path, path: Path) -> int:
    """Bytes to the disk, then the name, then the folder; gives the size."""
    handle = os.open(temporary, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    temporary.rename(path)
    _sync_folder(path.parent)
    return path.stat().st_size


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove(folder: Path, paths: Iterable[str]) -> None:
    """Delete files that nothing lists any more; one that is gone already is as good."""
    for path in paths:
        (folder / path).unlink(missing_ok=True)


def remove_strangers(folder: Path, listed: set[str]) -> None:
    """Delete what a crash left behind: files that are not in the manifest."""
    for path in folder.glob("day=*/*"):
        if path.name.endswith((".parquet", ".tmp")) and str(path.relative_to(folder)) not in listed:
            path.unlink(missing_ok=True)


def enter(connection: sqlite3.Connection, segments: Iterable[Segment]) -> None:
    """Into the manifest."""
    connection.executemany(
        "INSERT INTO segment(path, day, events, bytes, since, until) VALUES (?, ?, ?, ?, ?, ?)",
        [(s.path, s.day, s.events, s.bytes, s.since, s.until) for s in segments],
    )


def crowded(connection: sqlite3.Connection) -> tuple[str, list[str]]:
    """The day with the most small segments and those to merge, where they are many; else nothing."""
    row = connection.execute(
        """SELECT day FROM segment WHERE retired IS NULL AND bytes < ? AND events < ? GROUP BY day HAVING count(*) > ?
           ORDER BY count(*) DESC LIMIT 1""",
        (SMALL_BYTES, SMALL_EVENTS, MANY),
    ).fetchone()
    if row is None:
        return "", []
    paths, total, events = [], 0, 0
    for path, size, count in connection.execute(
        """SELECT path, bytes, events FROM segment WHERE retired IS NULL AND day=? AND bytes < ? AND events < ?
           ORDER BY bytes LIMIT ?""",
        (row[0], SMALL_BYTES, SMALL_EVENTS, MAX_MERGED),
    ):
        total += size
        events += count
        if total > MAX_MERGED_BYTES or events > MAX_MERGED_EVENTS:
            break
        paths.append(path)
    return row[0], paths


def swap(connection: sqlite3.Connection, merged: Segment, paths: Sequence[str], at: int) -> list[str]:
    """The merged one for its parts, in one transaction; gives files retired long ago, which may be deleted."""
    enter(connection, [merged])
    connection.executemany("UPDATE segment SET retired=? WHERE path=?", [(at, path) for path in paths])
    gone = [row[0] for row in connection.execute("SELECT path FROM segment WHERE retired < ?", (at - RETIRED_FOR,))]
    connection.execute("DELETE FROM segment WHERE retired < ?", (at - RETIRED_FOR,))
    return gone


_MERGE = "COPY (SELECT * FROM events ORDER BY time) TO $path (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {})"


def merge(folder: Path, day: str, paths: Sequence[str]) -> Segment:
    """One durable file with the events of these, in order of time, not listed anywhere yet."""
    path, temporary = _names(folder, day)
    try:
        with duckdb.connect(
            ":memory:", config={"memory_limit": "512MB", "threads": 2, "temp_directory": str(folder)}
        ) as connection:
            connection.execute("SET preserve_insertion_order=false")
            connection.execute(view_of([str(folder / name) for name in paths]))
            connection.execute(_MERGE.format(ROW_GROUP), {"path": str(temporary)})
        size = _settle(temporary, path)
    except (OSError, duckdb.Error) as error:
        temporary.unlink(missing_ok=True)
        raise Unreachable(f"segments cannot be merged: {error}", "look at the disk", str(folder)) from error
    facts: Any = pq.read_table(path, columns=["time"])["time"]
    return Segment(str(path.relative_to(folder)), day, len(facts), size, facts[0].as_py(), facts[-1].as_py())
