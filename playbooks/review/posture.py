"""The posture of a month, for chiefs: alerts, response, risk, drills, coverage, and what somebody has to decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from playbooks.review.common import (
    DAY_MS,
    Known,
    Row,
    Text,
    cut,
    day_marks,
    due,
    evidence,
    head,
    name_of,
    plans_of,
    post_of,
    ranked,
    seen_row,
)
from playbooks.review.say import both
from playbooks.review.scorecard import scorecard_document
from yunshao.model.finding import LEVELS
from yunshao.model.scorecard import TARGETS
from yunshao.model.scorecard import WEIGHTS as WEIGHT_OF

TITLE = {"zh": "安全态势月报", "en": "Security posture of the month"}
WEIGHTS = {"critical": 10, "high": 5, "medium": 2, "low": 1, "informational": 0}
HIGH = 4
TOP = 10


def posture_document(
    known: Known, zone: str, weights: Mapping[str, float] = WEIGHT_OF, targets: Mapping[str, float] = TARGETS
) -> Row:
    """The document of a period; `known.earlier` counts the alerts of earlier months by `2026-03`."""
    estate = known.estate
    alerts = ranked(known.alerts)
    rows = [seen_row(one) for one in alerts]
    risks = list(known.register.get("risk", ()))
    treatments = list(known.register.get("treatment", ()))
    drills = [_drill(one) for one in known.drills if known.since <= (one.get("ended") or 0) < known.until]
    units = _units(known, rows)
    plans = plans_of(treatments, risks, known.until)
    assessed = [_assessed(one) for one in known.assessments[:2]]
    card = scorecard_document(known, weights, targets)
    decisions = _decisions(known, rows, risks, treatments, plans)
    return {
        **head("posture", TITLE, known),
        "promise": known.promise,
        "days": _days(known, rows, zone),
        "months": [{"month": month, "count": count} for month, count in sorted(known.earlier.items())],
        "units": units,
        "techniques": _techniques(rows),
        "drills": drills,
        "assessments": assessed,
        "indicators": [row for row in card["indicators"] if not row["unit"]],
        "score": card["scores"][0],
        "risks": [_risk(one, known) for one in risks if one["current"]["level"] >= HIGH][:TOP],
        "plans": plans,
        "decisions": decisions,
        "summary": {
            "alerts": len(rows),
            **{level: sum(row["level"] == level for row in rows) for level in LEVELS},
            "due": sum(due(row, known) for row in rows),
            "kept": sum(row["taken"] is not None and row["taken"] <= known.promise for row in rows),
            "open": sum(row["status"] != "closed" for row in rows),
            "overdue": sum(one["overdue"] for one in plans),
            "drills": len(drills),
            "silent": sum(not one["heard"] for one in units),
        },
        "limits": [*_limits(known, risks), *cut(alerts)],
        "city_name": estate.city,
        **_evidence(alerts, known),
    }


def _evidence(alerts: Sequence[Any], known: Known) -> Row:
    found = evidence(alerts)
    # `due` stands in the row, so that the share of kept promises can be counted from the rows alone.
    found["alerts"] = [
        {**row, "due": int(due(row, known)), "kept": int(row["taken"] is not None and row["taken"] <= known.promise)}
        for row in found["alerts"]
    ]
    return found


def _days(known: Known, rows: Iterable[Row], zone: str) -> list[Row]:
    where = ZoneInfo(zone)

    def day(at: int) -> str:
        return datetime.fromtimestamp(at / 1000, where).date().isoformat()

    counted = Counter((day(row["time"]), row["level"] in ("critical", "high")) for row in rows)
    days = [day(at) for at in day_marks(known)]
    return [{"day": one, "high": counted[one, True], "other": counted[one, False]} for one in dict.fromkeys(days)]


def _units(known: Known, rows: Sequence[Row]) -> list[Row]:
    holders = list(dict.fromkeys(one.unit for one in known.estate.systems.values() if one.status == "live"))
    by_unit: dict[str, list[Row]] = {unit: [] for unit in holders}
    for row in rows:
        by_unit.setdefault(row["unit"], []).append(row)
    found = []
    for unit, mine in by_unit.items():
        wanted = sum(due(row, known) for row in mine)
        kept = sum(row["taken"] is not None and row["taken"] <= known.promise for row in mine)
        found.append(
            {
                "unit": unit,
                "name": name_of(known.estate, unit),
                "post": post_of(known.estate, unit),
                "alerts": len(mine),
                "severe": sum(row["level"] in ("critical", "high") for row in mine),
                "open": sum(row["status"] != "closed" for row in mine),
                "due": wanted,
                "kept": kept,
                "weight": sum(WEIGHTS[row["level"]] for row in mine),
                "heard": unit in known.heard_today,
            }
        )
    return sorted(found, key=lambda one: (-one["weight"], one["unit"]))


def _techniques(rows: Iterable[Row]) -> list[Row]:
    counted = Counter(technique for row in rows for technique in row["techniques"])
    return [
        {"technique": name, "count": count} for name, count in sorted(counted.items(), key=lambda i: (-i[1], i[0]))
    ][:TOP]


def _drill(one: Mapping[str, Any]) -> Row:
    metrics = one.get("metrics") or {}
    return {
        "id": one["id"],
        "title": one["playbook"]["title"],
        "ended": one.get("ended"),
        "state": one.get("state"),
        "unattended": bool(one.get("unattended")),
        "rate": metrics.get("detection_rate"),
        "mttd": (metrics.get("mttd") or {}).get("mean"),
        "rating": (one.get("rating") or {}).get("grade") or "",
    }


def _assessed(one: Mapping[str, Any]) -> Row:
    return {"id": one["id"], "as_of": one["as_of"], "counts": one["summary"]["counts"], "risks": len(one["risks"])}


def _risk(one: Mapping[str, Any], known: Known) -> Row:
    system = known.estate.systems.get(one["asset"])
    return {
        "id": one["id"],
        "system": system.name if system else {"zh": one["asset"], "en": one["asset"]},
        "level": one["current"]["level"],
        "treatment": one["treatment"],
        "post": one["post"],
        "due": one["due"],
    }


def _decisions(
    known: Known, rows: Sequence[Row], risks: Sequence[Row], treatments: Sequence[Row], plans: Sequence[Row]
) -> list[Text]:
    planned = {one["risk"] for one in treatments}
    severe = sum(one["current"]["level"] >= HIGH and one["id"] not in planned for one in risks)
    overdue = sum(one["overdue"] for one in plans)
    waiting = sum(row["status"] == "new" and due(row, known) for row in rows)
    gaps = sum(one["last_received"] is None or known.until - one["last_received"] > DAY_MS for one in known.sources)
    told = (("plan", severe), ("overdue", overdue), ("waiting", waiting), ("gaps", gaps))
    return [both(f"decision.{key}", n=n) for key, n in told if n]


def _limits(known: Known, risks: Sequence[Row]) -> list[Text]:
    found = [both("limit.drills")]
    if known.excepted:
        total = sum(known.excepted.values())
        found.append(both("limit.excepted", n=len(known.excepted), count=total))
    if not risks:
        found.append(both("limit.no_assessment"))
    return found
