"""The alert queue in SQLite: a page, a count and a change stay quick at a million alerts."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from yunshao.adapters.stores.database import Part
from yunshao.adapters.stores.filters import Filter, filter_of
from yunshao.adapters.stores.forms import alert_from_json, alert_to_json
from yunshao.adapters.stores.plain import clean, dumps, loads
from yunshao.errors import NotFound, WrongUse
from yunshao.model.alert import Alert, AlertQuery
from yunshao.model.event import Event
from yunshao.ports import StoredEvent

MAX_EVIDENCE = 20
MAX_SEARCH = 3000
MAX_PAGE = 10_000
MAX_GROUPS = 10_000
DAY = 86_400_000
EPOCH = date(1970, 1, 1).toordinal()
# The day's number since 1970, rounded down before 1970 too.
_DAY_SQL = f"((a.time - ((a.time % {DAY} + {DAY}) % {DAY})) / {DAY})"
GROUPS = {
    "level": "a.level",
    "status": "a.status",
    "unit": "a.unit",
    "rule_id": "a.rule_id",
    "entity": "a.entity",
    "day": _DAY_SQL,
    "technique": "t.technique",
}


class SqliteAlerts(Part):
    """What the console and the command line ask about alerts."""

    def alert(self, alert_id: str) -> Alert:
        return alert_from_json(self._found(alert_id)[1])

    def alerts(self, query: AlertQuery) -> list[Alert]:
        before = self._found(query.before)[0] if query.before else None
        with self._db.reading() as connection:
            chosen = filter_of(query, connection)
            return [alert_from_json(body) for (body,) in connection.execute(*_page(chosen, query, before))]

    def count_alerts(self, query: AlertQuery, by: str) -> dict[str, int]:
        if by not in GROUPS:
            raise WrongUse(f"alerts are not counted by {by!r}", f"one of {', '.join(GROUPS)}")
        with self._db.reading() as connection:
            chosen = filter_of(query, connection)
            joined = " CROSS JOIN alert_technique t ON t.number = a.number" if by == "technique" else ""
            sql = (
                f"SELECT {GROUPS[by]}, count(*) FROM {chosen.tables}{joined} WHERE {chosen.where} GROUP BY 1 ORDER BY 1"  # noqa: S608
            )
            rows = connection.execute(sql, chosen.values).fetchall()
        return {day_name(key) if by == "day" else key: count for key, count in rows}

    def change_alert(self, alert_id: str, change: Callable[[Alert], Alert]) -> Alert:
        with self._db.writing() as connection:
            row = connection.execute(_FIND, (clean(alert_id),)).fetchone()
            if row is None:
                raise NotFound(f"no alert {alert_id!r}")
            before = alert_from_json(row[1])
            after = change(before)
            if after != before:
                connection.execute(
                    """UPDATE alert SET status=?, assignee=?, sequence=(SELECT max(sequence) + 1 FROM alert)
                       WHERE number=?""",
                    (after.status, clean(after.assignee), row[0]),
                )
                connection.execute("UPDATE alert_body SET body=? WHERE number=?", (alert_to_json(after), row[0]))
        return after

    def alerts_after(self, sequence: int, limit: int = 200) -> list[tuple[int, Alert]]:
        rows = self._db.rows(
            """SELECT a.sequence, b.body FROM alert a JOIN alert_body b ON b.number = a.number
               WHERE a.sequence > ? ORDER BY a.sequence LIMIT ?""",
            (sequence, limit),
        )
        return [(number, alert_from_json(body)) for number, body in rows]

    def last_sequence(self) -> int:
        """The newest sequence number: a live page begins after it."""
        return int(self._db.row("SELECT coalesce(max(sequence), 0) FROM alert")[0])

    def ids_from(self, start: str) -> list[str]:
        end = f"{start}\U0010ffff"
        rows = self._db.rows("SELECT id FROM alert WHERE id >= ? AND id < ? ORDER BY id LIMIT 2", (start, end))
        return [row[0] for row in rows]

    def _found(self, alert_id: str) -> tuple[int, str]:
        row = self._db.row(_FIND, (clean(alert_id),))
        if row is None:
            raise NotFound(f"no alert {alert_id!r}", "`yunshao alerts list` shows them")
        return row[0], row[1]

    def kept_evidence(self, alert_id: str) -> dict[int, StoredEvent]:
        """By place among the alert's events: those that came in one batch with it."""
        number, _ = self._found(alert_id)
        rows = self._db.rows(
            """SELECT place, source, uid, time, unit, system, cloud, ocsf, native FROM alert_evidence
               WHERE number=? ORDER BY place""",
            (number,),
        )
        return {place: stored_event(row) for place, *row in rows}


_FIND = "SELECT a.number, b.body FROM alert a JOIN alert_body b ON b.number = a.number WHERE a.id = ?"


def _page(chosen: Filter, query: AlertQuery, before: int | None) -> tuple[str, list[Any]]:
    where = f"{chosen.where} AND {chosen.order} < ?" if before is not None else chosen.where
    paged = [] if before is None else [before]
    limit = max(1, min(query.limit, MAX_PAGE))
    # The page's numbers first, from the narrow table; the bodies of those few after that.
    sql = (
        f"SELECT b.body FROM (SELECT a.number AS number FROM {chosen.tables} WHERE {where} "  # noqa: S608
        f"ORDER BY {chosen.order} DESC LIMIT ?) p JOIN alert_body b ON b.number = p.number ORDER BY p.number DESC"
    )
    return sql, [*chosen.values, *paged, limit]


def day_name(number: int) -> str:
    """The date of a day counted from 1970."""
    return date.fromordinal(EPOCH + number).isoformat()


def insert_alerts(connection: sqlite3.Connection, alerts: Sequence[Alert], events: Sequence[Event]) -> list[Alert]:
    """Enter those that are not there yet, earliest detected first, with what this batch holds of their evidence."""
    if not alerts:
        return []
    number = connection.execute("SELECT coalesce(max(number), 0) FROM alert").fetchone()[0]
    sequence = connection.execute("SELECT coalesce(max(sequence), 0) FROM alert").fetchone()[0]
    fresh: list[Alert] = []
    at_hand = {(event.source, event.uid): event for event in events}
    for alert in sorted(alerts, key=lambda alert: alert.detected):
        if connection.execute("SELECT 1 FROM alert WHERE id=?", (alert.id,)).fetchone() is None:
            number, sequence = number + 1, sequence + 1
            _insert(connection, alert, number, sequence)
            _insert_evidence(connection, alert, number, at_hand)
            fresh.append(alert)
    return fresh


def _insert(connection: sqlite3.Connection, alert: Alert, number: int, sequence: int) -> None:
    finding = alert.finding
    texts = map(clean, (finding.level, finding.owner.unit, finding.rule_id, finding.entity, alert.assignee))
    connection.execute(
        "INSERT INTO alert VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (number, alert.id, sequence, alert.drill, alert.status, *texts, finding.time, alert.detected),
    )
    title = " ".join([*finding.title.values(), finding.rule_name])
    search = clean("\n".join([title, *finding.why.values(), finding.entity, finding.rule_id, alert.id]))[:MAX_SEARCH]
    connection.execute("INSERT INTO alert_body VALUES (?, ?, ?)", (number, alert_to_json(alert), search))
    connection.execute("INSERT INTO alert_text(rowid, search) VALUES (?, ?)", (number, search))
    connection.execute(
        "INSERT OR REPLACE INTO alert_title VALUES (?, ?)", (clean(finding.rule_id), clean(title.lower()))
    )
    connection.executemany(
        "INSERT OR IGNORE INTO alert_technique VALUES (?, ?)", [(clean(name), number) for name in finding.techniques]
    )


def _insert_evidence(
    connection: sqlite3.Connection, alert: Alert, number: int, events: Mapping[tuple[str, str], Event]
) -> None:
    for place, ref in enumerate(alert.finding.events[:MAX_EVIDENCE]):
        event = events.get((ref.source, ref.uid))
        if event is not None:
            connection.execute(
                "INSERT INTO alert_evidence VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (number, place, *stored_row(event), dumps(event.ocsf), dumps(event.native)),
            )


def stored_event(row: Sequence[Any]) -> StoredEvent:
    """The event of (source, uid, time, unit, system, cloud, ocsf, native), both forms as text."""
    source, uid, time, unit, system, cloud, ocsf, native = row
    return StoredEvent(source, uid, time, unit, system, cloud, loads(ocsf), loads(native))


def stored_row(event: Event) -> tuple[str, str, int, str, str, str]:
    """What stands of an event beside its two forms."""
    owner = event.owner
    return (event.source, clean(event.uid), event.time, clean(owner.unit), clean(owner.system), clean(owner.cloud))
