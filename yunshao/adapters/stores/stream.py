"""What the embedded runner reads and commits, in SQLite and Parquet: one transaction a batch."""

from __future__ import annotations

import fcntl
import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

from yunshao.adapters.stores import segments
from yunshao.adapters.stores.alerts import count_excepted, fold_alerts
from yunshao.adapters.stores.archive import registered, settle_injected
from yunshao.adapters.stores.database import Part
from yunshao.adapters.stores.ledger import write_counts, write_rejects, write_tally
from yunshao.adapters.stores.packing import Ready, pack
from yunshao.adapters.stores.plain import clean, dumps, loads, seen_id
from yunshao.errors import Unreachable, WrongUse
from yunshao.model.alert import Alert
from yunshao.model.event import Event
from yunshao.ports import Batch, Packed

CHUNK = 900
TIDY_AGAIN_MS = 10 * 60_000
LOG = logging.getLogger("yunshao.stores")


class SqliteStream(Part):
    """Files first, then the transaction that lists them; a file that no transaction listed is deleted."""

    _swept = False
    _tidy_from = 0

    def fresh(self, events: Sequence[Event], taken: set[Any] | None = None) -> list[Event]:
        digests = [seen_id(event.source, event.uid) for event in events]
        known = self._known(digests)
        taken = set() if taken is None else taken
        found: list[Event] = []
        for event, digest in zip(events, digests, strict=True):
            if digest not in known and digest not in taken:
                taken.add(digest)
                found.append(event)
        return found

    def pack(self, events: Sequence[Event]) -> Packed:
        return pack(events, registered(self._db, events))

    def _known(self, digests: Sequence[bytes]) -> set[bytes]:
        known: set[bytes] = set()
        for start in range(0, len(digests), CHUNK):
            part = digests[start : start + CHUNK]
            marks = ",".join("?" * len(part))
            known.update(row[0] for row in self._db.rows(f"SELECT digest FROM seen WHERE digest IN ({marks})", part))  # noqa: S608
        return known

    def memory(self, detector: str, key: str) -> Any:
        row = self._db.row("SELECT body FROM memory WHERE detector=? AND key=?", (detector, clean(key)))
        return loads(row[0]) if row else None

    def memories(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Any]:
        named: dict[str, dict[str, str]] = {}
        for detector, key in keys:
            named.setdefault(detector, {})[clean(key)] = key
        found: dict[tuple[str, str], Any] = {}
        for detector, asked in named.items():
            cleaned = list(asked)
            for start in range(0, len(cleaned), CHUNK):
                part = cleaned[start : start + CHUNK]
                marks = ",".join("?" * len(part))
                # One detector at a time: only so is the index used.
                sql = f"SELECT key, body FROM memory WHERE detector=? AND key IN ({marks})"  # noqa: S608
                for key, body in self._db.rows(sql, (detector, *part)):
                    found[detector, asked[key]] = loads(body)
        return found

    def due(self, watermark: int, limit: int = 1000, after: int = -(1 << 62)) -> list[tuple[str, str, int]]:
        sql = "SELECT detector, key, due FROM memory WHERE due <= ? AND due > ? ORDER BY due, detector, key LIMIT ?"
        return [(detector, key, due) for detector, key, due in self._db.rows(sql, (watermark, after, limit))]

    def offset(self, name: str) -> str:
        row = self._db.row("SELECT offset FROM intake WHERE name=?", (name,))
        return row[0] if row else ""

    def commit(self, batch: Batch) -> list[Alert]:
        packed = [*batch.packed, self.pack(batch.events)] if batch.events else batch.packed
        ready: list[Ready] = [each.body for each in packed]
        with self._alone():
            written = segments.write_segments(self._folder, ready)
            try:
                with self._db.writing() as connection:
                    segments.enter(connection, written)
                    _write_ready(connection, ready)
                    write_counts(connection, batch, packed, self._clock())
                    fresh = _write(connection, batch)
            except BaseException:
                segments.remove(self._folder, [segment.path for segment in written])
                raise
            self._try_to_tidy()
        return fresh

    def _try_to_tidy(self) -> None:
        """The batch is true by now: that its files cannot be merged is told, and is tried again later."""
        if self._clock() < self._tidy_from:
            return
        try:
            self._tidy()
        except Unreachable as error:
            self._tidy_from = self._clock() + TIDY_AGAIN_MS
            LOG.warning("%s", error)

    def _tidy(self) -> None:
        """Merge the small files of one crowded day; each event is merged once or twice in its life."""
        with self._db.reading() as connection:
            day, paths = segments.crowded(connection)
        if not day:
            return
        merged = segments.merge(self._folder, day, paths)
        try:
            with self._db.writing() as connection:
                gone = segments.swap(connection, merged, paths, self._clock())
        except BaseException:
            segments.remove(self._folder, [merged.path])
            raise
        segments.remove(self._folder, gone)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process writes files meanwhile, so a file that nothing lists is a crash's."""
        try:
            with (self._folder / ".writer").open("ab") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX)
                if not self._swept:
                    segments.remove_strangers(
                        self._folder, {row[0] for row in self._db.rows("SELECT path FROM segment")}
                    )
                    self._swept = True
                yield
        except OSError as error:
            raise Unreachable(
                f"the store cannot be written: {error.strerror}", "look at the disk", str(self._folder)
            ) from error


def _write(connection: sqlite3.Connection, batch: Batch) -> list[Alert]:
    _write_memories(connection, batch)
    for name, offset in batch.offsets.items():
        connection.execute("INSERT OR REPLACE INTO intake VALUES (?, ?)", (name, offset))
    write_rejects(connection, batch.rejected)
    count_excepted(connection, batch.excepted)
    return fold_alerts(connection, batch.alerts, batch.events)


def _write_ready(connection: sqlite3.Connection, ready: Sequence[Ready]) -> None:
    # In order, so that neighbours of the tree are touched together.
    digests = sorted(chain.from_iterable(each.digests for each in ready))
    before = connection.total_changes
    connection.executemany("INSERT OR IGNORE INTO seen VALUES (?)", [(digest,) for digest in digests])
    if connection.total_changes - before != len(digests):
        raise WrongUse(
            "the batch holds an event that was stored before", "ask `fresh` first; one process runs the pipeline"
        )
    write_tally(connection, ready)
    settle_injected(connection, chain.from_iterable(each.settled for each in ready))
    connection.executemany(
        "INSERT INTO rehearsed VALUES (?, ?, ?, ?)",
        [(time, source, clean(unit), kind) for each in ready for time, source, unit, kind in each.rehearsed],
    )


def _write_memories(connection: sqlite3.Connection, batch: Batch) -> None:
    kept, gone = [], []
    for (detector, key), (memory, due) in batch.memories.items():
        if memory is None:
            gone.append((detector, clean(key)))
        else:
            kept.append((detector, clean(key), dumps(memory), due))
    connection.executemany("INSERT OR REPLACE INTO memory VALUES (?, ?, ?, ?)", kept)
    connection.executemany("DELETE FROM memory WHERE detector=? AND key=?", gone)
