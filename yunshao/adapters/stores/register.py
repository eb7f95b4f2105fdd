"""The risk register in SQLite: rows are added and never changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from yunshao.adapters.stores.database import Part
from yunshao.adapters.stores.plain import clean, loads
from yunshao.model.register import Change, Revision, body_text, revision_id

COLUMNS = "number, id, kind, key, body, at, by, reason"
FOREVER = (1 << 63) - 1


class SqliteRegister(Part):
    """Entries with their history."""

    def enter(self, changes: Iterable[Change]) -> list[Revision]:
        """Make the changes true in one transaction; gives the revisions that this added."""
        found = []
        with self._db.writing() as connection:
            newest = connection.execute("SELECT coalesce(max(at), 0) FROM register").fetchone()[0]
            # A clock that went back must not change what stood at a past moment.
            at = max(self._clock(), newest)
            for change in changes:
                revision = _enter(connection, change, at)
                if revision is not None:
                    found.append(revision)
        return found

    def entries(self, kind: str, as_of: int | None = None) -> list[Revision]:
        """Every entry of a kind that stands (stood at `as_of`, ms), by key."""
        rows = self._db.rows(
            f"""SELECT {COLUMNS} FROM register WHERE number IN
                (SELECT max(number) FROM register WHERE kind=? AND at<=? GROUP BY key)
                AND body IS NOT NULL ORDER BY key""",  # noqa: S608 - our own column names
            (kind, FOREVER if as_of is None else as_of),
        )
        return [_revision(row) for row in rows]

    def history(self, kind: str, key: str) -> list[Revision]:
        """Every revision of one entry, the oldest first."""
        rows = self._db.rows(
            f"SELECT {COLUMNS} FROM register WHERE kind=? AND key=? ORDER BY number",  # noqa: S608 - as above
            (kind, clean(key)),
        )
        return [_revision(row) for row in rows]

    def register_head(self) -> int:
        """The number of the newest revision, 0 for none."""
        return int(self._db.rows("SELECT coalesce(max(number), 0) FROM register")[0][0])


def _enter(connection: sqlite3.Connection, change: Change, at: int) -> Revision | None:
    key, by, reason = clean(change.key), clean(change.by), clean(change.reason)
    held = connection.execute(
        "SELECT id, body FROM register WHERE kind=? AND key=? ORDER BY number DESC LIMIT 1", (change.kind, key)
    ).fetchone()
    text = body_text(change.body)
    if (held[1] if held else None) == text:
        return None
    made = revision_id(change, text, held[0] if held else "")
    number = connection.execute(
        "INSERT INTO register(id, kind, key, body, at, by, reason) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (made, change.kind, key, text, at, by, reason),
    ).lastrowid
    return Revision(int(number or 0), made, change.kind, key, change.body, at, by, reason)


def _revision(row: Any) -> Revision:
    number, made, kind, key, body, at, by, reason = row
    return Revision(number, made, kind, key, None if body is None else loads(body), at, by, reason)
