"""What is known of a control of one system: what a person said, else what the evidence shows, else nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from playbooks.assess.threats import meet
from playbooks.controls.say import both
from yunshao.model.controls import Control
from yunshao.model.risk import round_half_up

Row = dict[str, Any]
Verdict = tuple[str, dict[str, str], list[str]]
DAY_MS = 86_400_000
YEAR_MS = 365 * DAY_MS
GOOD, FAIR = 0.95, 0.6
MAX_REFERENCES = 20
QUIET = {"false_positive", "benign", "duplicate"}
SEVERE = 4


@dataclass(frozen=True, slots=True)
class Facts:
    """What was seen of one system: its real alerts, its findings, whether its logs come, and the city's drills.

    `promise` is the time in ms within which an alert is to be taken.
    """

    now: int
    window_days: int
    promise: int
    alerts: Sequence[Mapping[str, Any]] = ()
    findings: Sequence[Mapping[str, Any]] = ()
    heard_today: bool = False
    heard: bool = False
    sources: Sequence[Mapping[str, Any]] = ()
    drills: Sequence[Mapping[str, Any]] = ()
    graded: bool = False
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def judged(control: Control, system: Mapping[str, Any], facts: Facts) -> Row:
    """The row of one control of one system; `machine` is what the evidence alone shows."""
    machine, why, alerts = _seen(control, facts)
    said = facts.answers.get(f"{control.id}@{system['id']}")
    current = said if said and not (said.get("until") and said["until"] <= facts.now) else None
    row = {
        "id": f"{control.id}@{system['id']}",
        "control": control.id,
        "clause": control.clause,
        "family": control.family,
        "side": control.side,
        "title": control.title,
        "how": control.how,
        "weight": control.weight,
        "system": system["id"],
        "system_name": system["name"],
        "unit": system["unit"],
        "post": system["post"],
        "machine": machine,
        "state": machine,
        "why": why,
        "alerts": alerts,
        "basis": "none" if machine == "unknown" else "evidence",
        "lapsed": bool(said) and current is None,
    }
    if current:
        row |= {
            "state": current["state"],
            "basis": "said",
            "by": current["by"],
            "at": current.get("at"),
            "until": current.get("until"),
            "reason": current["reason"],
        }
    return row


def overridden(rows: Sequence[Row]) -> list[Row]:
    """Where a person said something else than the evidence shows."""
    return [
        {
            "on": row["id"],
            "from": row["machine"],
            "to": row["state"],
            "by": row["by"],
            "at": row["at"],
            "reason": row["reason"],
        }
        for row in rows
        if row["basis"] == "said" and row["machine"] not in ("unknown", row["state"])
    ]


def _seen(control: Control, facts: Facts) -> Verdict:
    if control.how == "manual":
        return "unknown", both("ask"), []
    if control.by:
        return _BY[control.by](facts)
    return _contrary(control.against, facts)


def _contrary(techniques: Sequence[str], facts: Facts) -> Verdict:
    """What alerts say against it: open ones that it is not met, closed true ones that it is met in part."""
    met = [one for one in facts.alerts if one["verdict"] not in QUIET and meet(techniques, one["techniques"])]
    still = [one["id"] for one in met if one["status"] != "closed"]
    true = [one["id"] for one in met if one["status"] == "closed" and one["verdict"] == "true_positive"]
    if still:
        said = both("open", n=len(still))
        return "not_met", said, still[:MAX_REFERENCES]
    if true:
        said = both("closed", n=len(true))
        return "partly", said, true[:MAX_REFERENCES]
    days = facts.window_days
    return "unknown", both("nothing", days=days), []


def _audit(facts: Facts) -> Verdict:
    stopped = [
        one["id"]
        for one in facts.alerts
        if one["verdict"] not in QUIET and meet(("T1685", "T1562", "T1070"), one["techniques"])
    ]
    if stopped:
        text = both("stopped", n=len(stopped))
        return "not_met", text, stopped[:MAX_REFERENCES]
    if facts.heard_today:
        return "met", both("logs"), []
    if facts.heard:
        return "partly", both("old_logs"), []
    return "not_met", both("no_logs", days=facts.window_days), []


def _detection(facts: Facts) -> Verdict:
    if not facts.heard:
        return "not_met", both("blind"), []
    late = [one["id"] for one in facts.alerts if one["status"] == "new" and facts.now - one["detected"] > facts.promise]
    if late:
        return "partly", both("late", n=len(late)), late[:20]
    return "met", both("watched"), []


def _central(facts: Facts) -> Verdict:
    fresh = sum(1 for one in facts.sources if one["last_received"] and facts.now - one["last_received"] <= DAY_MS)
    total = len(facts.sources)
    said = both("sources", n=fresh, total=total)
    return ("not_met" if not fresh else "met" if fresh == total else "partly"), said, []


def _response(facts: Facts) -> Verdict:
    due = [one for one in facts.alerts if one["taken"] is not None or facts.now - one["detected"] > facts.promise]
    if not due:
        return "unknown", both("none_due"), []
    kept = sum(1 for one in due if one["taken"] is not None and one["taken"] <= facts.promise)
    share = kept / len(due)
    percent = round_half_up(100 * share, 1)
    said = both("taken", n=kept, total=len(due), percent=percent)
    state = "met" if share >= GOOD else "partly" if share >= FAIR else "not_met"
    return state, said, [one["id"] for one in due if one["taken"] is None or one["taken"] > facts.promise][:20]


def _drill(facts: Facts) -> Verdict:
    recent = [
        one for one in facts.drills if one.get("state") == "done" and facts.now - (one.get("ended") or 0) <= YEAR_MS
    ]
    attended = [one for one in recent if not one.get("unattended")]
    if attended:
        return "met", both("drilled", n=len(attended)), []
    if recent:
        return "partly", both("unattended"), []
    return "not_met", both("undrilled"), []


def _findings(facts: Facts) -> Verdict:
    severe = [one for one in facts.findings if one.get("open") and (one.get("severity") or 0) >= SEVERE]
    if severe:
        said = both("severe", n=len(severe))
        return "not_met", said, []
    if facts.findings:
        return "unknown", both("no_severe"), []
    return "unknown", both("no_findings"), []


def _graded(facts: Facts) -> Verdict:
    if facts.graded:
        return "met", both("graded"), []
    return "not_met", both("not_graded"), []


_BY: dict[str, Callable[[Facts], Verdict]] = {
    "audit": _audit,
    "detection": _detection,
    "central": _central,
    "response": _response,
    "drill": _drill,
    "findings": _findings,
    "graded": _graded,
}
