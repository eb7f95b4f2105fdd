"""Units: the chain of who answers for what, with what is open, rolled up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from console.web.frame import Visit, alert_row, answer, page_route, visit_of
from console.web.rectify import rows_of
from yunshao.errors import NotFound
from yunshao.model.event import UNOWNED

router = APIRouter()
OPEN = ("new", "acknowledged")
DAY_MS = 86_400_000
TIMED_DAYS = 90


@page_route(router, "/units")
def units(request: Request) -> Response:
    """Every unit in sight with its chief, its own open alerts and those of all below it; unowned last."""
    visit = visit_of(request)
    estate, store, now = visit.desk.estate, visit.desk.store, visit.desk.clock()
    own = store.count_alerts(visit.query(status=OPEN, limit=1), "unit")
    severe = store.count_alerts(visit.query(status=OPEN, level=("critical", "high"), limit=1), "unit")
    events = store.count_events("unit", now - 7 * DAY_MS, now)
    rows = []
    for depth, unit_id in walk(visit):
        unit = estate.units[unit_id]
        below = estate.below(unit_id)
        rows.append(
            {
                "unit": unit_id,
                "depth": depth,
                "name": unit.name[visit.language],
                "kind": unit.kind,
                "chief": unit.chief.post[visit.language] if unit.chief else "",
                "systems": sum(one.unit in below for one in estate.systems.values()),
                "open": sum(own.get(one, 0) for one in below),
                "severe": sum(severe.get(one, 0) for one in below),
                "events": sum(events.get(one, 0) for one in below),
            }
        )
    unowned = None
    if not visit.units:
        unowned = {
            name: counts.get(UNOWNED, 0) for name, counts in (("open", own), ("severe", severe), ("events", events))
        }
    return answer(visit, "units", {"units": rows, "unowned": unowned})


def walk(visit: Visit) -> Iterator[tuple[int, str]]:
    """Units in sight, each below the one above it: (depth, id)."""
    estate = visit.desk.estate
    children: dict[str, list[str]] = {}
    for unit in estate.units.values():
        children.setdefault(unit.parent, []).append(unit.id)
    tops = [one for one in visit.account.units if one in estate.units] if visit.units else children.get("", [])
    stack = [(0, one) for one in reversed(tops)]
    while stack:
        depth, unit_id = stack.pop()
        yield depth, unit_id
        stack += [(depth + 1, child) for child in reversed(children.get(unit_id, []))]


@page_route(router, "/units/{unit_id}")
def unit_page(request: Request, unit_id: str) -> Response:
    """One unit: its chain, systems, clouds and open alerts."""
    visit = visit_of(request)
    estate, language = visit.desk.estate, visit.language
    if (unit_id != UNOWNED and unit_id not in estate.units) or not visit.may_see(unit_id):
        raise NotFound(f"no unit {unit_id!r}")
    below = estate.below(unit_id) or (UNOWNED,)
    alerts = visit.desk.store.alerts(visit.query(status=OPEN, unit=below, limit=50))
    data: dict[str, Any] = {
        "unit": unit_id,
        "name": visit.say("unowned") if unit_id == UNOWNED else estate.units[unit_id].name[language],
        "chief": estate.chief_post(unit_id, language),
        "chain": [{"unit": one.id, "name": one.name[language]} for one in reversed(estate.chain(unit_id))],
        "systems": [
            {
                "id": one.id,
                "name": one.name[language],
                "business": one.business[language],
                "cia": [one.confidentiality, one.integrity, one.availability],
                "importance": one.importance,
                "mlps": one.mlps_level,
                "weaknesses": [weakness.name[language] for weakness in one.weaknesses],
            }
            for one in estate.systems.values()
            if one.unit in below
        ],
        "levels": visit.desk.store.count_alerts(visit.query(status=OPEN, unit=below, limit=1), "level"),
        "alerts": [alert_row(visit, one) for one in alerts],
        "times": visit.desk.incidents.figures(below, TIMED_DAYS),
        "readiness": visit.desk.rectify.readiness(below),
        "items": [one for one in rows_of(visit, below) if one["state"] == "open"][:50],
    }
    return answer(visit, "unit", data)
