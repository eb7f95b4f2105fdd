"""Documents, the drill register and the trail in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from yunshao.adapters.stores.database import Database, Part
from yunshao.adapters.stores.plain import clean, dumps, loads
from yunshao.errors import NotFound, WrongUse
from yunshao.model.event import Event, EventRef, digest_of

CHUNK = 900
MAX_TRAIL_TEXT = 4000
DUE = """SELECT key, body FROM document
    WHERE kind=? AND wakes IS NOT NULL AND wakes<=? ORDER BY wakes, written LIMIT ?"""

Document = dict[str, Any]


class SqliteArchive(Part):
    """JSON documents by kind and id."""

    def put(self, kind: str, key: str, document: Mapping[str, Any]) -> None:
        with self._db.writing() as connection:
            _write(connection, kind, key, document)

    def get(self, kind: str, key: str) -> Document:
        row = self._db.row("SELECT body FROM document WHERE kind=? AND key=?", (kind, clean(key)))
        if row is None:
            raise NotFound(f"no {kind} {key!r}")
        found: Document = loads(row[0])
        return found

    def find(self, kind: str, limit: int = 100) -> list[Document]:
        rows = self._db.rows("SELECT body FROM document WHERE kind=? ORDER BY written DESC LIMIT ?", (kind, limit))
        return [loads(row[0]) for row in rows]

    def change(self, kind: str, key: str, change: Callable[[Document | None], Document]) -> Document:
        with self._db.writing() as connection:
            row = connection.execute("SELECT body FROM document WHERE kind=? AND key=?", (kind, clean(key))).fetchone()
            changed = change(loads(row[0]) if row else None)
            _write(connection, kind, key, changed)
        return changed

    def change_due(
        self, kind: str, until: int, change: Callable[[Document], Document], limit: int = 100
    ) -> list[Document]:
        if not self._db.row(DUE, (kind, until, 1)):
            return []
        with self._db.writing() as connection:
            rows = connection.execute(DUE, (kind, until, limit)).fetchall()
            changed = [(key, change(loads(body))) for key, body in rows]
            for key, document in changed:
                _write(connection, kind, key, document)
        return [document for _, document in changed]

    def waking(self, kind: str, until: int, limit: int = 1000) -> list[Document]:
        return [loads(body) for _, body in self._db.rows(DUE, (kind, until, limit))]

    def forget(self, kind: str, keys: Sequence[str]) -> int:
        with self._db.writing() as connection:
            gone = [connection.execute("DELETE FROM document WHERE kind=? AND key=?", (kind, clean(key))).rowcount
                    for key in keys]  # fmt: skip
        return sum(gone)


def _wakes(document: Mapping[str, Any]) -> int | None:
    wakes = document.get("wakes")
    return wakes if isinstance(wakes, int) and not isinstance(wakes, bool) else None


def _write(connection: sqlite3.Connection, kind: str, key: str, document: Mapping[str, Any]) -> None:
    connection.execute(
        """INSERT INTO document(kind, key, body, wakes, written)
           VALUES (?1, ?2, ?3, ?4, (SELECT coalesce(max(written), 0) + 1 FROM document WHERE kind=?1))
           ON CONFLICT(kind, key) DO UPDATE SET body=excluded.body, wakes=excluded.wakes, written=excluded.written""",
        (kind, clean(key), dumps(document), _wakes(document)),
    )


class SqliteDrills(Part):
    """The register of injected events: the only thing that makes an event a drill's."""

    def register(self, drill: str, injected: Iterable[tuple[str, str, str, int]]) -> None:
        rows = sorted((source, clean(uid), drill, digest, planned) for source, uid, digest, planned in injected)
        with self._db.writing() as connection:
            before = connection.total_changes
            connection.executemany(
                "INSERT INTO injected VALUES (?, ?, ?, ?, ?, NULL) ON CONFLICT(source, uid) DO NOTHING", rows
            )
            if connection.total_changes - before < len(rows):
                _check_ours(connection, rows)

    def injected(self, drill: str) -> list[tuple[str, str, int]]:
        sql = "SELECT source, uid, planned FROM injected WHERE drill=? ORDER BY planned, source, uid"
        return [(source, uid, planned) for source, uid, planned in self._db.rows(sql, (drill,))]

    def drill_of(self, events: Sequence[EventRef], batch: Mapping[tuple[str, str], Event]) -> str:
        drill = ""
        for event in events:
            row = self._db.row(
                "SELECT drill, digest, genuine FROM injected WHERE source=? AND uid=?", (event.source, clean(event.uid))
            )
            if row is None or (drill and row[0] != drill):
                return ""
            waiting = batch.get((event.source, event.uid))
            if not (digest_of(waiting) == row[1] if waiting else row[2]):
                return ""
            drill = row[0]
        return drill


def _check_ours(connection: sqlite3.Connection, rows: Iterable[tuple[str, str, str, str, int]]) -> None:
    """Raises WrongUse where an id is another drill's, or another record's."""
    sql = "SELECT drill, digest FROM injected WHERE source=? AND uid=?"
    for source, uid, drill, digest, _ in rows:
        if connection.execute(sql, (source, uid)).fetchone() != (drill, digest):
            raise WrongUse(f"event {uid!r} of {source} is registered already", "a drill makes its own event ids")


def registered(db: Database, events: Sequence[Event]) -> dict[tuple[str, str], bool]:
    """Those of these that a drill has registered and that did not arrive before, by (source, uid): whether they are
    what the drill sent."""
    # Said by name: left to itself SQLite reads every record that ever came.
    waits = "SELECT 1 FROM injected INDEXED BY injected_waiting WHERE source=? AND genuine IS NULL LIMIT 1"
    awaited = {source for source in {event.source for event in events} if db.row(waits, (source,))}
    if not awaited:
        return {}
    found: dict[tuple[str, str], bool] = {}
    for source in awaited:
        named = {clean(event.uid): event for event in events if event.source == source}
        uids = list(named)
        for start in range(0, len(uids), CHUNK):
            part = uids[start : start + CHUNK]
            marks = ",".join("?" * len(part))
            sql = f"SELECT uid, digest FROM injected WHERE source=? AND genuine IS NULL AND uid IN ({marks})"  # noqa: S608
            for uid, digest in db.rows(sql, (source, *part)):
                found[source, named[uid].uid] = digest_of(named[uid]) == digest
    return found


def settle_injected(connection: sqlite3.Connection, settled: Iterable[tuple[str, str, bool]]) -> None:
    """Keep of registered events that have come (source, uid, genuine) whether they are what the drill sent."""
    connection.executemany(
        "UPDATE injected SET genuine=? WHERE source=? AND uid=?",
        [(int(genuine), source, clean(uid)) for source, uid, genuine in settled],
    )


class SqliteTrail(Part):
    """Who did what."""

    def note(self, by: str, did: str, on: str, detail: str = "") -> None:
        values = [clean(text)[:MAX_TRAIL_TEXT] for text in (by, did, on, detail)]
        with self._db.writing() as connection:
            connection.execute(
                "INSERT INTO trail(at, by, did, subject, detail) VALUES (?, ?, ?, ?, ?)", (self._clock(), *values)
            )

    def trail(self, limit: int = 200) -> list[dict[str, Any]]:
        rows = self._db.rows("SELECT at, by, did, subject, detail FROM trail ORDER BY number DESC LIMIT ?", (limit,))
        return [
            {"at": at, "by": by, "did": did, "on": subject, "detail": detail} for at, by, did, subject, detail in rows
        ]
