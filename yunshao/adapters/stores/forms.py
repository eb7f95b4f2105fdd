"""Alerts as JSON and back, field by field: what is stored outlives a change of the classes."""

from __future__ import annotations

from typing import Any

import orjson

from yunshao.adapters.stores.plain import dumps, loads
from yunshao.model.alert import Alert, Deed
from yunshao.model.event import EventRef, Owner
from yunshao.model.finding import Finding


def alert_to_json(alert: Alert) -> str:
    """The whole alert as JSON text."""
    return dumps(
        {
            "id": alert.id,
            "finding": finding_form(alert.finding),
            "detected": alert.detected,
            "status": alert.status,
            "assignee": alert.assignee,
            "verdict": alert.verdict,
            "drill": alert.drill,
            "deeds": [[deed.at, deed.by, deed.did, deed.note] for deed in alert.deeds],
        }
    )


def alert_from_json(text: str | bytes) -> Alert:
    """What `alert_to_json` wrote."""
    form = _parsed(text)
    return Alert(
        id=form["id"],
        finding=finding_of(form["finding"]),
        detected=form["detected"],
        status=form["status"],
        assignee=form["assignee"],
        verdict=form["verdict"],
        drill=form["drill"],
        deeds=tuple(Deed(at, by, did, note) for at, by, did, note in form["deeds"]),
    )


def _parsed(text: str | bytes) -> dict[str, Any]:
    # The quick reader refuses lone surrogates and rounds numbers beyond 64 bits; such alerts take the slow one.
    try:
        form: dict[str, Any] = orjson.loads(text)
    except orjson.JSONDecodeError:
        form = loads(text)
    return form


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
    }


def finding_of(form: dict[str, Any]) -> Finding:
    """The finding of its JSON types."""
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
    )
