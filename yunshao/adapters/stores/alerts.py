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
from yunshao.model.alert import Alert, AlertQuery, repeated, shown_events
from yunshao.model.event import Event
from yunshao.ports import StoredEvent

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
                sequence = connection.execute("SELECT max(sequence) + 1 FROM alert").fetchone()[0]
                _update(connection, before, after, row[0], sequence)
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

    def kept_evidence(self, alert_id: str) -> dict[tuple[str, str], StoredEvent]:
        """By source and (clean) id: events that came in one batch with a part of the alert."""
        number, _ = self._found(alert_id)
        rows = self._db.rows(
            "SELECT source, uid, time, unit, system, cloud, ocsf, native FROM evidence WHERE number=?", (number,)
        )
        return {(row[0], row[1]): stored_event(row) for row in rows}

    def excepted(self) -> list[dict[str, Any]]:
        rows = self._db.rows("SELECT exception, day, findings FROM excepted ORDER BY exception, day")
        return [{"exception": name, "day": day_name(day), "count": count} for name, day, count in rows]


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


def fold_alerts(connection: sqlite3.Connection, alerts: Sequence[Alert], events: Sequence[Event]) -> list[Alert]:
    """Enter new groups, earliest detected first, and fold into those that are there; with what this batch holds of
    their evidence. Gives the new ones."""
    if not alerts:
        return []
    number = connection.execute("SELECT coalesce(max(number), 0) FROM alert").fetchone()[0]
    sequence = connection.execute("SELECT coalesce(max(sequence), 0) FROM alert").fetchone()[0]
    fresh: dict[int, Alert] = {}
    at_hand = {(event.source, clean(event.uid)): event for event in events}
    for part in sorted(alerts, key=lambda alert: alert.detected):
        sequence += 1
        row = connection.execute(_FIND, (part.id,)).fetchone()
        if row is None:
            number += 1
            _insert(connection, part, number, sequence)
            here, whole = number, part
        else:
            here, before = row[0], alert_from_json(row[1])
            whole = repeated(before, part)
            _update(connection, before, whole, here, sequence)
        if row is None or here in fresh:
            fresh[here] = whole
        _keep_evidence(connection, whole, here, at_hand)
    return list(fresh.values())


def _insert(connection: sqlite3.Connection, alert: Alert, number: int, sequence: int) -> None:
    marks = ", ".join("?" * len(_COLUMNS))
    connection.execute(
        f"INSERT INTO alert({', '.join(_COLUMNS)}) VALUES ({marks})",  # noqa: S608
        (number, *_narrow(alert, sequence)),
    )
    search = _search(alert)
    connection.execute("INSERT INTO alert_body VALUES (?, ?, ?)", (number, alert_to_json(alert), search))
    connection.execute("INSERT INTO alert_text(rowid, search) VALUES (?, ?)", (number, search))
    _insert_names(connection, alert, number)


_COLUMNS = (
    "number", "id", "sequence", "drill", "status", "level", "unit", "rule_id", "entity", "assignee", "time", "detected",
    "staged", "snoozed", "flood",
)  # fmt: skip


def _narrow(alert: Alert, sequence: int) -> tuple[Any, ...]:
    """What filters and counts read, in the order of the columns after the number."""
    finding = alert.finding
    texts = map(clean, (alert.level, finding.owner.unit, finding.rule_id, finding.entity, alert.assignee))
    times = (finding.time, alert.detected)
    return (
        *(alert.id, sequence, alert.drill, alert.status, *texts, *times),
        *(int(finding.staged), alert.snoozed, alert.groups),
    )


def _update(connection: sqlite3.Connection, before: Alert, after: Alert, number: int, sequence: int) -> None:
    """What the folding or somebody's deed changed; the index of texts only where the words are others."""
    assigned = ", ".join(f"{name}=?" for name in _COLUMNS[1:])
    connection.execute(
        f"UPDATE alert SET {assigned} WHERE number=?",  # noqa: S608
        (*_narrow(after, sequence), number),
    )
    old, new = _search(before), _search(after)
    connection.execute("UPDATE alert_body SET body=?, search=? WHERE number=?", (alert_to_json(after), new, number))
    if old != new:
        connection.execute("INSERT INTO alert_text(alert_text, rowid, search) VALUES ('delete', ?, ?)", (number, old))
        connection.execute("INSERT INTO alert_text(rowid, search) VALUES (?, ?)", (number, new))
    if before.finding is not after.finding:
        connection.execute("DELETE FROM alert_technique WHERE number=?", (number,))
        _insert_names(connection, after, number)


def _insert_names(connection: sqlite3.Connection, alert: Alert, number: int) -> None:
    finding = alert.finding
    connection.execute(
        "INSERT OR REPLACE INTO alert_title VALUES (?, ?)", (clean(finding.rule_id), clean(_title(alert).lower()))
    )
    connection.executemany(
        "INSERT OR IGNORE INTO alert_technique VALUES (?, ?)", [(clean(name), number) for name in finding.techniques]
    )


def _title(alert: Alert) -> str:
    return " ".join([*alert.finding.title.values(), alert.finding.rule_name])


def _search(alert: Alert) -> str:
    finding = alert.finding
    parts = [_title(alert), *finding.why.values(), finding.entity, finding.rule_id, alert.id]
    return clean("\n".join(parts))[:MAX_SEARCH]


def _keep_evidence(
    connection: sqlite3.Connection, alert: Alert, number: int, events: Mapping[tuple[str, str], Event]
) -> None:
    """Beside the alert stand those of its shown events that came in one batch with a part of it, and no others."""
    shown = {(ref.source, clean(ref.uid)) for ref in shown_events(alert)}
    known = set(connection.execute("SELECT source, uid FROM evidence WHERE number=?", (number,)))
    gone = [(number, *key) for key in sorted(known - shown)]
    connection.executemany("DELETE FROM evidence WHERE number=? AND source=? AND uid=?", gone)
    for key in sorted(shown - known):
        event = events.get(key)
        if event is not None:
            connection.execute(
                "INSERT INTO evidence VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (number, *stored_row(event), dumps(event.ocsf), dumps(event.native)),
            )


def count_excepted(connection: sqlite3.Connection, excepted: Mapping[tuple[str, int], int]) -> None:
    """Add to what each exception hid."""
    connection.executemany(
        """INSERT INTO excepted VALUES (?, ?, ?)
           ON CONFLICT(exception, day) DO UPDATE SET findings=findings+excluded.findings""",
        [(clean(name), day, count) for (name, day), count in excepted.items()],
    )


def stored_event(row: Sequence[Any]) -> StoredEvent:
    """The event of (source, uid, time, unit, system, cloud, ocsf, native), both forms as text."""
    source, uid, time, unit, system, cloud, ocsf, native = row
    return StoredEvent(source, uid, time, unit, system, cloud, loads(ocsf), loads(native))


def stored_row(event: Event) -> tuple[str, str, int, str, str, str]:
    """What stands of an event beside its two forms."""
    owner = event.owner
    return (event.source, clean(event.uid), event.time, clean(owner.unit), clean(owner.system), clean(owner.cloud))
