"""The ledger in SQLite: received = processed + rejected + repeated, per source and minute; and the dead letters."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from typing import Any

from yunshao.adapters.stores.database import Part
from yunshao.adapters.stores.packing import Ready, Tally
from yunshao.adapters.stores.plain import clean
from yunshao.errors import NotFound
from yunshao.model.event import Event, Rejected
from yunshao.ports import Batch, Letter, Packed

MAX_REJECTS = 200_000
MAX_REJECT_BYTES = 512 << 20
MAX_RAW = 1 << 20
MAX_DETAIL = 1000
LETTER = "number, source, position, reason, detail, raw, received, hint"
HOUR = 3_600_000
MINUTE = 60_000


class SqliteHealth(Part):
    """Counts of each source, and what could not be taken."""

    def sources(self) -> list[dict[str, Any]]:
        columns = ("source", "received", "processed", "rejected", "repeated", "last_event", "last_received")
        # Of real records alone: a drill's are in the ledger, which balances, and in no figure of a source.
        rows = self._db.rows(
            """SELECT name, received - rehearsed, processed - rehearsed, rejected, repeated, last_event, last_received
               FROM source WHERE received > rehearsed OR rehearsed = 0 ORDER BY name"""
        )
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def rejects(self, source: str = "", limit: int = 100) -> list[tuple[int, Rejected]]:
        rows = self._db.rows(
            """SELECT number, source, position, reason, detail, raw, received, hint FROM reject
               WHERE source = ?1 OR ?1 = '' ORDER BY number DESC LIMIT ?2""",
            (clean(source), limit),
        )
        return [(number, Rejected(*rest)) for number, *rest in rows]

    def letters(self, source: str = "", before: int = 0, limit: int = 100) -> list[Letter]:
        rows = self._db.rows(
            f"""SELECT {LETTER} FROM reject WHERE (source = ?1 OR ?1 = '') AND (number < ?2 OR ?2 = 0)
                ORDER BY number DESC LIMIT ?3""",  # noqa: S608 - our own column names
            (clean(source), before, limit),
        )
        return [Letter(number, Rejected(*rest)) for number, *rest in rows]

    def letter(self, number: int) -> Letter:
        found = self.letters("", number + 1, 1) if number > 0 else []
        if not found or found[0].number != number:
            raise NotFound(f"no dead letter {number}", "`yunshao deadletter list` shows them")
        return found[0]

    def letters_ever(self) -> dict[str, int]:
        found = dict(self._db.rows("SELECT source, count(*) FROM reject GROUP BY source"))
        return {**found, "": self._db.row("SELECT coalesce(max(number), 0) FROM reject")[0]}

    def ledger(self, since: int, until: int) -> list[dict[str, Any]]:
        """The counts per source and minute (ms of its start) of when records were received."""
        columns = ("source", "minute", "received", "processed", "rejected", "repeated")
        sql = "SELECT * FROM ledger WHERE minute >= ? AND minute < ? ORDER BY minute, source"
        return [dict(zip(columns, row, strict=True)) for row in self._db.rows(sql, (since, until))]


def write_counts(connection: sqlite3.Connection, batch: Batch, packed: Sequence[Packed], at: int) -> None:
    """Add a batch to the counts of its sources, in the minute of its commit."""
    processed: Counter[str] = Counter()
    rejected = Counter(clean(record.source) for record in batch.rejected)
    last_event: dict[str, int] = {}
    last_received: dict[str, int] = {}
    rehearsed = Counter(row[1] for each in packed for row in each.body.rehearsed)
    for each in packed:
        processed.update(each.counts)
        for source, time in each.newest.items():
            last_event[source] = max(last_event.get(source, time), time)
        for source, time in each.body.received.items():
            last_received[source] = max(last_received.get(source, 0), time)
    received = {clean(source): count for source, count in batch.received.items()}
    repeated = {clean(source): count for source, count in batch.repeated.items()}
    for source in sorted({*processed, *rejected, *received, *repeated}):
        counts = [part.get(source, 0) for part in (received, processed, rejected, repeated)]
        real = counts[0] > rehearsed[source]
        newest = (last_event.get(source), last_received.get(source) or (at if real else None))
        connection.execute(_SOURCE, (source, *counts, *newest, rehearsed[source]))
        connection.execute(_LEDGER, (source, at // MINUTE * MINUTE, *counts))


_SOURCE = """INSERT INTO source VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(name) DO UPDATE SET
    received=received+excluded.received, processed=processed+excluded.processed,
    rejected=rejected+excluded.rejected, repeated=repeated+excluded.repeated,
    rehearsed=rehearsed+excluded.rehearsed,
    last_event=max(coalesce(last_event, excluded.last_event), coalesce(excluded.last_event, last_event)),
    last_received=max(
        coalesce(last_received, excluded.last_received), coalesce(excluded.last_received, last_received))"""

_LEDGER = """INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT(source, minute) DO UPDATE SET
    received=received+excluded.received, processed=processed+excluded.processed,
    rejected=rejected+excluded.rejected, repeated=repeated+excluded.repeated"""


def write_tally(connection: sqlite3.Connection, ready: Sequence[Ready]) -> None:
    """Count events per hour of their time, source, unit and class."""
    counts: Counter[Tally] = Counter()
    for each in ready:
        counts.update(each.tally)
    connection.executemany(
        """INSERT INTO tally VALUES (?, ?, ?, ?, ?)
           ON CONFLICT(hour, source, unit, class_uid) DO UPDATE SET events=events+excluded.events""",
        [(hour, source, clean(unit), kind, count) for (hour, source, unit, kind), count in counts.items()],
    )


def hour_of(time: int) -> int:
    """The start of the hour, in milliseconds."""
    return time // HOUR * HOUR


def class_uid(event: Event) -> int:
    """The event's OCSF class, 0 where it has none."""
    value = event.ocsf.get("class_uid")
    return value if type(value) is int and 0 <= value < 1 << 31 else 0


def write_rejects(connection: sqlite3.Connection, rejected: Sequence[Rejected]) -> None:
    """Keep what could not be taken, the newest of it: bounded in number and in bytes."""
    if not rejected:
        return
    upto = connection.execute("SELECT coalesce(max(upto), 0) FROM reject").fetchone()[0]
    rows = []
    for record in rejected:
        raw = record.raw[:MAX_RAW]
        upto += len(raw)
        texts = (record.reason, record.detail[:MAX_DETAIL])
        rows.append(
            (
                clean(record.source),
                record.position,
                *map(clean, texts),
                raw,
                record.received,
                clean(record.hint[:MAX_DETAIL]),
                upto,
            )
        )
    connection.executemany(
        """INSERT INTO reject(source, position, reason, detail, raw, received, hint, upto)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        rows,
    )
    connection.execute(
        """DELETE FROM reject WHERE number <= max((SELECT max(number) FROM reject) - ?1,
           coalesce((SELECT CASE WHEN upto - length(raw) < ?2 THEN number ELSE number - 1 END
                     FROM reject WHERE upto >= ?2 ORDER BY upto, number LIMIT 1), 0))""",
        (MAX_REJECTS, upto - MAX_REJECT_BYTES),
    )
