"""Alerts as JSON and back, field by field: what is stored outlives a change of the classes.

What an older version did not write is taken for an alert of one finding.
"""

from __future__ import annotations

from typing import Any

import orjson

from yunshao.model.alert import Alert, Deed
from yunshao.model.event import EventRef
from yunshao.wire.forms import finding_form, finding_of
from yunshao.wire.text import dumps, loads


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
            **_folded(alert),
        }
    )


def _folded(alert: Alert) -> dict[str, Any]:
    """What an alert is beyond its earliest finding."""
    form: dict[str, Any] = {
        "level": alert.level,
        "count": alert.count,
        "first": alert.first,
        "last": alert.last,
        "spread": list(alert.spread),
        "settled": alert.settled,
        "snoozed": alert.snoozed,
    }
    if alert.events != alert.finding.events:
        form["events"] = [list(event) for event in alert.events]
    if alert.sketch:
        form["sketch"] = list(alert.sketch)
    return form


def alert_from_json(text: str | bytes) -> Alert:
    """What `alert_to_json` wrote."""
    form = _parsed(text)
    finding = finding_of(form["finding"])
    events = form.get("events")
    return Alert(
        id=form["id"],
        finding=finding,
        detected=form["detected"],
        status=form["status"],
        assignee=form["assignee"],
        verdict=form["verdict"],
        drill=form["drill"],
        deeds=tuple(Deed(at, by, did, note) for at, by, did, note in form["deeds"]),
        level=form.get("level", finding.level),
        count=form.get("count", 1),
        first=form.get("first", finding.time),
        last=form.get("last", finding.time),
        events=finding.events if events is None else tuple(EventRef(*event) for event in events),
        spread=tuple(form.get("spread", ())),
        sketch=tuple(form.get("sketch", ())),
        settled=form.get("settled", 0),
        snoozed=form.get("snoozed", 0),
    )


def _parsed(text: str | bytes) -> dict[str, Any]:
    # The quick reader refuses lone surrogates and rounds numbers beyond 64 bits; such alerts take the slow one.
    try:
        form: dict[str, Any] = orjson.loads(text)
    except orjson.JSONDecodeError:
        form = loads(text)
    return form
