"""An incident as a state machine over its document. Pure: every verb gives a new document; the roof keeps it.

`new → triaged → confirmed | false_positive → contained → eradicated → recovered → reported → closed`; each step says
who, when and why. Times are ms. Nothing of a drill gets in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from yunshao import __version__
from yunshao.errors import WrongUse
from yunshao.model.alert import Alert
from yunshao.model.finding import LEVELS
from yunshao.model.gbt20986 import check_category, classification_grade
from yunshao.model.incident_duty import Duty, duties, reminders, reporting_grade, status

Incident = dict[str, Any]
KIND = "incident"
ORDER = ("new", "triaged", "confirmed", "contained", "eradicated", "recovered", "reported", "closed")
STATES = (*ORDER, "false_positive", "merged")
OVER = ("closed", "false_positive", "merged")
DOUBTED = ("new", "triaged", "confirmed")
ENDABLE = ("recovered", "reported")
MAX_ALERTS, MAX_ITEMS, MAX_TEXT, MAX_TITLE = 500, 1000, 4000, 300
MAX_TIMELINE = 5000


def open_incident(
    key: str,
    title: Mapping[str, str],
    alerts: Sequence[Alert],
    operator: str,
    by: str,
    now: int,
    *,
    category: str = "",
    known: int | None = None,
    importance: str = "general",
) -> Incident:
    """An incident of some alerts, or of none: known now, or since `known`.

    Category and grades are proposed from the alerts until somebody decides. Raises WrongUse for an alert of a drill.
    """
    _real(alerts)
    worst = max(alerts, key=lambda one: (LEVELS.index(one.level), -one.detected, one.id), default=None)
    said = dict(title) if any(title.values()) else dict(worst.finding.title) if worst else {}
    if not said:
        raise WrongUse("an incident has a title", "--title, or an alert that gives one")
    moment = _known_at(known, now)
    duties(4, operator, moment, None, {})
    chosen = check_category(category) if category else _proposed(worst)
    made: Incident = {
        "id": key,
        "kind": KIND,
        "generator": {"name": "Yunshao", "version": __version__},
        "title": {language: text[:MAX_TITLE] for language, text in said.items()},
        "state": "new",
        "created": now,
        "by": by,
        "known": moment,
        "handled": None,
        "operator": operator,
        "crime": False,
        "category": chosen,
        "category_by": by if category else "",
        "classification": _classified(importance, "smaller", "general", ""),
        "reporting": {"grade": 4, "facts": {}, "criteria": [], "by": ""},
        "alerts": [],
        "units": [],
        "systems": [],
        "techniques": [],
        "occurred": None,
        "stamps": {},
        "tasks": [],
        "comments": [],
        "evidence": [],
        "sent": {},
        "runs": [],
        "merged": [],
        "merged_into": "",
        "lead": "",
        "timeline": [],
        "wakes": None,
    }
    say(made, now, by, "opened", chosen)
    _take(made, alerts)
    return _settled(made)


def _real(alerts: Sequence[Alert]) -> None:
    for one in alerts:
        if one.drill:
            raise WrongUse(f"alert {one.id} belongs to drill {one.drill}", "a drill is no incident")


def _known_at(known: int | None, now: int) -> int:
    if known is not None and known > now:
        raise WrongUse("an incident is not known before it is", "a moment that is past")
    return now if known is None else known


def _proposed(worst: Alert | None) -> str:
    fact = str(worst.finding.facts.get("gbt20986", "")) if worst else ""
    try:
        return check_category(fact)
    except WrongUse:
        return "AB.01" if worst and worst.finding.kind == "learning" else "OTH"


def _classified(affected: str, loss: str, harm: str, by: str) -> dict[str, Any]:
    grade = classification_grade(affected, loss, harm)
    return {"object": affected, "loss": loss, "harm": harm, "grade": grade, "by": by}


def _take(incident: Incident, alerts: Sequence[Alert]) -> None:
    """What the alerts tell: whose it is, since when, what was used, when it was noticed and taken."""
    fresh = [one for one in alerts if one.id not in incident["alerts"]]
    if len(incident["alerts"]) + len(fresh) > MAX_ALERTS:
        raise WrongUse(f"an incident holds at most {MAX_ALERTS} alerts", "open another, or a narrower one")
    stamps = incident["stamps"]
    for one in fresh:
        owner = one.finding.owner
        incident["alerts"].append(one.id)
        _add(incident["units"], owner.unit)
        _add(incident["systems"], owner.system)
        for technique in one.finding.techniques:
            _add(incident["techniques"], technique)
        incident["occurred"] = min(one.first, incident["occurred"] or one.first)
        stamps["detected"] = min(one.detected, stamps.get("detected", one.detected))
        if one.acknowledged is not None:
            stamps["acknowledged"] = min(one.acknowledged, stamps.get("acknowledged", one.acknowledged))


def _add(values: list[str], value: str) -> None:
    if value and value not in values:
        values.append(value)


def add_alerts(incident: Incident, alerts: Sequence[Alert], by: str, now: int) -> Incident:
    """More alerts of the same matter. Raises WrongUse for one of a drill."""
    _real(alerts)
    changed = opened(incident)
    before = len(changed["alerts"])
    _take(changed, alerts)
    if len(changed["alerts"]) > before:
        say(changed, now, by, "alerts", str(len(changed["alerts"]) - before))
    return _settled(changed)


def move(incident: Incident, to: str, by: str, now: int, note: str = "") -> Incident:
    """Forward to a state, or back out as a false positive. Raises WrongUse where the state cannot be entered."""
    changed, at = opened(incident), incident["state"]
    _movable(changed, at, to, note)
    changed["state"] = to
    changed["stamps"].setdefault(to, now)
    # Whoever moves it has taken it; nobody is timed by a click that was not needed.
    if to != "false_positive":
        changed["stamps"].setdefault("acknowledged", now)
    if to == "recovered":
        changed["handled"] = now
    say(changed, now, by, to, note)
    return _settled(changed)


def _movable(incident: Incident, at: str, to: str, note: str) -> None:
    if to == "false_positive":
        allowed = at in DOUBTED
    elif to == "closed":
        allowed = at in ENDABLE
    else:
        allowed = to in ORDER and ORDER.index(to) > ORDER.index(at)
    if not allowed:
        raise WrongUse(f"an incident that is {at} cannot become {to[:40]!r}", f"in this order: {', '.join(ORDER)}")
    if to in {"closed", "false_positive"} and not note.strip():
        raise WrongUse("an incident ends with a reason", "say why in a few words")
    if to == "closed":
        _endable(incident)


def _endable(incident: Incident) -> None:
    if waiting := [one["id"] for one in incident["tasks"] if one["state"] == "open"]:
        raise WrongUse(f"{len(waiting)} tasks are open: {', '.join(waiting[:5])}", "finish or drop them first")
    if missing := [one.key for one in owed(incident) if one.ours and one.key not in incident["sent"]]:
        raise WrongUse(f"reports are owed: {', '.join(missing)}", "`yunshao incident sent` when they have gone")


def reopen(incident: Incident, by: str, now: int, note: str) -> Incident:
    """Back to triage; what was stamped stays. Raises WrongUse unless it is closed or was no incident."""
    if incident["state"] not in {"closed", "false_positive"} or not note.strip():
        raise WrongUse(
            f"incident {incident['id']} is {incident['state']}", "one that is over is reopened, with a reason"
        )
    changed = deepcopy(incident)
    changed.update(state="triaged", handled=None)
    for later in ("contained", "eradicated", "recovered", "reported", "closed", "false_positive"):
        changed["stamps"].pop(later, None)
    say(changed, now, by, "reopened", note)
    return _settled(changed)


def classify(incident: Incident, category: str, by: str, now: int, note: str = "") -> Incident:
    """Somebody decides what kind of incident it is; the timeline keeps what it was. Raises WrongUse."""
    changed = opened(incident)
    before = changed["category"]
    changed.update(category=check_category(category), category_by=by)
    say(changed, now, by, "classified", f"{before} → {category}{f' ({note})' if note else ''}")
    return changed


def grade(incident: Incident, affected: str, loss: str, harm: str, by: str, now: int) -> Incident:
    """The grade for classification (GB/T 20986), with what it is made of. Raises WrongUse."""
    changed = opened(incident)
    before = changed["classification"]["grade"]
    changed["classification"] = _classified(affected, loss, harm, by)
    say(changed, now, by, "graded", f"{before} → {changed['classification']['grade']}: {affected}, {loss}, {harm}")
    return changed


def grade_reporting(incident: Incident, facts: Mapping[str, float], by: str, now: int) -> Incident:
    """The grade that decides about reports, by the guide's facts; those known before stay. Raises WrongUse."""
    changed = opened(incident)
    known = {**changed["reporting"]["facts"], **facts}
    came, criteria = reporting_grade(known)
    before = changed["reporting"]["grade"]
    changed["reporting"] = {"grade": came, "facts": known, "criteria": criteria, "by": by}
    said = ", ".join(f"{key} {value:.12g}" for key, value in sorted(facts.items()))
    say(changed, now, by, "reporting_graded", f"{before} → {came}: {said}")
    return _settled(changed)


def set_clock(
    incident: Incident, by: str, now: int, *, operator: str = "", known: int | None = None, crime: bool | None = None
) -> Incident:
    """What the clocks of reports start from: who reports, since when it is known, whether a crime is suspected."""
    changed = opened(incident)
    said = []
    if operator:
        changed["operator"] = operator
        said.append(operator)
    if known is not None:
        said.append(f"known {changed['known']} → {_known_at(known, now)}")
        changed["known"] = known
    if crime is not None:
        changed["crime"] = crime
        said.append("crime" if crime else "no crime")
    say(changed, now, by, "clock", ", ".join(said))
    return _settled(changed)


def owed(incident: Mapping[str, Any]) -> list[Duty]:
    """The reports that are owed as things stand; none where it was no incident, or is now part of another."""
    if incident["state"] in {"false_positive", "merged"}:
        return []
    sent = {key: one["at"] for key, one in incident["sent"].items()}
    return duties(
        incident["reporting"]["grade"], incident["operator"], incident["known"], incident["handled"], sent,
        incident["crime"],
    )  # fmt: skip


def clocks(incident: Mapping[str, Any], now: int) -> list[dict[str, Any]]:
    """Each report that is owed or has gone, with its state at a moment."""
    rows = []
    for duty in owed(incident):
        sent = incident["sent"].get(duty.key)
        rows.append(
            {
                "duty": duty.key,
                "to": dict(duty.to),
                "starts": duty.starts,
                "due": duty.due,
                "ours": duty.ours,
                "sent": sent["at"] if sent else None,
                "by": sent["by"] if sent else "",
                "note": sent["note"] if sent else "",
                "state": status(duty, sent["at"] if sent else None, now),
            }
        )
    return rows


def report_sent(incident: Incident, duty: str, at: int, by: str, now: int, note: str = "") -> Incident:
    """A report has gone, by whatever channel the authority takes; we record and send none. Raises WrongUse."""
    changed = opened(incident)
    if duty not in {one.key for one in owed(changed)}:
        raise WrongUse(
            f"no report {duty[:40]!r} is owed", f"owed: {', '.join(one.key for one in owed(changed)) or '-'}"
        )
    if duty in changed["sent"]:
        raise WrongUse(f"the {duty} report has gone already", "")
    if not changed["known"] <= at <= now:
        raise WrongUse("a report goes after the incident is known, and not in the future", "")
    changed["sent"] = {**changed["sent"], duty: {"at": at, "by": by, "note": note[:MAX_TEXT]}}
    say(changed, now, by, "report_sent", f"{duty}{f': {note}' if note else ''}")
    return _settled(changed)


def reminded(incident: Incident, now: int) -> tuple[Incident, list[tuple[str, float]]]:
    """The reminders whose moment has come since the last look: (duty, share of its time); then the next moment."""
    sent = {key: one["at"] for key, one in incident["sent"].items()}
    plan = reminders(owed(incident), sent)
    last = incident.get("reminded", 0)
    found = [(duty, share) for at, duty, share in plan if last < at <= now]
    return {**_settled(incident), "reminded": now, "wakes": next((at for at, _, _ in plan if at > now), None)}, found


def _settled(incident: Incident) -> Incident:
    """The moment at which the next reminder is due."""
    sent = {key: one["at"] for key, one in incident["sent"].items()}
    last = incident.get("reminded", 0)
    plan = [] if incident["state"] in OVER else reminders(owed(incident), sent)
    return {**incident, "wakes": next((at for at, _, _ in plan if at > last), None)}


def merge(keep: Incident, other: Mapping[str, Any], alerts: Sequence[Alert], by: str, now: int) -> Incident:
    """`keep` with everything of `other`, whose clock counts where it began earlier. Doing it again changes nothing."""
    if other["id"] in keep["merged"]:
        return keep
    changed = opened(keep)
    if other["id"] == keep["id"] or other["state"] in OVER:
        raise WrongUse(f"incident {other['id']} cannot be merged", "two open incidents are merged into one")
    _take(changed, alerts)
    for part in ("tasks", "evidence", "comments"):
        moved = [{**one, "from": other["id"]} for one in other[part]]
        changed[part] = _numbered([*changed[part], *moved], part)
    facts = {**other["reporting"]["facts"], **changed["reporting"]["facts"]}
    came, criteria = reporting_grade(facts)
    changed["reporting"] = {**changed["reporting"], "grade": came, "facts": facts, "criteria": criteria}
    changed.update(
        known=min(keep["known"], other["known"]),
        crime=keep["crime"] or other["crime"],
        sent={**other["sent"], **keep["sent"]},
        runs=[*keep["runs"], *(one for one in other["runs"] if one not in keep["runs"])],
        merged=[*keep["merged"], other["id"]],
    )
    for name in ("detected", "acknowledged", "triaged"):
        if name in other["stamps"]:
            changed["stamps"][name] = min(other["stamps"][name], changed["stamps"].get(name, other["stamps"][name]))
    say(changed, now, by, "merged_in", str(other["id"]))
    return _settled(changed)


def merged_away(other: Incident, into: str, by: str, now: int) -> Incident:
    """The other half of a merge: it points to what it became. Doing it again changes nothing."""
    if other["merged_into"] == into:
        return other
    changed = opened(other)
    changed.update(state="merged", merged_into=into, wakes=None)
    say(changed, now, by, "merged", into)
    return changed


def _numbered(items: list[dict[str, Any]], part: str) -> list[dict[str, Any]]:
    prefix = {"tasks": "T", "evidence": "E"}.get(part, "")
    bounded(items, part)
    return [{**one, "id": f"{prefix}-{n:02d}"} if prefix else one for n, one in enumerate(items, start=1)]


def bounded(items: Sequence[Any], what: str) -> None:
    """Raises WrongUse where there are too many."""
    if len(items) > MAX_ITEMS:
        raise WrongUse(f"an incident holds at most {MAX_ITEMS} {what}", "")


def opened(incident: Incident) -> Incident:
    """A copy to change. Raises WrongUse where it is over."""
    if incident["state"] in OVER:
        into = f"it is part of {incident['merged_into']}" if incident["merged_into"] else "reopen it first"
        raise WrongUse(f"incident {incident['id']} is {incident['state']}", into)
    return deepcopy(incident)


def say(incident: Incident, at: int, by: str, did: str, note: str = "") -> None:
    """One line of the timeline, the oldest leaving first where there are too many."""
    entry = {"at": at, "by": by, "did": did, "note": note[:MAX_TEXT]}
    incident["timeline"] = [*incident["timeline"], entry][-MAX_TIMELINE:]
