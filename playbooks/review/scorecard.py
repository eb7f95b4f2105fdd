"""The scorecard of the city and of each unit with systems, from sums of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from playbooks.controls.catalogue import mlps
from playbooks.controls.judge import judged
from playbooks.review.checked import alerts_by_system, facts_of
from playbooks.review.common import (
    Known,
    Row,
    Text,
    cut,
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
from yunshao.model.controls import POINTS
from yunshao.model.estate import Estate, InfoSystem
from yunshao.model.scorecard import INDICATORS, SEVERITY_WEIGHT, SUMS, TARGETS, WEIGHTS, grade, points, total, value_of

TITLE = {"zh": "云长总评分卡", "en": "Scorecard of the cloud chiefs"}
YEAR_MS = 365 * 86_400_000
CITY = ""


def scorecard_document(
    known: Known, weights: Mapping[str, float] = WEIGHTS, targets: Mapping[str, float] = TARGETS
) -> Row:
    """The scorecard at the end of the period."""
    parts = _parts(known)
    units = list(dict.fromkeys(row["unit"] for row in parts["systems"]))
    indicators = [row for unit in (CITY, *units) for row in _card(known, unit, parts, weights, targets)]
    scores = [_score(known, unit, indicators) for unit in (CITY, *units)]
    ranked_units = sorted(scores[1:], key=lambda row: (row["score"] is None, -(row["score"] or 0), row["unit"]))
    alerts = ranked(known.alerts)
    found = evidence(alerts)
    found["alerts"] = parts["alerts"][: len(found["alerts"])]
    return {
        **head("scorecard", TITLE, known),
        "promise": known.promise,
        "systems": parts["systems"],
        "plans": parts["plans"],
        "findings": parts["findings"],
        "controls": parts["controls"],
        "drilled": parts["drilled"],
        "indicators": indicators,
        "scores": [scores[0], *ranked_units],
        "summary": {"score": scores[0]["score"], "grade": scores[0]["grade"], "units": len(units)},
        "limits": [*_limits(indicators), *cut(alerts)],
        **found,
    }


def _parts(known: Known) -> dict[str, list[Row]]:
    """The rows that every indicator is counted from; each carries its unit."""
    estate = known.estate
    live = [one for one in estate.systems.values() if one.status == "live"]
    home = {one.id: one.unit for one in live}
    alerts = []
    for one in ranked(known.alerts):
        row = seen_row(one)
        kept = row["taken"] is not None and row["taken"] <= known.promise
        alerts.append({**row, "due": int(due(row, known)), "kept": int(kept)})
    risks = list(known.register.get("risk", ()))
    asset = {one["id"]: one["asset"] for one in risks}
    plans = [
        {**one, "unit": home.get(asset.get(one["risk"], ""), "")}
        for one in plans_of(list(known.register.get("treatment", ())), risks, known.until)
    ]
    return {
        "systems": [_place(estate, one, known) for one in live],
        "alerts": alerts,
        "plans": plans,
        "findings": [
            {"id": one["id"], "unit": home[one["system"]], "weight": SEVERITY_WEIGHT[one["severity"]],
             "failed": SEVERITY_WEIGHT[one["severity"]] if one["open"] else 0}
            for one in known.register.get("finding", ()) if one.get("system") in home
        ],
        "controls": _controls(known, live),
        "drilled": _drilled(known, live),
    }  # fmt: skip


def _place(estate: Estate, system: InfoSystem, known: Known) -> Row:
    cloud = estate.clouds.get(system.cloud)
    attached = bool(cloud) and (cloud.kind == "big" or bool(cloud.parent)) if cloud else False
    return {
        "id": system.id,
        "name": system.name,
        "unit": system.unit,
        "in_cloud": int(system.hosting in ("big_cloud", "small_cloud") and attached),
        "heard": int(system.unit in known.heard_today),
    }


def _controls(known: Known, live: Sequence[InfoSystem]) -> list[Row]:
    """The control points of systems with a protection level, with what each is worth."""
    seen = alerts_by_system(known)
    found = []
    for system in live:
        if not system.mlps_level:
            continue
        facts = facts_of(known, system, seen.get(system.id, ()))
        place = {"id": system.id, "name": system.name, "unit": system.unit, "post": {}}
        for control in mlps(system.mlps_level):
            row = judged(control, place, facts)
            # What is not known is no failure of the unit yet, and no pass: it stands apart until somebody answers.
            if row["state"] not in ("not_applicable", "unknown"):
                found.append(
                    {"id": row["id"], "unit": system.unit, "state": row["state"], "worth": POINTS[row["state"]]}
                )
    return found


def _drilled(known: Known, live: Sequence[InfoSystem]) -> list[Row]:
    """Units with systems, and whether a drill with people took place in the last 12 months, of the city as a whole."""
    done = any(
        one.get("state") == "done" and not one.get("unattended") and known.until - (one.get("ended") or 0) <= YEAR_MS
        for one in known.drills
    )
    return [{"unit": unit, "drilled": int(done)} for unit in dict.fromkeys(one.unit for one in live)]


def _card(
    known: Known,
    unit: str,
    parts: Mapping[str, Sequence[Row]],
    weights: Mapping[str, float],
    targets: Mapping[str, float],
) -> list[Row]:
    rows: list[Row] = []
    for name in INDICATORS:
        of = SUMS[name]
        mine = [row for row in parts[of.rows] if unit in (CITY, row["unit"])]
        whole = sum(row[of.whole] for row in mine) if of.whole else len(mine)
        counted = sum(row[of.counted] for row in mine)
        good = whole - counted if of.missing else counted
        rows.append(
            {
                "unit": unit,
                "unit_name": name_of(known.estate, unit) if unit else known.estate.city,
                "indicator": name,
                "num": good,
                "den": whole,
                "value": value_of(good, whole),
                "target": float(targets.get(name, TARGETS[name])),
                "weight": float(weights.get(name, WEIGHTS[name])),
            }
        )
    for row, point in zip(rows, points(rows), strict=True):
        row["points"] = point
    return rows


def _score(known: Known, unit: str, indicators: Sequence[Row]) -> Row:
    rows = [row for row in indicators if row["unit"] == unit]
    score = total(rows)
    return {
        "unit": unit,
        "name": name_of(known.estate, unit) if unit else known.estate.city,
        "post": post_of(known.estate, unit) if unit else {},
        "score": score,
        "grade": grade(score),
        "applies": sum(row["value"] is not None for row in rows),
    }


def _limits(indicators: Sequence[Row]) -> list[Text]:
    city = [row for row in indicators if row["unit"] == CITY]
    absent = [row["indicator"] for row in city if row["value"] is None]
    found = [
        both("limit.comparable"),
        both("limit.controls"),
        both("limit.left_out"),
    ]
    if absent:
        found.append(both("limit.absent", n=len(absent)))
    return found
