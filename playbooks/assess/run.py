"""One assessment: from the register and what was seen to risks, levels and a treatment plan."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from playbooks.assess.findings import weaknesses_of
from playbooks.assess.proposals import propose, settled, subject
from playbooks.assess.register import assets, measures, weaknesses
from playbooks.assess.threats import measure, meet
from playbooks.words import Playbook
from yunshao import __version__
from yunshao.model.alert import Alert, as_row
from yunshao.model.estate import Estate
from yunshao.model.risk import METHODS, Method, business_value, eased, level_of

DAY_MS = 86_400_000
TREATMENT = {1: "accept", 2: "accept", 3: "treat_or_accept", 4: "treat", 5: "treat"}
DUE_DAYS = {3: 180, 4: 90, 5: 30}
TOP = 5
MAX_ALERT_ROWS = 500
MAX_ALERTS = 20_000

Row = dict[str, Any]
Figures = dict[str, list[Row]]


@dataclass(frozen=True, slots=True)
class Said:
    """What people said in the register: decisions on proposals, acceptances and plans by risk, imported findings."""

    decisions: Mapping[str, Row] = field(default_factory=dict)
    acceptances: Mapping[str, Row] = field(default_factory=dict)
    plans: Mapping[str, Row] = field(default_factory=dict)
    findings: Sequence[Row] = ()


NOTHING = Said()


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
    said: Said = NOTHING,
    methods: Mapping[str, Method] = METHODS,
) -> dict[str, Any]:
    """The assessment document as of a moment (ms); the same inputs give the same document.

    `alerts` are those of the window; drills' own are left out here too. `seen_units` sent events in the window;
    `excepted` says how many findings each exception hid in it.
    """
    since = as_of - playbook.window_days * DAY_MS
    real = sorted((one for one in alerts if not one.drill and one.finding.time >= since), key=lambda one: one.id)
    figures, homeless = _seen(playbook, estate, real, sources, drills, seen_units, as_of, said.findings)
    proposals = propose(*figures.values())
    figures, overrides = _decided(figures, proposals, said.decisions)
    found_assets, found_threats, found_weaknesses, found_measures = figures.values()
    method = methods[playbook.method]
    reckoned = _risks(method, found_assets, found_threats, found_weaknesses, found_measures, as_of)
    risks = _settled_risks(reckoned, said, as_of)
    kept = _kept(playbook, real, risks)
    return {
        "id": _document_id(playbook, as_of),
        "kind": "assessment",
        "playbook": {"id": playbook.id, "version": playbook.version, "title": playbook.title},
        "method": playbook.method,
        "method_name": dict(method.name),
        "criteria": [{"key": one.key, "table": one.table, "cuts": one.cuts} for one in method.criteria],
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
        "proposals": proposals,
        "risks": risks,
        "business": _business(method, found_assets, risks),
        "summary": _summary(risks, previous),
        "coverage": [_coverage(one, as_of) for one in sources],
        "limits": [
            *_limits(found_threats, found_measures, homeless, len(real), sources),
            *_hidden(excepted),
            *_lapsed(said.acceptances, as_of),
        ],
        "overrides": overrides,
        "alerts": [as_row(one) for one in kept],
        "evidence_refs": [
            {"source": event.source, "uid": event.uid, "time": event.time}
            for one in kept[:MAX_ALERT_ROWS]
            for event in one.events
        ],
    }


def _seen(
    playbook: Playbook,
    estate: Estate,
    real: Sequence[Alert],
    sources: Sequence[Mapping[str, Any]],
    drills: Sequence[Mapping[str, Any]],
    seen_units: frozenset[str],
    as_of: int,
    findings: Sequence[Row],
) -> tuple[Figures, int]:
    """What the register declares and what was seen, before anybody decided on it; and what has no system."""
    found_weaknesses, homeless = weaknesses(estate, real)
    live = {system.id for system in estate.systems.values() if system.status == "live"}
    imported = weaknesses_of(findings)
    housed = [one for one in imported if one["system"] in live]
    return {
        "asset": assets(estate),
        "threat": [measure(threat, real, playbook.window_days) for threat in playbook.threats],
        "weakness": [*found_weaknesses, *housed],
        "measure": measures(estate, sources, drills, seen_units, as_of),
    }, homeless + len(imported) - len(housed)


def _decided(figures: Figures, proposals: Sequence[Row], decisions: Mapping[str, Row]) -> tuple[Figures, list[Row]]:
    by_subject = {subject(one): one for one in proposals}
    found: Figures = {}
    overrides: list[Row] = []
    for kind, rows in figures.items():
        found[kind], changed = settled(kind, rows, by_subject, decisions)
        overrides += changed
    return found, overrides


def _settled_risks(risks: list[Row], said: Said, as_of: int) -> list[Row]:
    """The risks with what people decided to do about them."""
    found = []
    for risk in risks:
        accepted, plan = said.acceptances.get(risk["id"]), said.plans.get(risk["id"])
        kept = dict(risk)
        if plan:
            kept |= {
                "treatment": plan["action"],
                "post": plan["post"],
                "due": plan["due"],
                "expected": plan["expected"],
            }
        # An acceptance of a lower level than the risk has by now is none.
        if accepted and accepted["until"] > as_of and risk["current"]["level"] <= accepted["level"]:
            kept |= {"treatment": "accepted", "post": accepted["approver"], "expires": accepted["until"]}
        found.append(kept)
    return found


def _kept(playbook: Playbook, real: Sequence[Alert], risks: Sequence[Row]) -> list[Alert]:
    """The alerts that figures rest on: those cited by risks first, then all that a frequency was counted from."""
    used = {key for risk in risks for key in risk["evidence"]}
    counted = tuple(technique for threat in playbook.threats for technique in threat.techniques)
    cited = [one for one in real if one.id in used]
    others = [one for one in real if one.id not in used and meet(counted, one.finding.techniques)]
    return [*cited, *others][:MAX_ALERTS]


def _lapsed(acceptances: Mapping[str, Row], as_of: int) -> list[dict[str, str]]:
    lapsed = sorted(key for key, one in acceptances.items() if one["until"] <= as_of)
    if not lapsed:
        return []
    return [
        {
            "zh": f"{len(lapsed)} 项风险接受已到期，重新列入处置。",
            "en": f"{len(lapsed)} acceptances of risks have ended; these risks are to be treated again.",
        }
    ]


def _document_id(playbook: Playbook, as_of: int) -> str:
    return f"assess-{hashlib.sha256(f'{playbook.id}|{playbook.version}|{as_of}'.encode()).hexdigest()[:12]}"


def _ruleset(alerts: Sequence[Alert]) -> str:
    """A digest of the rules that spoke."""
    rules = "\n".join(sorted({alert.finding.rule_id for alert in alerts}))
    return hashlib.sha256(rules.encode()).hexdigest()[:12]


def _risks(
    method: Method,
    found_assets: list[Row],
    threats: list[Row],
    found_weaknesses: list[Row],
    found_measures: list[Row],
    as_of: int,
) -> list[Row]:
    """Every (asset, threat, weakness) that belong together by technique, the highest first."""
    by_id = {asset["id"]: asset for asset in found_assets}
    # Thousands of risks share some hundred inputs.
    known: dict[tuple[int, int, int], Row] = {}

    def reckon(asset: int, threat: int, vulnerability: int) -> Row:
        key = asset, threat, vulnerability
        if key not in known:
            known[key] = _reckon(method, *key)
        return dict(known[key])

    own: dict[str, list[Row]] = {}
    for one in found_measures:
        own.setdefault(one["system"], []).append(one)
    fitting: dict[tuple[str, str], list[Row]] = {}
    found = []
    for weakness in found_weaknesses:
        asset = by_id[weakness["system"]]
        for threat in threats:
            if not meet(threat["techniques"], weakness["techniques"]):
                continue
            key = asset["id"], threat["id"]
            if key not in fitting:
                kept = own.get(asset["id"], ())
                fitting[key] = [one for one in kept if meet(one["techniques"], threat["techniques"])]
            found.append(_risk(reckon, asset, threat, weakness, fitting[key], as_of))
    return sorted(found, key=lambda one: (-one["current"]["R"], -one["inherent"]["R"], one["id"]))


def _risk(
    reckon: Callable[[int, int, int], Row],
    asset: Row,
    threat: Row,
    weakness: Row,
    fitting: Sequence[Row],
    as_of: int,
) -> Row:
    effect = max((one["effectiveness"] for one in fitting), default=0.0)
    inherent = reckon(asset["value"], threat["frequency"], weakness["severity"])
    current = reckon(asset["value"], threat["frequency"], eased(weakness["severity"], effect))
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


def _reckon(method: Method, asset: int, threat: int, vulnerability: int) -> Row:
    found = method.calculate(method.read(asset, threat, vulnerability)).as_row()
    kept = {key: found[key] for key in ("L", "L_level", "F", "F_level", "R", "level", "way")}
    return {"T": threat, "A": asset, "V": vulnerability, **kept}


def _business(method: Method, found_assets: list[Row], risks: list[Row]) -> list[Row]:
    """Each business with the worst risk that reaches it, and the asset that brings it."""
    worst: dict[str, int] = {}
    for risk in risks:
        worst[risk["asset"]] = max(worst.get(risk["asset"], 0), risk["current"]["R"])
    found: dict[str, Row] = {}
    for asset in found_assets:
        value = business_value(worst.get(asset["id"], 0), asset["carry"])
        key = asset["business"]["en"]
        if key not in found or value > found[key]["value"]:
            level = level_of(value, method.value_cuts) if value else 1
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
        "changes": changes(risks, previous.get("risks", ())) if previous else [],
    }


def changes(risks: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Risks that are new, gone, raised or lowered since the run before, by current level; the highest first."""
    now = {one["id"]: one["current"]["level"] for one in risks}
    was = {one["id"]: one["current"]["level"] for one in before}
    found = []
    for key in now.keys() | was.keys():
        level, old = now.get(key, 0), was.get(key, 0)
        if level != old:
            kind = "new" if not old else "gone" if not level else "raised" if level > old else "lowered"
            found.append({"id": key, "kind": kind, "before": old or None, "after": level or None})
    return sorted(found, key=lambda row: (-(row["after"] or 0), -(row["before"] or 0), row["id"]))


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
