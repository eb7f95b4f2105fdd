"""What is at stake and what is wrong with it: assets, weaknesses, measures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from playbooks.assess.threats import MAX_REFERENCES
from yunshao.model.alert import Alert
from yunshao.model.estate import Estate, InfoSystem
from yunshao.model.risk import asset_value, asset_value_cia, clamp, effectiveness, round_half_up

UNTESTED_EFFICACY = 0.5
TEST_AGE_MS = 180 * 86_400_000
FRESH_SOURCE_MS = 86_400_000
MONITORING = {"zh": "安全监测（云哨）", "en": "Security monitoring (Yunshao)"}
DETECTION = {
    "zh": "安全监测（云哨，仅经无人值守演练）",
    "en": "Security monitoring (Yunshao), drilled without people alone",
}


def assets(estate: Estate) -> list[dict[str, Any]]:
    """Every live system with its value: C, I, A and the importance of what it carries."""
    return [_asset(estate, system) for system in estate.systems.values() if system.status == "live"]


def _asset(estate: Estate, system: InfoSystem) -> dict[str, Any]:
    cia = asset_value_cia(system.confidentiality, system.integrity, system.availability)
    unit = estate.units[system.unit]
    return {
        "id": system.id,
        "name": system.name,
        "unit": system.unit,
        "unit_name": unit.name,
        "post": {language: estate.chief_post(system.unit, language) for language in ("zh", "en")},
        "system": system.id,
        "cloud": system.cloud,
        "business": system.business,
        "c": system.confidentiality,
        "i": system.integrity,
        "a": system.availability,
        "v_cia": cia,
        "importance": system.importance,
        "carry": system.carry,
        "value": asset_value(cia, system.importance, system.carry),
        "mlps_level": system.mlps_level,
    }


def weaknesses(estate: Estate, alerts: Sequence[Alert]) -> tuple[list[dict[str, Any]], int]:
    """Declared weaknesses, then those that alerts give evidence of; and how many of the latter no system could take."""
    declared = [
        {
            "id": one.id,
            "system": system.id,
            "name": one.name,
            "kind": one.kind,
            "severity": clamp(one.severity + one.exposed),
            "exposed": one.exposed,
            "techniques": list(one.techniques),
            "basis": "declared",
            "alerts": [],
        }
        for system in estate.systems.values()
        if system.status == "live"
        for one in system.weaknesses
    ]
    seen: dict[str, dict[str, Any]] = {}
    homeless = 0
    for alert in alerts:
        if not alert.finding.weakness or alert.verdict in {"false_positive", "benign", "duplicate"}:
            continue
        system_id = _home(estate, alert)
        if not system_id:
            homeless += 1
            continue
        row = seen.setdefault(f"{alert.finding.weakness}@{system_id}", _evidenced(alert, system_id))
        if len(row["alerts"]) < MAX_REFERENCES:
            row["alerts"].append(alert.id)
        row["techniques"] = sorted({*row["techniques"], *alert.finding.techniques})
    return [*declared, *(seen[key] for key in sorted(seen))], homeless


def _evidenced(alert: Alert, system: str) -> dict[str, Any]:
    known = alert.finding.facts.get("weakness")
    facts: Mapping[str, Any] = known if isinstance(known, Mapping) else {}
    exposed = bool(facts.get("exposed", False))
    severity = facts.get("severity", alert.severity_id)
    name = facts.get("name")
    return {
        "id": f"{alert.finding.weakness}@{system}",
        "system": system,
        "name": dict(name) if isinstance(name, Mapping) and {"zh", "en"} <= set(name) else alert.finding.title,
        "kind": "technical",
        "severity": clamp((severity if isinstance(severity, int) else alert.severity_id) + exposed),
        "exposed": exposed,
        "techniques": [],
        "basis": "alert",
        "alerts": [],
    }


def _home(estate: Estate, alert: Alert) -> str:
    """The system of an alert: its own, else the most important of its unit."""
    owner = alert.finding.owner
    if owner.system in estate.systems:
        return owner.system
    of_unit = [one for one in estate.systems.values() if one.unit == owner.unit and one.status == "live"]
    return max(of_unit, key=lambda one: (one.importance, one.id)).id if of_unit else ""


def measures(
    estate: Estate,
    sources: Sequence[Mapping[str, Any]],
    drills: Iterable[Mapping[str, Any]],
    seen: frozenset[str],
    now: int,
) -> list[dict[str, Any]]:
    """Declared measures of live systems, and the monitoring that this product itself is, tested by drills."""
    own = _drilled(drills, now)
    fresh = [one for one in sources if one["last_received"] and now - one["last_received"] <= FRESH_SOURCE_MS]
    health = len(fresh) / len(sources) if sources else 0.0
    found = []
    for system in estate.systems.values():
        if system.status != "live":
            continue
        found += [
            _measure(one.id, system.id, one.name, one.kind, one.deployed, one.health, one.efficacy, one.techniques)
            for one in system.measures
        ]
        watched = 1.0 if system.unit in seen else 0.0
        for key, name, shown in own:
            row = _measure(
                f"{key}@{system.id}", system.id, name, "protective", watched, health, shown.efficacy, shown.techniques
            )
            found.append({**row, "shared": key, "tested": shown.efficacy is not None, "drills": list(shown.drills)})
    return found


def _measure(
    key: str,
    system: str,
    name: Mapping[str, str],
    kind: str,
    deployed: float,
    health: float,
    efficacy: float | None,
    techniques: tuple[str, ...],
) -> dict[str, Any]:
    used = UNTESTED_EFFICACY if efficacy is None else efficacy
    return {
        "id": key,
        "system": system,
        "name": dict(name),
        "kind": kind,
        "deployed": round_half_up(deployed, 4),
        "health": round_half_up(health, 4),
        "efficacy": round_half_up(used, 4),
        "untested": efficacy is None,
        "effectiveness": round_half_up(effectiveness(deployed, health, used), 4),
        "techniques": list(techniques),
    }


@dataclass(frozen=True, slots=True)
class Shown:
    """What drills showed of the monitoring: efficacy 0 to 1 (None: untested), ATT&CK techniques, ids of the drills."""

    efficacy: float | None
    techniques: tuple[str, ...]
    drills: tuple[str, ...]


def _drilled(drills: Iterable[Mapping[str, Any]], now: int) -> list[tuple[str, dict[str, str], Shown]]:
    """The monitoring as finished drills of the last 180 days showed it, with people and, apart, without.

    An alert that nobody was there to take shows that a rule fires, not that anything follows. So what only unattended
    drills played counts as untested at the most; what they missed counts in full.
    """
    counting = [one for one in drills if one.get("state") == "done" and not one.get("set_aside")]
    recent = [one for one in counting if now - (one.get("ended") or 0) <= TEST_AGE_MS]
    attended = _shown([one for one in recent if not one.get("unattended")])
    unattended = _shown([one for one in recent if one.get("unattended")])
    everything = _shown(recent)
    if attended.efficacy is not None and everything.efficacy is not None:
        attended = replace(attended, efficacy=min(attended.efficacy, everything.efficacy))
    found = [("monitoring", MONITORING, attended)]
    alone = tuple(one for one in unattended.techniques if one not in attended.techniques)
    if alone:
        missed = unattended.efficacy is not None and unattended.efficacy < UNTESTED_EFFICACY
        shown = Shown(unattended.efficacy if missed else None, alone, unattended.drills)
        found.append(("detection", DETECTION, shown))
    return found


def _shown(drills: Sequence[Mapping[str, Any]]) -> Shown:
    """Share of the expected alerts of these drills that came, in time or late."""
    expected = [one for drill in drills for one in drill["expectations"] if one["type"] == "alert"]
    met = sum(one["state"] in {"met", "late"} for one in expected)
    techniques = {t for drill in drills for row in drill.get("alerts", []) for t in row.get("techniques", [])}
    return Shown(
        met / len(expected) if expected else None,
        tuple(sorted(techniques)),
        tuple(sorted(str(drill.get("id", "")) for drill in drills)),
    )
