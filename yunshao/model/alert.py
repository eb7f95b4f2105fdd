"""An alert: a finding that somebody answers for, and its way from new to closed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from yunshao.errors import WrongUse
from yunshao.model.event import EventRef, Ocsf
from yunshao.model.finding import LEVELS, Finding

OCSF_VERSION = "1.8.0"
STATUSES = ("new", "acknowledged", "closed")
VERDICTS = ("true_positive", "false_positive", "benign", "duplicate")
SEVERITY_ID = {level: number for number, level in enumerate(LEVELS, start=1)}
VERDICT_ID = {"false_positive": 1, "true_positive": 2, "benign": 5, "duplicate": 10}
STATUS_ID = {"new": 1, "acknowledged": 2, "closed": 4}
STATUS_NAME = {"new": "New", "acknowledged": "In Progress", "closed": "Resolved"}


@dataclass(frozen=True, slots=True)
class Deed:
    """One step somebody took on an alert: when (ms), who, what, and the words given."""

    at: int
    by: str
    did: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """A finding with an identity, an owner and a life; `drill` is set only by the register of injected events."""

    id: str
    finding: Finding
    detected: int
    status: str = "new"
    assignee: str = ""
    verdict: str = ""
    drill: str = ""
    deeds: tuple[Deed, ...] = ()

    @property
    def severity_id(self) -> int:
        """OCSF severity: 1 informational to 5 critical."""
        return SEVERITY_ID[self.finding.level]

    @property
    def acknowledged(self) -> int | None:
        """When somebody first took it, in milliseconds, or None."""
        return next((deed.at for deed in self.deeds if deed.did in {"acknowledge", "close"}), None)


def alert_id(rule_id: str, events: tuple[EventRef, ...]) -> str:
    """The same rule over the same events is the same alert: 32 hex digits made from content."""
    lines = [rule_id, *sorted(f"{event.source}|{event.uid}" for event in events)]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def raise_alert(finding: Finding, detected: int, drill: str = "") -> Alert:
    """A new alert of a finding, first seen by us at `detected` (ms)."""
    return Alert(id=alert_id(finding.rule_id, finding.events), finding=finding, detected=detected, drill=drill)


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
        "related_events": [{"uid": event.uid} for event in finding.events],
        "first_seen_time": min(event.time for event in finding.events),
        "last_seen_time": max(event.time for event in finding.events),
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
        "level": finding.level,
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
        "event_ids": [event.uid for event in finding.events],
        "why": finding.why["en"],
        "why_zh": finding.why["zh"],
        "weakness": finding.weakness,
        "drill": alert.drill,
    }


def pick(alert: Alert, language: str, texts: str) -> str:
    """The alert's `title` or `why` in `zh` or `en`."""
    chosen: Mapping[str, str] = getattr(alert.finding, texts)
    return chosen.get(language) or chosen["en"]


@dataclass(frozen=True, slots=True)
class AlertQuery:
    """Which alerts: empty fields do not filter. `drill` is `no` (real ones), `only`, `any`, or a drill's id."""

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
    limit: int = 100
    before: str = ""
    facts: dict[str, str] = field(default_factory=dict)
