"""The two self-checks: graded protection (MLPS) of systems, and the security of data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from playbooks.controls.catalogue import data as data_controls
from playbooks.controls.catalogue import families, mlps
from playbooks.controls.judge import Facts, judged, overridden
from playbooks.review.common import Known, Row, Text, cut, evidence, head, name_of, post_of, ranked, seen_row
from playbooks.review.say import both
from yunshao.model.alert import Alert
from yunshao.model.controls import (
    Control,
    conclusion_2021,
    conclusion_2025,
    counted_states,
    pass_rate,
    score_2021,
)
from yunshao.model.estate import DataSet, InfoSystem
from yunshao.model.risk import METHODS
from yunshao.model.risk.gbt45577 import DATA_VALUE, possibility_of

MLPS_TITLE = {"zh": "网络安全等级保护自查报告", "en": "Self-check of graded protection (MLPS)"}
DATA_TITLE = {"zh": "数据安全风险评估报告", "en": "Data-security risk assessment"}
HIGH = 4
DUE_DAYS = {5: 30, 4: 90, 3: 180}
DAY_MS = 86_400_000
CONFIRMED = ("true_positive",)


def answers_of(register: Mapping[str, Sequence[Row]]) -> dict[str, Row]:
    """What people said of controls, by `control@system`."""
    return {f"{one['control']}@{one['system']}": one for one in register.get("answer", ())}


def facts_of(known: Known, system: InfoSystem, alerts: Sequence[Row], graded: bool = False) -> Facts:
    """What was seen of one system."""
    findings = [one for one in known.register.get("finding", ()) if one.get("system") == system.id]
    return Facts(
        now=known.until,
        window_days=known.days,
        promise=known.promise,
        alerts=alerts,
        findings=findings,
        heard_today=system.unit in known.heard_today,
        heard=system.unit in known.heard,
        sources=known.sources,
        drills=known.drills,
        graded=graded,
        answers=answers_of(known.register),
    )


def alerts_by_system(known: Known) -> dict[str, list[Row]]:
    """The real alerts of the period by their system; those of a unit alone go to its only system."""
    of_unit: dict[str, list[str]] = {}
    for system in known.estate.systems.values():
        if system.status == "live":
            of_unit.setdefault(system.unit, []).append(system.id)
    found: dict[str, list[Row]] = {}
    for one in known.alerts:
        owner = one.finding.owner
        mine = of_unit.get(owner.unit, [])
        home = owner.system or (mine[0] if len(mine) == 1 else "")
        if home:
            found.setdefault(home, []).append(seen_row(one))
    return found


def mlps_document(known: Known, template: str = "2025") -> Row:
    """The self-check of every live system with a protection level, by control point."""
    estate, seen = known.estate, alerts_by_system(known)
    graded = [one for one in estate.systems.values() if one.status == "live" and one.mlps_level]
    items: list[Row] = []
    systems: list[Row] = []
    for system in graded:
        facts = facts_of(known, system, seen.get(system.id, ()))
        rows = [judged(one, _system(known, system), facts) for one in mlps(system.mlps_level or 2)]
        items += rows
        systems.append(_concluded(known, system, rows, template))
    used = _used(known.alerts, items)
    states = counted_states(items)
    return {
        **head("mlps", MLPS_TITLE, known),
        "template": template,
        "systems": systems,
        "items": items,
        "families": [{"id": key, "title": title} for key, title in families().items() if key.startswith("mlps.")],
        "summary": {
            **states,
            "systems": len(systems),
            "items": len(items),
            "rate": pass_rate([i["state"] for i in items]),
        },
        "overrides": overridden(items),
        "limits": [
            *_mlps_limits(known, systems, states),
            *cut(used),
        ],
        **evidence(used),
    }


def _system(known: Known, system: InfoSystem) -> Row:
    return {"id": system.id, "name": system.name, "unit": system.unit, "post": post_of(known.estate, system.unit)}


def _concluded(known: Known, system: InfoSystem, rows: Sequence[Row], template: str) -> Row:
    states = [row["state"] for row in rows]
    risks = [one["current"]["level"] for one in known.register.get("risk", ()) if one.get("asset") == system.id]
    high, medium = sum(level >= HIGH for level in risks), sum(level == 3 for level in risks)
    major = sum(level == 5 for level in risks)
    rate = pass_rate(states)
    score = score_2021([(row["side"], row["state"], row["weight"]) for row in rows]) if template == "2021" else None
    ended = conclusion_2021(score, high, medium) if template == "2021" else conclusion_2025(rate, major)
    return {
        **_system(known, system),
        "unit_name": name_of(known.estate, system.unit),
        "level": system.mlps_level,
        **counted_states(rows),
        "applicable": sum(state != "not_applicable" for state in states),
        "rate": rate,
        "score": score,
        "high": high,
        "medium": medium,
        "major": major,
        "conclusion": ended,
    }


def _used(alerts: Sequence[Alert], items: Sequence[Row]) -> list[Alert]:
    cited = {key for row in items for key in row["alerts"]}
    return ranked(one for one in alerts if one.id in cited)


def _mlps_limits(known: Known, systems: Sequence[Row], states: Mapping[str, int]) -> list[Text]:
    ungraded = [one for one in known.estate.systems.values() if one.status == "live" and not one.mlps_level]
    found = [
        both("limit.selfcheck"),
        both("limit.unknown_points", n=states["unknown"]),
        both("limit.partly"),
    ]
    if ungraded:
        found.append(both("limit.ungraded", n=len(ungraded)))
    if not systems:
        found.append(both("limit.no_graded"))
    return found


def data_document(known: Known) -> Row:
    """The data-security assessment: data, activities, items in four areas, sources of risk with their level."""
    estate, seen = known.estate, alerts_by_system(known)
    items: dict[str, Row] = {}
    assets: list[Row] = []
    sources: list[Row] = []
    for one in estate.data:
        system = estate.systems[one.system]
        facts = facts_of(known, system, seen.get(system.id, ()), graded=True)
        mine = [control for control in data_controls() if applies(control, one)]
        rows = {c.id: judged(c, _system(known, system), facts) for c in mine}
        items |= {row["id"]: row for row in rows.values()}
        assets.append(_asset(known, one, system))
        sources += _sources(known, assets[-1], rows.values(), facts)
    sources.sort(key=lambda row: (-row["level"], -row["harm"], -row["possibility"], row["id"]))
    listed = list(items.values())
    used = _used(known.alerts, listed)
    levels = {str(level): sum(row["level"] == level for row in sources) for level in (1, 2, 3, 4, 5)}
    return {
        **head("data_security", DATA_TITLE, known),
        "method": "gbt45577",
        "criteria": [{"key": c.key, "table": c.table, "cuts": c.cuts} for c in METHODS["gbt45577"].criteria],
        "data_assets": assets,
        "systems": _holding(known, assets),
        "items": listed,
        "risk_sources": sources,
        "summary": {**counted_states(listed), "data": len(assets), "items": len(listed), "levels": levels},
        "overrides": overridden(listed),
        "limits": [*_data_limits(known, listed), *cut(used)],
        **evidence(used),
    }


def applies(control: Control, data: DataSet) -> bool:
    """Whether an item is asked of a data set: by its stages, and by the personal information in it."""
    if control.stage == "abroad":
        return data.abroad
    if control.stage and control.stage not in data.stages:
        return False
    return not control.personal or data.personal == "sensitive" or control.personal == data.personal


def _asset(known: Known, data: DataSet, system: InfoSystem) -> Row:
    return {
        "id": data.id,
        "name": data.name,
        "system": system.id,
        "system_name": system.name,
        "unit": system.unit,
        "unit_name": name_of(known.estate, system.unit),
        "post": post_of(known.estate, system.unit),
        "level": data.level,
        "personal": data.personal,
        "records": data.records,
        "abroad": data.abroad,
        "stages": list(data.stages),
        "value": DATA_VALUE[data.level],
    }


def _holding(known: Known, assets: Sequence[Row]) -> list[Row]:
    found = []
    for key in dict.fromkeys(one["system"] for one in assets):
        system = known.estate.systems[key]
        cloud = known.estate.clouds.get(system.cloud)
        found.append(
            {
                **_system(known, system),
                "unit_name": name_of(known.estate, system.unit),
                "business": system.business,
                "level": system.mlps_level,
                "cloud": cloud.name if cloud else None,
                "data": sum(one["system"] == key for one in assets),
            }
        )
    return found


def _sources(known: Known, asset: Row, rows: Any, facts: Facts) -> list[Row]:
    """Every item of a data set that is known to be wanting, as a source of risk."""
    found = []
    harm = min(5, asset["value"] + (asset["personal"] == "sensitive"))
    confirmed = {one["id"] for one in facts.alerts if one["verdict"] in CONFIRMED}
    for row in rows:
        if row["state"] not in ("not_met", "partly"):
            continue
        absent, partial = int(row["state"] == "not_met"), int(row["state"] == "partly")
        episodes = sum(key in confirmed for key in row["alerts"])
        possibility = possibility_of(absent, partial, episodes)
        reckoned = METHODS["gbt45577"].calculate({"harm": harm, "possibility": possibility}).as_row()
        level = reckoned["level"]
        found.append(
            {
                "id": f"{asset['id']}/{row['control']}",
                "data": asset["id"],
                "data_name": asset["name"],
                "system": asset["system"],
                "unit": asset["unit"],
                "area": row["family"],
                "control": row["control"],
                "title": row["title"],
                "state": row["state"],
                "why": row["why"],
                "alerts": row["alerts"],
                "value": asset["value"],
                "sensitive": asset["personal"] == "sensitive",
                "absent": absent,
                "partial": partial,
                "episodes": episodes,
                "harm": harm,
                "possibility": possibility,
                "level": level,
                "post": asset["post"],
                "due": known.until + DUE_DAYS[level] * DAY_MS if level in DUE_DAYS else None,
            }
        )
    return found


def _data_limits(known: Known, items: Sequence[Row]) -> list[Text]:
    states = counted_states(items)
    found = [
        both("limit.matrix"),
        both("limit.unknown_items", n=states["unknown"]),
    ]
    if not known.estate.data:
        found.append(both("limit.no_data"))
    return found
