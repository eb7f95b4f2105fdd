"""One assessment: from the register and what was seen to risks, levels and a treatment plan."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from playbooks.assess.register import assets, measures, weaknesses
from playbooks.assess.threats import measure, meet
from playbooks.words import Playbook
from yunshao import __version__
from yunshao.model.alert import Alert, as_row
from yunshao.model.estate import Estate
from yunshao.model.risk import PRODUCT_CUTS, RISK_CUTS, business_value, calculate, eased, level_of

DAY_MS = 86_400_000
TREATMENT = {1: "accept", 2: "accept", 3: "treat_or_accept", 4: "treat", 5: "treat"}
DUE_DAYS = {3: 180, 4: 90, 5: 30}
TOP = 5
MAX_ALERT_ROWS = 500


def assess(
    playbook: Playbook,
    estate: Estate,
    alerts: Sequence[Alert],
    sources: Sequence[Mapping[str, Any]],
    drills: Sequence[Mapping[str, Any]],
    previous: Mapping[str, Any] | None,
    as_of: int,
    seen_units: frozenset[str] = frozenset(),
    excepted: Mapping[str, int] = MappingProxyType({}),
) -> dict[str, Any]:
    """The assessment document as of a moment (ms); the same inputs give the same document.

    `alerts` are those of the window; drills' own are left out here too. `seen_units` sent events in the window;
    `excepted` says how many findings each exception hid in it.
    """
    since = as_of - playbook.window_days * DAY_MS
    real = sorted((one for one in alerts if not one.drill and one.finding.time >= since), key=lambda one: one.id)
    found_assets = assets(estate)
    found_threats = [measure(threat, real, playbook.window_days) for threat in playbook.threats]
    found_weaknesses, homeless = weaknesses(estate, real)
    found_measures = measures(estate, sources, drills, seen_units, as_of)
    risks = _risks(playbook.method, found_assets, found_threats, found_weaknesses, found_measures, as_of)
    used = {key for risk in risks for key in risk["evidence"]}
    kept = [one for one in real if one.id in used][:MAX_ALERT_ROWS]
    return {
        "id": _document_id(playbook, as_of),
        "kind": "assessment",
        "playbook": {"id": playbook.id, "version": playbook.version, "title": playbook.title},
        "method": playbook.method,
        "as_of": as_of,
        "window": {"since": since, "until": as_of, "days": playbook.window_days},
        "scope": {"units": list(estate.units), "systems": len(found_assets)},
        "city": estate.city,
        "generator": {"name": "Yunshao", "version": __version__},
        "ruleset_version": _ruleset(real),
        "assets": found_assets,
        "threats": found_threats,
        "weaknesses": found_weaknesses,
        "measures": found_measures,
        "risks": risks,
        "business": _business(playbook.method, found_assets, risks),
        "summary": _summary(risks, previous),
        "coverage": [_coverage(one, as_of) for one in sources],
        "limits": [
            *_limits(found_threats, found_measures, homeless, len(real), sources),
            *_hidden(excepted),
        ],
        "overrides": [],
        "alerts": [as_row(one) for one in kept],
        "evidence_refs": [
            {"source": event.source, "uid": event.uid, "time": event.time} for one in kept for event in one.events
        ],
    }


def _document_id(playbook: Playbook, as_of: int) -> str:
    return f"assess-{hashlib.sha256(f'{playbook.id}|{playbook.version}|{as_of}'.encode()).hexdigest()[:12]}"


def _ruleset(alerts: Sequence[Alert]) -> str:
    """A digest of the rules that spoke."""
    rules = "\n".join(sorted({alert.finding.rule_id for alert in alerts}))
    return hashlib.sha256(rules.encode()).hexdigest()[:12]


def _risks(
    method: str,
    found_assets: list[dict[str, Any]],
    threats: list[dict[str, Any]],
    found_weaknesses: list[dict[str, Any]],
    found_measures: list[dict[str, Any]],
    as_of: int,
) -> list[dict[str, Any]]:
    """Every (asset, threat, weakness) that belong together by technique, the highest first."""
    by_id = {asset["id"]: asset for asset in found_assets}
    found = []
    for weakness in found_weaknesses:
        asset = by_id[weakness["system"]]
        own = [one for one in found_measures if one["system"] == asset["id"]]
        for threat in threats:
            if meet(threat["techniques"], weakness["techniques"]):
                found.append(_risk(method, asset, threat, weakness, own, as_of))
    return sorted(found, key=lambda one: (-one["current"]["R"], -one["inherent"]["R"], one["id"]))


def _risk(
    method: str,
    asset: dict[str, Any],
    threat: dict[str, Any],
    weakness: dict[str, Any],
    own: list[dict[str, Any]],
    as_of: int,
) -> dict[str, Any]:
    fitting = [one for one in own if meet(one["techniques"], threat["techniques"])]
    effect = max((one["effectiveness"] for one in fitting), default=0.0)
    inherent = _reckon(method, asset["value"], threat["frequency"], weakness["severity"])
    current = _reckon(method, asset["value"], threat["frequency"], eased(weakness["severity"], effect))
    level = current["level"]
    return {
        "id": f"{asset['id']}/{threat['id']}/{weakness['id']}",
        "asset": asset["id"],
        "threat": threat["id"],
        "weakness": weakness["id"],
        "measures": [one["id"] for one in fitting],
        "effectiveness": effect,
        "inherent": inherent,
        "current": current,
        "treatment": TREATMENT[level],
        "post": asset["post"],
        "due": as_of + DUE_DAYS[level] * DAY_MS if level in DUE_DAYS else None,
        "evidence": sorted({*threat["alerts"], *weakness["alerts"]}),
    }


def _reckon(method: str, asset: int, threat: int, vulnerability: int) -> dict[str, Any]:
    found = calculate(method, asset, threat, vulnerability).as_row()
    kept = {key: found[key] for key in ("L", "L_level", "F", "F_level", "R", "level", "way")}
    return {"T": threat, "A": asset, "V": vulnerability, **kept}


def _business(method: str, found_assets: list[dict[str, Any]], risks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each business with the worst risk that reaches it, and the asset that brings it."""
    cuts = (
        PRODUCT_CUTS if method == "gbt20984-multiply" else RISK_CUTS if method == "gbt20984-matrix" else (1, 2, 3, 4, 5)
    )
    worst: dict[str, int] = {}
    for risk in risks:
        worst[risk["asset"]] = max(worst.get(risk["asset"], 0), risk["current"]["R"])
    found: dict[str, dict[str, Any]] = {}
    for asset in found_assets:
        value = business_value(worst.get(asset["id"], 0), asset["carry"])
        key = asset["business"]["en"]
        if key not in found or value > found[key]["value"]:
            level = level_of(value, cuts) if value else 1
            found[key] = {"name": asset["business"], "level": level, "value": value, "set_by": asset["id"]}
    return sorted(found.values(), key=lambda one: (-one["value"], one["name"]["en"]))


def _counts(risks: Sequence[Mapping[str, Any]], side: str) -> dict[str, int]:
    counted = Counter(str(risk[side]["level"]) for risk in risks)
    return {str(level): counted.get(str(level), 0) for level in range(1, 6)}


def _summary(risks: list[dict[str, Any]], previous: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "counts": _counts(risks, "current"),
        "inherent_counts": _counts(risks, "inherent"),
        "top": [risk["id"] for risk in risks[:TOP]],
        "previous": {"id": previous["id"], "counts": previous["summary"]["counts"]} if previous else None,
    }


def _coverage(source: Mapping[str, Any], as_of: int) -> dict[str, Any]:
    last = source["last_received"]
    return {
        "source": source["source"],
        "last_event": source["last_event"],
        "events": source["processed"],
        "rejected": source["rejected"],
        "gap": last is None or as_of - last > DAY_MS,
    }


def _hidden(excepted: Mapping[str, int]) -> list[dict[str, str]]:
    """What exceptions kept from being an alert, the most first."""
    if not excepted:
        return []
    ranked = sorted(excepted.items(), key=lambda item: (-item[1], item[0]))[:TOP]
    named = ", ".join(f"{name} ({count})" for name, count in ranked)
    total = sum(excepted.values())
    return [
        {
            "zh": f"{len(excepted)} 项例外使 {total} 次检测未形成告警，未计入风险：{named}。",
            "en": f"{len(excepted)} exceptions kept {total} findings from alerting; they are in no risk: {named}.",
        }
    ]


def _limits(
    threats: list[dict[str, Any]],
    found_measures: list[dict[str, Any]],
    homeless: int,
    alerts: int,
    sources: Sequence[Mapping[str, Any]],
) -> list[dict[str, str]]:
    """What a reader must know before trusting the figures."""
    judged = sum(threat["basis"] == "judged" for threat in threats)
    untested = sum(one["untested"] for one in found_measures)
    found = [
        {
            "zh": f"本期依据 {alerts} 条真实告警，演练告警不计入。",
            "en": f"Based on {alerts} alerts of real events; those of drills are left out.",
        }
    ]
    if judged:
        found.append(
            {
                "zh": f"{judged} 类威胁（共 {len(threats)} 类）未观测到，频率为判断值。",
                "en": f"{judged} of {len(threats)} threats were not seen; their frequency is judged.",
            }
        )
    if untested:
        found.append(
            {
                "zh": f"{untested} 项措施未经测试，有效性按默认值 0.5 计。",
                "en": f"{untested} measures are untested; their efficacy is taken as 0.5.",
            }
        )
    if homeless:
        found.append(
            {
                "zh": f"{homeless} 条告警指向的弱点没有归属系统，未计入风险。",
                "en": f"{homeless} alerts show a weakness of no registered system; it is in no risk.",
            }
        )
    if not sources:
        found.append({"zh": "尚无任何日志来源。", "en": "No source of logs has been seen."})
    return found
