"""The chain of hashes in SQLite: links are added and never changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from yunshao.adapters.stores.database import Part
from yunshao.adapters.stores.plain import clean
from yunshao.model.chain import Item, Link, link

COLUMNS = "number, kind, subject, place, at, digest, previous, hash"


class SqliteChain(Part):
    """Links over reports, alerts and audit entries."""

    def link_up(self, items: Iterable[Item]) -> list[Link]:
        """Link what is not linked yet, in order, in one transaction; an item's place says what is new."""
        made = []
        with self._db.writing() as connection:
            last = _head(connection)
            places = dict(connection.execute("SELECT kind, max(place) FROM chain GROUP BY kind"))
            at = max(self._clock(), last.at if last else 0)
            for item in items:
                if item.place <= places.get(item.kind, 0):
                    continue
                places[item.kind] = item.place
                last = link(last, Item(item.kind, clean(item.subject), item.place, item.digest), at)
                connection.execute(
                    f"INSERT INTO chain({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - our own names
                    tuple(last.as_row().values()),
                )
                made.append(last)
        return made

    def links(self, after: int = 0, limit: int = 10_000) -> list[Link]:
        """Links after a number, in order."""
        rows = self._db.rows(
            f"SELECT {COLUMNS} FROM chain WHERE number > ? ORDER BY number LIMIT ?",  # noqa: S608 - our own names
            (after, limit),
        )
        return [Link(*row) for row in rows]

    def linked(self, kind: str) -> int:
        """The last place of a kind that is linked; 0 for none."""
        row: Any = self._db.row("SELECT coalesce(max(place), 0) FROM chain WHERE kind=?", (kind,))
        return int(row[0])

    def chain_end(self) -> Link | None:
        """The newest link."""
        with self._db.reading() as connection:
            return _head(connection)

    def trail_after(self, number: int, limit: int = 10_000) -> list[tuple[int, dict[str, Any]]]:
        """Audit entries after a number, in order."""
        rows = self._db.rows(
            "SELECT number, at, by, did, subject, detail FROM trail WHERE number > ? ORDER BY number LIMIT ?",
            (number, limit),
        )
        return [
            (number, {"at": at, "by": by, "did": did, "on": subject, "detail": detail})
            for number, at, by, did, subject, detail in rows
        ]


def _head(connection: sqlite3.Connection) -> Link | None:
    row = connection.execute(f"SELECT {COLUMNS} FROM chain ORDER BY number DESC LIMIT 1").fetchone()  # noqa: S608
    return Link(*row) if row else None
