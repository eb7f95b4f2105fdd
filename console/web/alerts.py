"""The queue and the alert's own page; every change is the model's, in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from console.web.frame import Visit, alert_row, answer, back, change_of, moment, page_route, snoozes_of, visit_of
from console.web.session import WRITERS
from playbooks.incident.book import OVER
from yunshao.errors import NotFound, WrongUse
from yunshao.model import alert as words
from yunshao.model.alert import Alert, Deed
from yunshao.model.finding import LEVELS
from yunshao.model.snooze import snoozed, woken

router = APIRouter()
PAGE = 50
MOST_AT_ONCE = 200
FILTERS = ("status", "level", "unit", "rule", "entity", "text", "drill", "shown", "before")
OPEN = ("new", "acknowledged")
SHOWN = ("", "snoozed", "staged")
SNOOZE_HOURS = (1, 8, 24, 168, 720)
HOUR_MS = 3_600_000


@page_route(router, "/alerts")
def queue(request: Request) -> Response:
    """Alerts, newest first, filtered by the query; open ones where no status is asked for.

    What is snoozed and what is on trial stands apart (`shown`), and is counted.
    """
    visit = visit_of(request)
    now = visit.desk.clock()
    asked = {name: request.query_params.get(name, "")[:200] for name in FILTERS}
    query = visit.query(
        status=_known(asked["status"] or "open", {"open": OPEN, "any": ()}, words.STATUSES),
        level=_known(asked["level"], {"": ()}, LEVELS),
        unit=_units(visit, asked["unit"]),
        rule=asked["rule"],
        entity=asked["entity"],
        text=asked["text"],
        drill=asked["drill"] or "no",
        before=asked["before"],
        limit=PAGE,
        **_shown(asked["shown"], now),
    )
    snoozes = snoozes_of(visit)
    rows = [alert_row(visit, one, snoozes) for one in visit.desk.store.alerts(query)]
    data = {
        "filters": asked,
        "alerts": rows,
        "next": rows[-1]["id"] if len(rows) == PAGE else "",
        "counts": visit.desk.store.count_alerts(visit.query(status=OPEN, limit=1, **_shown("", now)), "level"),
        "left_out": {
            name: sum(
                visit.desk.store.count_alerts(visit.query(status=OPEN, limit=1, **_shown(name, now)), "status").values()
            )
            for name in SHOWN[1:]
        },
        "repeated": _repeated(rows),
    }
    units = [unit for unit in visit.desk.estate.units.values() if visit.may_see(unit.id)]
    return answer(
        visit,
        "alerts",
        data,
        levels=LEVELS,
        people=_people(visit),
        statuses=words.STATUSES,
        verdicts=words.VERDICTS,
        units=units,
    )


def _shown(name: str, now: int) -> dict[str, Any]:
    """The part of the query that says what stands apart. Raises WrongUse."""
    if name not in SHOWN:
        raise WrongUse(f"unknown value {name[:40]!r}", "snoozed, staged, or nothing")
    staged = name == "staged"
    snoozed = "any" if staged else "only" if name == "snoozed" else "no"
    return {"staged": "only" if staged else "no", "snoozed": snoozed, "at": now}


def _known(value: str, named: dict[str, tuple[str, ...]], allowed: tuple[str, ...]) -> tuple[str, ...]:
    if value in named:
        return named[value]
    if value not in allowed:
        raise WrongUse(f"unknown value {value[:40]!r}", f"one of {', '.join((*named, *allowed))}")
    return (value,)


def _people(visit: Visit) -> list[str]:
    """Whom an alert can be given to: accounts that may act on it."""
    accounts = visit.desk.store.find("user", limit=500) if visit.account.writes else []
    return sorted(one["name"] for one in accounts if one["role"] in WRITERS and not one["disabled"])


def _units(visit: Visit, unit: str) -> tuple[str, ...]:
    if not unit or unit == "unowned":
        return (unit,) if unit else ()
    return visit.desk.estate.below(unit) or (unit,)


def _repeated(rows: list[dict[str, Any]]) -> dict[str, int]:
    """How often each (rule, entity) stands on this page, so that repeats can be taken together."""
    counts: dict[str, int] = {}
    for row in rows:
        key = f"{row['rule_id']}|{row['entity']}"
        counts[key] = counts.get(key, 0) + 1
    return {key: count for key, count in counts.items() if count > 1}


def seen_alert(visit: Visit, alert_id: str) -> Alert:
    """The alert, if it is in sight. Raises NotFound."""
    found = visit.desk.store.alert(alert_id)
    if not visit.may_see(found.finding.owner.unit):
        raise NotFound(f"no alert {alert_id!r}")
    return found


@page_route(router, "/alerts/{alert_id}")
def alert_page(request: Request, alert_id: str) -> Response:
    """Why it fired, what it rests on, whose it is, what to do, what was done."""
    visit = visit_of(request)
    found = seen_alert(visit, alert_id)
    owner = found.finding.owner
    same = visit.query(entity=found.finding.entity, drill="any", staged="any", limit=12)
    neighbours = visit.desk.store.alerts(same)
    snoozes = snoozes_of(visit)
    data = {
        "alert": alert_row(visit, found),
        "chief": visit.desk.estate.chief_post(owner.unit, visit.language),
        "chain": [unit.name[visit.language] for unit in reversed(visit.desk.estate.chain(owner.unit))],
        "triage": list(found.finding.triage.get(visit.language, found.finding.triage.get("en", ()))),
        "facts": {str(key): value for key, value in found.finding.facts.items() if key != "weakness"},
        "deeds": [_deed(visit, one) for one in found.deeds],
        "evidence": [
            {"source": e.source, "uid": e.uid, "time": e.time, "native": e.native, "ocsf": e.ocsf}
            for e in visit.desk.store.evidence(found.id)
        ],
        "events_total": len(found.events),
        "spread": _spread(visit, found),
        "snoozed_until": found.snoozed if found.snoozed > visit.desk.clock() else None,
        "incident": visit.desk.incidents.of_alert(found.id),
        "neighbours": [alert_row(visit, one, snoozes) for one in neighbours if one.id != found.id],
    }
    return answer(
        visit, "alert", data, people=_people(visit), verdicts=words.VERDICTS, hours=SNOOZE_HOURS,
        incidents=_open_incidents(visit),
    )  # fmt: skip


def _open_incidents(visit: Visit) -> list[tuple[str, str]]:
    """Incidents that an alert may be put to: id and title."""
    if not visit.account.writes:
        return []
    known = visit.desk.incidents.find(50)
    return [(one["id"], one["title"][visit.language]) for one in known if one["state"] not in OVER]


def _spread(visit: Visit, found: Alert) -> list[dict[str, Any]]:
    """How many findings fell into each twelfth of the group's stretch of time."""
    within = found.finding.grouping.within
    if not within or found.count < 2:
        return []
    begin = found.finding.time // within * within
    zone = visit.desk.settings.timezone
    slots = [(begin + place * within // words.SLOTS, count) for place, count in enumerate(found.spread)]
    return [{"time": time, "shown": moment(time, zone)[5:16], "count": count} for time, count in slots]


def _deed(visit: Visit, deed: Deed) -> dict[str, Any]:
    """What was done; a closing's note begins with its verdict, which a page says in its own language."""
    verdict, _, note = deed.note.partition(": ") if deed.did == "close" else ("", "", deed.note)
    known = verdict in words.VERDICTS
    came_again = deed.by == words.SYSTEM and deed.did == "reopen"
    return {
        "at": deed.at,
        "by": deed.by,
        "did": deed.did,
        "verdict": verdict if known else "",
        "note": visit.say("alert.came_again") if came_again else note if known else deed.note,
    }


@router.post("/alerts/do", include_in_schema=False)
async def do(request: Request) -> Response:
    """Acknowledge, assign, close, reopen, snooze or wake the alerts whose ids are given; then back to where one was."""
    visit, form = await change_of(request)
    ids = [one for one in form.get("ids", "").split(",") if one][:MOST_AT_ONCE]
    if not ids:
        raise WrongUse("no alert is chosen", "")
    change = _change(visit, form)
    for alert_id in ids:
        seen_alert(visit, alert_id)
        visit.desk.store.change_alert(alert_id, change)
    visit.desk.store.note(visit.account.name, f"alert.{form.get('what', '')}", ",".join(ids)[:500])
    place = form.get("to", "/alerts")
    return back(place if place.startswith("/alerts") else "/alerts")


def _change(visit: Visit, form: dict[str, str]) -> Callable[[Alert], Alert]:
    by, at, note = visit.account.name, visit.desk.clock(), form.get("note", "")[:2000]
    what = form.get("what", "")
    if what == "acknowledge":
        return lambda found: found if found.status == "closed" else words.acknowledge(found, by, at, note)
    if what == "assign":
        to = form.get("assignee", "").strip()[:64] or by
        return lambda found: words.assign(found, to, by, at)
    if what == "close":
        verdict = form.get("verdict", "")
        return lambda found: words.close(found, verdict, by, at, note)
    if what == "reopen":
        return lambda found: words.reopen(found, by, at, note)
    if what == "snooze":
        hours = form.get("hours", "")
        if hours not in map(str, SNOOZE_HOURS):
            raise WrongUse(f"cannot snooze for {hours[:40]!r} hours", f"one of {', '.join(map(str, SNOOZE_HOURS))}")
        return lambda found: snoozed(found, at + int(hours) * HOUR_MS, by, at, note)
    if what == "wake":
        return lambda found: woken(found, by, at, note)
    raise WrongUse(f"unknown change {what[:40]!r}", "acknowledge, assign, close, reopen, snooze or wake")
