"""Stored events, found again: one by its reference, many by a question, or only counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import duckdb

from yunshao.adapters.stores.alerts import stored_event
from yunshao.adapters.stores.database import Part
from yunshao.adapters.stores.hunting import hunt, view_of
from yunshao.adapters.stores.ledger import HOUR, hour_of
from yunshao.adapters.stores.plain import clean
from yunshao.adapters.stores.replaying import in_order, sample
from yunshao.errors import NotFound, Unreachable, WrongUse
from yunshao.model.event import EventRef
from yunshao.ports import KeptEvent, StoredEvent

COUNTED = {"source": "source", "unit": "unit", "hour": "hour", "class_uid": "class_uid"}
MAX_FOUND = 500
DAY = 24 * HOUR


class SqliteEvents(Part):
    """Reads the segments that the manifest lists."""

    def event(self, ref: EventRef) -> StoredEvent:
        found = self.find_events([ref])
        if not found:
            raise NotFound(f"no event {ref.uid!r} of {ref.source}")
        return next(iter(found.values()))

    def find_events(self, refs: Sequence[EventRef]) -> dict[tuple[str, str], StoredEvent]:
        """Those of these that are stored, by source and uid; a reference with time 0 is looked for in all days."""
        refs = refs[:MAX_FOUND]
        paths: set[str] = set()
        for time in {ref.time for ref in refs}:
            paths.update(self._paths(time, time + 1) if time else self._paths())
        if not paths:
            return {}
        uids = [clean(ref.uid) for ref in refs]
        sql = "SELECT source, uid, time, unit, system, cloud, ocsf, native FROM events WHERE list_contains(?, uid)"
        wanted = {(ref.source, clean(ref.uid)) for ref in refs}
        rows = self._ask(sorted(paths), sql, [uids])
        return {(row[0], row[1]): stored_event(row) for row in rows if (row[0], row[1]) in wanted}

    def hunt(self, question: str, limit: int = 100) -> list[dict[str, Any]]:
        return hunt([str(self._folder / path) for path in self._paths()], question, limit)

    def count_events(self, by: str, since: int, until: int) -> dict[str, int]:
        if by not in COUNTED:
            raise WrongUse(f"events are not counted by {by!r}", f"one of {', '.join(COUNTED)}")
        first, last = -(-since // HOUR) * HOUR, hour_of(until)
        counts: Counter[str] = Counter()
        if first >= last:
            return dict(sorted(self._count_rows(by, since, until).items()))
        # Whole hours are counted already; only what sticks out at both ends is looked for in the files.
        sql = f"SELECT {by}, sum(events) FROM tally WHERE hour >= ? AND hour < ? GROUP BY 1"  # noqa: S608
        counts.update({str(key): count for key, count in self._db.rows(sql, (first, last))})
        counts.update(self._count_rows(by, since, first))
        counts.update(self._count_rows(by, last, until))
        return dict(sorted(counts.items()))

    def events_between(self, since: int, until: int, sources: Sequence[str] = ()) -> Iterator[KeptEvent]:
        """Day by day, each listed anew: files are merged while somebody reads."""
        first, last = self._db.row("SELECT min(since), max(until) FROM segment WHERE retired IS NULL")
        if first is None:
            return
        begin, end = max(since, first), min(until, last + 1)
        while begin < end:
            here = min(end, (begin // DAY + 1) * DAY)
            yield from in_order(self._folder, self._paths(begin, here), begin, here, sources)
            begin = here

    def sample_events(self, since: int, until: int, each: int, limit: int) -> list[KeptEvent]:
        return sample(self._folder, self._paths(since, until), since, until, each, limit)

    def _count_rows(self, by: str, since: int, until: int) -> dict[str, int]:
        paths = self._paths(since, until) if since < until else []
        if not paths:
            return {}
        column = f"(time - ((time % {HOUR} + {HOUR}) % {HOUR}))" if by == "hour" else by
        sql = f"SELECT {column}, count(*) FROM events WHERE time >= ? AND time < ? GROUP BY 1"  # noqa: S608
        counts = {str(key): count for key, count in self._ask(paths, sql, [since, until])}
        # The files hold a drill's events too.
        sql = f"SELECT {column}, count(*) FROM rehearsed WHERE time >= ? AND time < ? GROUP BY 1"  # noqa: S608
        for key, count in self._db.rows(sql, (since, until)):
            counts[str(key)] = counts.get(str(key), 0) - count
        return {key: count for key, count in counts.items() if count > 0}

    def _paths(self, since: int | None = None, until: int | None = None) -> list[str]:
        """Listed files that may hold events of [since, until)."""
        if since is None or until is None:
            rows = self._db.rows("SELECT path FROM segment WHERE retired IS NULL ORDER BY since")
        else:
            sql = "SELECT path FROM segment WHERE retired IS NULL AND until >= ? AND since < ? ORDER BY since"
            rows = self._db.rows(sql, (since, until))
        return [row[0] for row in rows]

    def _ask(self, paths: Iterable[str], sql: str, values: list[Any]) -> list[Any]:
        """Rows of a query of our own over `events`."""
        files = [str(self._folder / path) for path in paths]
        try:
            with duckdb.connect(":memory:", config={"memory_limit": "512MB", "threads": 2}) as connection:
                connection.execute(view_of(files))
                return connection.execute(sql, values).fetchall()
        except duckdb.Error as error:
            raise Unreachable(f"events cannot be read: {error}", "look at the disk", str(self._folder)) from error
