"""An alert: findings of one group that somebody answers for, and its way from new to closed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from yunshao.errors import WrongUse
from yunshao.model.event import EventRef, Ocsf
from yunshao.model.finding import HOUR_MS, LEVELS, Finding, Grouping, finding_id, group_key, key_id

OCSF_VERSION = "1.8.0"
STATUSES = ("new", "acknowledged", "closed")
VERDICTS = ("true_positive", "false_positive", "benign", "duplicate")
QUIET_VERDICTS = ("false_positive", "benign")
SEVERITY_ID = {level: number for number, level in enumerate(LEVELS, start=1)}
VERDICT_ID = {"false_positive": 1, "true_positive": 2, "benign": 5, "duplicate": 10}
STATUS_ID = {"new": 1, "acknowledged": 2, "closed": 4}
STATUS_NAME = {"new": "New", "acknowledged": "In Progress", "closed": "Resolved"}
SYSTEM = "system"

KEPT_EACH_END = 50
SHOWN_EACH_END = 10
SLOTS = 12
SKETCH = 512
HASH_BITS = 52
FLOOD = Grouping(("source", "unit"), HOUR_MS)


@dataclass(frozen=True, slots=True)
class Deed:
    """One step somebody took on an alert: when (ms), who, what, and the words given."""

    at: int
    by: str
    did: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """The fold of the findings of one group, with an owner and a life.

    `finding` is the earliest of them, `level` the highest, `first` and `last` the times of the earliest and the latest,
    `events` the earliest and the latest evidence, `spread` how many fell into each twelfth of the group's time.
    `sketch` is there in a flood alone, and stands for the groups in it. `settled` is the count when it was closed,
    `snoozed` until when (ms) it rests. `drill` is set only by the register of injected events.
    """

    id: str
    finding: Finding
    detected: int
    status: str = "new"
    assignee: str = ""
    verdict: str = ""
    drill: str = ""
    deeds: tuple[Deed, ...] = ()
    level: str = "medium"
    count: int = 1
    first: int = 0
    last: int = 0
    events: tuple[EventRef, ...] = ()
    spread: tuple[int, ...] = ()
    sketch: tuple[int, ...] = ()
    settled: int = 0
    snoozed: int = 0

    @property
    def severity_id(self) -> int:
        """OCSF severity: 1 informational to 5 critical."""
        return SEVERITY_ID[self.level]

    @property
    def acknowledged(self) -> int | None:
        """When somebody first took it, in milliseconds, or None."""
        return next((deed.at for deed in self.deeds if deed.did in {"acknowledge", "close"}), None)

    @property
    def groups(self) -> int:
        """How many groups a flood holds: exact below 512, then within about 5 %; 0 where it is no flood."""
        if len(self.sketch) < SKETCH:
            return len(self.sketch)
        return max(SKETCH, (SKETCH - 1) * (1 << HASH_BITS) // max(1, self.sketch[-1]))

    @property
    def since_closed(self) -> int:
        """How many findings came after it was closed; 0 while it is open."""
        return self.count - self.settled if self.status == "closed" else 0


def raise_alert(finding: Finding, detected: int, drill: str = "") -> Alert:
    """A new alert of one finding, first seen by us at `detected` (ms); its id is its group's."""
    return gathered(key_id(group_key(finding, drill)), [finding], detected, drill)


def raise_flood(finding: Finding, detected: int) -> Alert:
    """The flood alert that one finding too many goes into: one for each rule, source, unit and hour."""
    flooded = replace(finding, grouping=FLOOD)
    lone = gathered(key_id(("flood", *group_key(flooded))), [flooded], detected, "")
    group = int(key_id(group_key(finding))[: HASH_BITS // 4], 16)
    return replace(lone, sketch=(group,))


def gathered(alert_id: str, findings: Sequence[Finding], detected: int, drill: str) -> Alert:
    """One alert of some findings of one group; the same as folding the alerts of each."""
    times = [finding.time for finding in findings]
    return Alert(
        id=alert_id,
        finding=_earliest(findings),
        detected=detected,
        drill=drill,
        level=_highest(finding.level for finding in findings),
        count=len(findings),
        first=min(times),
        last=max(times),
        events=_kept([event for finding in findings for event in finding.events]),
        spread=_spread(findings),
    )


def fold(one: Alert, other: Alert) -> Alert:
    """Two parts of one group as one alert, whichever comes first; what people did is `one`'s."""
    return replace(
        one,
        finding=_earliest((one.finding, other.finding)),
        detected=min(one.detected, other.detected),
        level=_highest((one.level, other.level)),
        count=one.count + other.count,
        first=min(one.first, other.first),
        last=max(one.last, other.last),
        events=_kept((*one.events, *other.events)),
        spread=tuple(mine + yours for mine, yours in zip(one.spread, other.spread, strict=True)),
        sketch=tuple(sorted({*one.sketch, *other.sketch})[:SKETCH]),
    )


def repeated(kept: Alert, more: Alert) -> Alert:
    """A stored alert with more findings of its group.

    What was closed as false positive or benign stays closed and counts on; anything else that was closed is open again.
    """
    folded = fold(kept, more)
    if kept.status != "closed" or kept.verdict in QUIET_VERDICTS:
        return folded
    note = f"{more.count} more after it was closed as {kept.verdict}"
    deed = Deed(more.detected, SYSTEM, "reopen", note)
    return replace(folded, status="new", verdict="", settled=0, deeds=(*kept.deeds, deed))


def shown_events(alert: Alert) -> tuple[EventRef, ...]:
    """The evidence that is shown: all of up to twenty events, else the first ten and the last ten."""
    events = alert.events
    if len(events) <= 2 * SHOWN_EACH_END:
        return events
    return (*events[:SHOWN_EACH_END], *events[-SHOWN_EACH_END:])


def _earliest(findings: Iterable[Finding]) -> Finding:
    first: Finding | None = None
    for finding in findings:
        if first is None or finding.time < first.time or (finding.time == first.time and _before(finding, first)):
            first = finding
    if first is None:
        raise WrongUse("an alert rests on a finding", "")
    return first


def _before(finding: Finding, other: Finding) -> bool:
    """Which of two findings of one moment leads: decided by content, never by who came first."""
    return finding is not other and _rank(finding) < _rank(other)


def _rank(finding: Finding) -> tuple[str, ...]:
    facts = json.dumps(finding.facts, sort_keys=True, default=str)
    said = (*finding.why.values(), *finding.title.values())
    owner = finding.owner
    whose = (finding.entity, owner.unit, owner.system, owner.cloud)
    listed = [f"{event.time}|{event.source}|{event.uid}" for event in finding.events]
    return (finding_id(finding.rule_id, finding.events), *whose, finding.level, facts, *said, *listed)


def _highest(levels: Iterable[str]) -> str:
    return max(levels, key=LEVELS.index)


def _kept(events: Sequence[EventRef]) -> tuple[EventRef, ...]:
    """Each once in order of time; where there are too many, the earliest and the latest."""
    if len(events) == 1:
        return (events[0],)
    ordered = sorted(set(events), key=lambda ref: (ref.time, ref.source, ref.uid))
    if len(ordered) > 2 * KEPT_EACH_END:
        ordered = ordered[:KEPT_EACH_END] + ordered[-KEPT_EACH_END:]
    return tuple(ordered)


def _spread(findings: Sequence[Finding]) -> tuple[int, ...]:
    within = findings[0].grouping.within
    if not within:
        return ()
    slots = [0] * SLOTS
    for finding in findings:
        slots[finding.time % within * SLOTS // within] += 1
    return tuple(slots)


def acknowledge(alert: Alert, by: str, at: int, note: str = "") -> Alert:
    """Somebody takes the alert. Raises WrongUse when it is closed."""
    if alert.status == "closed":
        raise WrongUse(f"alert {alert.id} is closed", "reopen it first")
    if alert.status == "acknowledged":
        return alert
    return replace(
        alert,
        status="acknowledged",
        assignee=alert.assignee or by,
        deeds=(*alert.deeds, Deed(at, by, "acknowledge", note)),
    )


def assign(alert: Alert, to: str, by: str, at: int) -> Alert:
    """The alert is now `to`'s."""
    return replace(alert, assignee=to, deeds=(*alert.deeds, Deed(at, by, "assign", to)))


def close(alert: Alert, verdict: str, by: str, at: int, note: str) -> Alert:
    """The alert ends with a verdict and a reason. Raises WrongUse without either."""
    if verdict not in VERDICTS:
        raise WrongUse(f"unknown verdict {verdict!r}", f"one of {', '.join(VERDICTS)}")
    if not note.strip():
        raise WrongUse("an alert is closed with a reason", "say why in a few words")
    if alert.status == "closed":
        raise WrongUse(f"alert {alert.id} is closed already", "")
    return replace(
        alert,
        status="closed",
        verdict=verdict,
        settled=alert.count,
        deeds=(*alert.deeds, Deed(at, by, "close", f"{verdict}: {note.strip()}")),
    )


def reopen(alert: Alert, by: str, at: int, note: str = "") -> Alert:
    """A closed alert comes back as acknowledged."""
    if alert.status != "closed":
        raise WrongUse(f"alert {alert.id} is not closed", "")
    return replace(alert, status="acknowledged", verdict="", deeds=(*alert.deeds, Deed(at, by, "reopen", note)))


def to_ocsf(alert: Alert, chief: str = "") -> Ocsf:
    """The alert as an OCSF 1.8.0 Detection Finding (class 2004)."""
    finding = alert.finding
    activity = 3 if alert.status == "closed" else 2 if alert.deeds else 1
    info: dict[str, Any] = {
        "uid": alert.id,
        "title": finding.title["en"],
        "desc": finding.why["en"],
        "analytic": {
            "uid": finding.rule_id,
            "name": finding.rule_name,
            "type_id": 4 if finding.kind == "learning" else 2 if finding.kind == "behaviour" else 1,
        },
        "related_events": [{"uid": event.uid} for event in alert.events],
        "first_seen_time": min((event.time for event in alert.events), default=alert.first),
        "last_seen_time": max((event.time for event in alert.events), default=alert.last),
    }
    if finding.techniques:
        info["attacks"] = [{"technique": {"uid": technique}, "version": "19"} for technique in finding.techniques]
    shaped: Ocsf = {
        "activity_id": activity,
        "category_uid": 2,
        "class_uid": 2004,
        "type_uid": 2004 * 100 + activity,
        "severity_id": alert.severity_id,
        "status_id": STATUS_ID[alert.status],
        "status": STATUS_NAME[alert.status],
        "time": finding.time,
        "count": alert.count,
        "is_alert": True,
        "metadata": {"version": OCSF_VERSION, "product": {"name": "Yunshao", "vendor_name": "Yunshao"}},
        "finding_info": info,
        "unmapped": {"yunshao": {"unit": finding.owner.unit, "system": finding.owner.system, "chief": chief}},
    }
    if alert.verdict:
        shaped["verdict_id"] = VERDICT_ID[alert.verdict]
    return shaped


def as_row(alert: Alert) -> dict[str, Any]:
    """One flat JSON object for lists, NDJSON and the wire; the keys are part of the command-line contract."""
    finding = alert.finding
    return {
        "id": alert.id,
        "rule_id": finding.rule_id,
        "rule_name": finding.rule_name,
        "title": finding.title["en"],
        "title_zh": finding.title["zh"],
        "level": alert.level,
        "kind": finding.kind,
        "time": finding.time,
        "detected": alert.detected,
        "status": alert.status,
        "assignee": alert.assignee,
        "verdict": alert.verdict,
        "unit": finding.owner.unit,
        "system": finding.owner.system,
        "cloud": finding.owner.cloud,
        "entity": finding.entity,
        "techniques": list(finding.techniques),
        "event_ids": [event.uid for event in alert.events],
        "why": finding.why["en"],
        "why_zh": finding.why["zh"],
        "weakness": finding.weakness,
        "drill": alert.drill,
        "count": alert.count,
        "first": alert.first,
        "last": alert.last,
        "since_closed": alert.since_closed,
        "flood": alert.groups,
        "staged": finding.staged,
        "snoozed_until": alert.snoozed or None,
    }


def pick(alert: Alert, language: str, texts: str) -> str:
    """The alert's `title` or `why` in `zh` or `en`."""
    chosen: Mapping[str, str] = getattr(alert.finding, texts)
    return chosen.get(language) or chosen["en"]


@dataclass(frozen=True, slots=True)
class AlertQuery:
    """Which alerts: empty fields do not filter. `drill` is `no` (real ones), `only`, `any`, or a drill's id.

    `staged` and `snoozed` are `no`, `only` or `any`; what is snoozed depends on the moment `at` (ms). `flood` asks for
    floods alone.
    """

    status: tuple[str, ...] = ()
    level: tuple[str, ...] = ()
    unit: tuple[str, ...] = ()
    rule: str = ""
    entity: str = ""
    assignee: str = ""
    text: str = ""
    since: int | None = None
    until: int | None = None
    drill: str = "no"
    staged: str = "no"
    snoozed: str = "any"
    at: int = 0
    flood: bool = False
    limit: int = 100
    before: str = ""
    facts: dict[str, str] = field(default_factory=dict)
