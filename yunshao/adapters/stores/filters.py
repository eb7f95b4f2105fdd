"""An alert query as SQL, driven from whichever index holds the fewest rows."""

from __future__ import annotations

import sqlite3
import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from yunshao.adapters.stores.plain import clean, loads
from yunshao.model.alert import AlertQuery
from yunshao.model.snooze import KEY, KIND, snoozes_at

FEW = 20_000
TRIGRAM = 3
MOSTLY_EMPTY = {"drill", "assignee"}
UNSELECTIVE = ("= ''", "= 0")
MAX_WORDS = 8
MAX_TITLES = 500
MIN_TIME, MAX_TIME = -(1 << 62), 1 << 62


@dataclass(frozen=True, slots=True)
class Filter:
    """`FROM tables WHERE where ORDER BY order DESC` with its values."""

    tables: str
    where: str
    values: list[Any]
    order: str


@dataclass(frozen=True, slots=True)
class _Condition:
    """One column's condition; it may drive the query where the column has an index."""

    column: str
    test: str
    values: tuple[Any, ...]


def filter_of(query: AlertQuery, connection: sqlite3.Connection) -> Filter:
    """Alerts `a` that the query asks for.

    SQLite has no statistics here and guesses badly, so every condition is kept from its index with a unary plus,
    but for one that few rows meet; where there is none such, the newest rows are walked until the page is full.
    """
    conditions = _conditions(query)
    resting, moment = _resting(query, connection)
    words, short = _words(query.text)
    conditions += [_titled(word, connection) for word in short]
    driver = _driver(conditions, connection)
    parts = [_driving(c) if c is driver else f"+a.{c.column} {c.test}" for c in conditions]
    values = [value for condition in conditions for value in condition.values]
    parts += resting
    values += moment
    for key, value in query.facts.items():
        parts.append(_FACT)
        values += [clean(key), clean(value)]
    if words and driver is None:
        return _by_text(words, parts, values)
    for word in words:
        parts.append(_TEXT)
        values.append(word)
    return Filter("alert a", " AND ".join(parts) or "1", values, "a.number")


def _by_text(words: Sequence[str], parts: Sequence[str], values: Sequence[Any]) -> Filter:
    """Driven from the index of texts, newest first. LIKE uses that index; `instr` has the last word, because a
    percent sign or an underscore in a word stands for itself."""
    tests = ["x.search LIKE ?"] * len(words) + ["instr(lower(x.search), ?)"] * len(words)
    return Filter(
        "alert_text x CROSS JOIN alert a ON a.number = x.rowid",
        " AND ".join([*tests, *parts]),
        [*(f"%{word.replace('%', '_')}%" for word in words), *words, *values],
        "x.rowid",
    )


_TEXT = """EXISTS (SELECT 1 FROM alert_body f WHERE f.number = a.number AND instr(lower(f.search), ?))"""
_FACT = """EXISTS (SELECT 1 FROM alert_body f, json_each(f.body, '$.finding.facts') j
    WHERE f.number = a.number AND j.key = ? AND CAST(j.value AS TEXT) = ?)"""


def _driving(condition: _Condition) -> str:
    """The index of a column that is mostly empty holds no empty values; saying so again lets SQLite use it."""
    test = f"a.{condition.column} {condition.test}"
    return f"{test} AND a.{condition.column} <> ''" if condition.column in MOSTLY_EMPTY else test


def _conditions(query: AlertQuery) -> list[_Condition]:
    found: list[_Condition] = []
    lists: tuple[tuple[str, Sequence[str]], ...] = (
        ("status", query.status),
        ("level", query.level),
        ("unit", query.unit),
        ("rule_id", (query.rule,) if query.rule else ()),
        ("entity", (query.entity,) if query.entity else ()),
        ("assignee", (query.assignee,) if query.assignee else ()),
    )
    for column, wanted in lists:
        if wanted:
            marks = ", ".join("?" * len(wanted))
            found.append(_Condition(column, f"IN ({marks})", tuple(map(clean, wanted))))
    if query.since is not None or query.until is not None:
        bounds = tuple(
            max(MIN_TIME, min(MAX_TIME, bound))
            for bound in (
                MIN_TIME if query.since is None else query.since,
                MAX_TIME if query.until is None else query.until - 1,
            )
        )
        found.append(_Condition("time", "BETWEEN ? AND ?", bounds))
    return found + _drill(query.drill) + _marks(query)


def _marks(query: AlertQuery) -> list[_Condition]:
    found = [_Condition("flood", "> 0", ())] if query.flood else []
    if query.staged == "only":
        found.append(_Condition("staged", "> 0", ()))
    elif query.staged == "no":
        found.append(_Condition("staged", "= 0", ()))
    return found


def _resting(query: AlertQuery, connection: sqlite3.Connection) -> tuple[list[str], list[Any]]:
    """What is snoozed at the moment, by itself or by a rule's snooze; or what is not."""
    if query.snoozed == "any":
        return [], []
    row = connection.execute("SELECT body FROM document WHERE kind=? AND key=?", (KIND, KEY)).fetchone()
    tests: list[str] = ["a.snoozed > ?"]
    values: list[Any] = [query.at]
    for one in snoozes_at(loads(row[0]) if row else None, query.at):
        # `+` keeps SQLite from making one of these the index that drives the query.
        tests.append("(+a.rule_id = ? AND ? IN ('', a.entity) AND ? IN ('', a.unit))")
        values += [clean(one.rule), clean(one.entity), clean(one.unit)]
    joined = " OR ".join(tests)
    return [f"({joined})" if query.snoozed == "only" else f"NOT ({joined})"], values


def _drill(drill: str) -> list[_Condition]:
    if drill == "any":
        return []
    if drill == "no":
        return [_Condition("drill", "= ''", ())]
    if drill == "only":
        return [_Condition("drill", "<> ''", ())]
    return [_Condition("drill", "= ?", (clean(drill),))]


def _driver(conditions: Sequence[_Condition], connection: sqlite3.Connection) -> _Condition | None:
    """The condition that the fewest rows meet, if they are few; counting stops where they are not."""
    best, least = None, FEW
    for condition in conditions:
        if condition.test in UNSELECTIVE:
            continue
        sql = f"SELECT count(*) FROM (SELECT 1 FROM alert a WHERE {_driving(condition)} LIMIT ?)"  # noqa: S608
        count = connection.execute(sql, (*condition.values, least)).fetchone()[0]
        if count < least:
            best, least = condition, count
    return best


# SQLite's lower() knows ASCII alone; so must we, to find what it stored.
_LOWER = {ord(letter): letter.lower() for letter in string.ascii_uppercase}


def _words(text: str) -> tuple[list[str], list[str]]:
    """Words of three characters and more, which the index finds anywhere in an alert, and shorter ones."""
    words = [clean(word).translate(_LOWER) for word in text.split()[:MAX_WORDS]]
    return [word for word in words if len(word) >= TRIGRAM], [word for word in words if len(word) < TRIGRAM]


def _titled(word: str, connection: sqlite3.Connection) -> _Condition:
    """A word of one or two characters is looked for in titles alone, of which there are few."""
    sql = "SELECT rule_id FROM alert_title WHERE instr(words, ?) LIMIT ?"
    rules = tuple(rule for (rule,) in connection.execute(sql, (word, MAX_TITLES)))
    return _Condition("rule_id", f"IN ({', '.join('?' * len(rules))})", rules)
