"""Findings and observations as JSON types and back, field by field: what is written outlives a change of classes."""

from __future__ import annotations

from typing import Any

from yunshao.model.event import EventRef, Owner
from yunshao.model.finding import ALONE, Finding, Grouping, Observation


def finding_form(finding: Finding) -> dict[str, Any]:
    """A finding as JSON types."""
    return {
        "rule_id": finding.rule_id,
        "rule_name": finding.rule_name,
        "title": finding.title,
        "level": finding.level,
        "time": finding.time,
        "entity": finding.entity,
        "events": [list(event) for event in finding.events],
        "owner": [finding.owner.unit, finding.owner.system, finding.owner.cloud],
        "why": finding.why,
        "kind": finding.kind,
        "techniques": list(finding.techniques),
        "facts": finding.facts,
        "triage": {language: list(steps) for language, steps in finding.triage.items()},
        "weakness": finding.weakness,
        "grouping": [list(finding.grouping.by), finding.grouping.within],
        "staged": finding.staged,
        "excepted": finding.excepted,
    }


def finding_of(form: dict[str, Any]) -> Finding:
    """The finding of its JSON types."""
    by, within = form.get("grouping") or (ALONE.by, ALONE.within)
    return Finding(
        rule_id=form["rule_id"],
        rule_name=form["rule_name"],
        title=form["title"],
        level=form["level"],
        time=form["time"],
        entity=form["entity"],
        events=tuple(EventRef(source, uid, time) for source, uid, time in form["events"]),
        owner=Owner(*form["owner"]),
        why=form["why"],
        kind=form["kind"],
        techniques=tuple(form["techniques"]),
        facts=form["facts"],
        triage={language: tuple(steps) for language, steps in form["triage"].items()},
        weakness=form["weakness"],
        grouping=Grouping(tuple(by), within),
        staged=form.get("staged", False),
        excepted=form.get("excepted", ""),
    )


def observation_form(seen: Observation) -> list[Any]:
    """An observation of an event as JSON types; a tick never leaves its worker."""
    owner = seen.owner
    event = list(seen.event) if seen.event else None
    return [seen.detector, seen.key, seen.time, event, [owner.unit, owner.system, owner.cloud], seen.values]


def observation_of(form: list[Any]) -> Observation:
    """The observation of its JSON types."""
    detector, key, time, event, owner, values = form
    return Observation(detector, key, time, EventRef(*event) if event else None, Owner(*owner), values)
