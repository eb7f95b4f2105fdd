"""What every review document shares: its head, the alerts that it rests on, units in order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from playbooks.review.say import both
from yunshao import __version__
from yunshao.model.alert import Alert, as_row
from yunshao.model.estate import Estate

Row = dict[str, Any]
Text = dict[str, str]
DAY_MS = 86_400_000
MAX_ALERTS = 20_000
MAX_REFERENCED = 500


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of a period [since, until) in ms, as values: the input of every review.

    `alerts` are those of real events in the period. `heard` and `heard_today` are the units that sent events in the
    period and in its last 24 hours. `register` holds the entries of the risk register by kind.
    """

    estate: Estate
    since: int
    until: int
    promise: int
    alerts: Sequence[Alert] = ()
    sources: Sequence[Mapping[str, Any]] = ()
    drills: Sequence[Mapping[str, Any]] = ()
    assessments: Sequence[Mapping[str, Any]] = ()
    register: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    heard: frozenset[str] = frozenset()
    heard_today: frozenset[str] = frozenset()
    earlier: Mapping[str, int] = field(default_factory=dict)
    excepted: Mapping[str, int] = field(default_factory=dict)
    trail: Sequence[Row] = ()
    chain: Mapping[str, Any] = field(default_factory=dict)
    previous: Mapping[str, Any] | None = None

    @property
    def days(self) -> int:
        """The length of the period in days, rounded up."""
        return max(1, -(-(self.until - self.since) // DAY_MS))


def seen_row(alert: Alert) -> Row:
    """An alert as the documents hold it, with how long it waited until somebody took it (ms; None: nobody did)."""
    taken = None if alert.acknowledged is None else alert.acknowledged - alert.detected
    return {**as_row(alert), "taken": taken}


def head(kind: str, title: Text, known: Known) -> Row:
    """The part that every review begins with; the id is made of kind, city and period."""
    name = f"{kind}|{known.estate.city['en']}|{known.since}|{known.until}"
    before = known.previous
    return {
        "id": f"{kind}-{hashlib.sha256(name.encode()).hexdigest()[:12]}",
        "kind": kind,
        "title": title,
        "as_of": known.until,
        "window": {"since": known.since, "until": known.until, "days": known.days},
        "city": known.estate.city,
        "generator": {"name": "Yunshao", "version": __version__},
        "ruleset_version": ruleset(known.alerts),
        "coverage": [coverage(one, known.until) for one in known.sources],
        "previous": {"id": before["id"], "as_of": before["as_of"], "summary": before.get("summary", {})}
        if before
        else None,
    }


def ruleset(alerts: Iterable[Alert]) -> str:
    """A digest of the rules that spoke."""
    rules = "\n".join(sorted({one.finding.rule_id for one in alerts}))
    return hashlib.sha256(rules.encode()).hexdigest()[:12]


def coverage(source: Mapping[str, Any], until: int) -> Row:
    """One source of logs: events, rejected records, and whether nothing came in the last 24 hours."""
    last = source["last_received"]
    return {
        "source": source["source"],
        "last_event": source["last_event"],
        "events": source["processed"],
        "rejected": source["rejected"],
        "gap": last is None or until - last > DAY_MS,
    }


def evidence(alerts: Sequence[Alert]) -> Row:
    """The alerts of a document and the events of the first of them."""
    kept = alerts[:MAX_ALERTS]
    return {
        "alerts": [seen_row(one) for one in kept],
        "evidence_refs": [
            {"source": event.source, "uid": event.uid, "time": event.time}
            for one in kept[:MAX_REFERENCED]
            for event in one.events
        ],
    }


def cut(alerts: Sequence[Alert]) -> list[Text]:
    """What is said where a document cannot hold every alert."""
    if len(alerts) <= MAX_ALERTS:
        return []
    return [both("limit.cut", n=len(alerts), kept=MAX_ALERTS)]


def ranked(alerts: Iterable[Alert]) -> list[Alert]:
    """The severest first, then the newest."""
    return sorted(alerts, key=lambda one: (-one.severity_id, -one.finding.time, one.id))


def post_of(estate: Estate, unit: str) -> Text:
    """The post that answers for a unit, in both languages."""
    return {language: estate.chief_post(unit, language) for language in ("zh", "en")}


def name_of(estate: Estate, unit: str) -> Text:
    """The name of a unit in both languages, or its id."""
    return {language: estate.unit_name(unit, language) for language in ("zh", "en")}


def due(row: Mapping[str, Any], known: Known) -> bool:
    """Whether an alert was to be taken by now: somebody took it, or its time is over."""
    return row["taken"] is not None or known.until - row["detected"] > known.promise


def plans_of(treatments: Sequence[Row], risks: Sequence[Row], until: int) -> list[Row]:
    """Every plan with the level its risk has now; overdue where its day has passed and the level is not reached."""
    level = {one["id"]: one["current"]["level"] for one in risks}
    found = []
    for one in treatments:
        now = level.get(one["risk"], 0)
        reached = now == 0 or (bool(one.get("expected")) and now <= one["expected"])
        found.append(
            {
                "risk": one["risk"],
                "action": one["action"],
                "post": one["post"],
                "due": one["due"],
                "expected": one.get("expected") or None,
                "level": now,
                "due_by_now": int(one["due"] <= until),
                "overdue": int(one["due"] <= until and not reached),
            }
        )
    return sorted(found, key=lambda row: (-row["overdue"], row["due"], row["risk"]))


def day_marks(known: Known) -> list[int]:
    """A moment (ms) of each day of the period, the last one among them; at most 400."""
    return [*(known.since + n * DAY_MS for n in range(min(known.days, 400))), known.until - 1]
