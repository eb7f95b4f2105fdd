"""Real incidents: what is open and what is owed by when; one incident with all that is done about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from console.days import time_of
from console.web.alerts import seen_alert
from console.web.frame import Visit, alert_row, answer, back, change_of, page_route, visit_of
from playbooks.incident.book import ORDER, OVER, clocks
from playbooks.incident.rows import brief
from yunshao.errors import NotFound, WrongUse
from yunshao.model.gbt20986 import GRADES, HARMS, KINDS, LOSSES, OBJECTS, category_name
from yunshao.model.incident_duty import CRITERIA, OPERATORS

router = APIRouter()
POSTS = ("on_call", "data_security", "operations", "business", "unit_chief", "publicity", "supplier")
MOST_ALERTS = 200
LATER = ("triaged", "confirmed", "contained", "eradicated", "recovered", "reported")


@page_route(router, "/incidents")
def incidents(request: Request) -> Response:
    """Those that are open first, each with the report that is due next; then those that are over."""
    visit = visit_of(request)
    now = visit.desk.clock()
    rows = [{**brief(one, now), "title": one["title"]} for one in visit.desk.incidents.find(500) if _sees(visit, one)]
    data = {
        "open": [one for one in rows if one["state"] not in OVER],
        "over": [one for one in rows if one["state"] in OVER],
    }
    return answer(visit, "incidents", data, **_words(visit))


def _sees(visit: Visit, incident: Mapping[str, Any]) -> bool:
    return not visit.units or any(visit.may_see(unit) for unit in incident["units"])


def _words(visit: Visit) -> dict[str, Any]:
    language = visit.language
    return {
        "grade_name": lambda grade: GRADES[grade][language],
        "category_name": lambda key: category_name(key, language),
        "kinds": [(key, category_name(key, language)) for key in KINDS],
        "operators": {key: name[language] for key, name in OPERATORS.items()},
    }


def seen_incident(visit: Visit, incident: str) -> dict[str, Any]:
    """The incident, if it is in sight. Raises NotFound."""
    found = visit.desk.incidents.get(incident)
    if not _sees(visit, found):
        raise NotFound(f"no incident {incident!r}")
    return found


@page_route(router, "/incidents/{incident_id}")
def incident_page(request: Request, incident_id: str) -> Response:
    """One incident: clocks, grades, tasks, evidence, playbooks, words, and what was done."""
    visit = visit_of(request)
    kept = seen_incident(visit, incident_id)
    shown = [one for one in visit.desk.incidents.alerts(kept) if visit.may_see(one.finding.owner.unit)]
    data = {
        "incident": kept,
        "clocks": clocks(kept, visit.desk.clock()),
        "alerts": [alert_row(visit, one) for one in shown[:MOST_ALERTS]],
        "runs": [] if visit.units else visit.desk.runs.briefs(kept["runs"]),
    }
    later = [one for one in LATER if kept["state"] in ORDER and ORDER.index(one) > ORDER.index(kept["state"])]
    others = [one for one in visit.desk.incidents.find(100) if one["id"] != kept["id"] and one["state"] not in OVER]
    return answer(
        visit, "incident", data, now=visit.desk.clock(), later=later, over=kept["state"] in OVER, posts=POSTS,
        others=[(one["id"], one["title"][visit.language]) for one in others if _sees(visit, one)],
        playbooks={one.id: one.title[visit.language] for one in visit.desk.playbooks.values() if one.program},
        criteria=[(key, f"{row.name[visit.language]} ({visit.say(f'incident.unit.{row.unit}')})")
                  for key, row in CRITERIA.items()],
        scales={"object": OBJECTS, "loss": LOSSES, "harm": HARMS}, **_words(visit),
    )  # fmt: skip


@router.get("/incidents/{incident_id}/evidence/{piece}")
def evidence(request: Request, incident_id: str, piece: str) -> Response:
    """One piece of evidence, always as a download; refused where it is not what was entered."""
    visit = visit_of(request)
    seen_incident(visit, incident_id)
    found, data = visit.desk.incidents.evidence(incident_id, piece)
    visit.desk.store.note(visit.account.name, "incident.evidence.download", incident_id, found["sha256"])
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(found['name'])}"}
    return Response(data, media_type="application/octet-stream", headers=headers)


@router.post("/incidents/open", include_in_schema=False)
async def open_(request: Request) -> Response:
    """Open one, of the alerts whose ids are given or of none; or put them to one that is there."""
    visit, form = await change_of(request)
    ids = [one for one in form.get("ids", "").split(",") if one][:MOST_ALERTS]
    for one in ids:
        seen_alert(visit, one)
    desk, by, chosen = visit.desk.incidents, visit.account.name, form.get("incident", "")
    if chosen:
        seen_incident(visit, chosen)
        await run_in_threadpool(desk.add_alerts, chosen, ids, by)
        return back(f"/incidents/{chosen}")
    made = await run_in_threadpool(
        lambda: desk.open(ids, by, title=form.get("title", ""), category=form.get("category", ""))
    )
    return back(f"/incidents/{made}")


@router.post("/incidents/{incident_id}/{verb}", include_in_schema=False)
async def change(request: Request, incident_id: str, verb: str) -> Response:
    """Whatever is done about an incident."""
    visit, form = await change_of(request)
    seen_incident(visit, incident_id)
    if verb not in VERBS:
        raise WrongUse(f"unknown verb {verb[:20]!r}", f"one of {', '.join(VERBS)}")
    await run_in_threadpool(VERBS[verb], visit, incident_id, form)
    return back(f"/incidents/{incident_id}")


Form = Mapping[str, str]


def _move(visit: Visit, incident: str, form: Form) -> None:
    note = form.get("note", "")
    if form.get("to") == "reopen":
        visit.desk.incidents.reopen(incident, visit.account.name, note)
    else:
        visit.desk.incidents.move(incident, form.get("to", ""), visit.account.name, note)


def _classify(visit: Visit, incident: str, form: Form) -> None:
    visit.desk.incidents.classify(incident, form.get("category", ""), visit.account.name, form.get("note", ""))


def _grade(visit: Visit, incident: str, form: Form) -> None:
    affected, loss, harm = (form.get(key, "") for key in ("object", "loss", "harm"))
    visit.desk.incidents.grade(incident, affected, loss, harm, visit.account.name)


def _fact(visit: Visit, incident: str, form: Form) -> None:
    try:
        value = float(form.get("value", ""))
    except ValueError:
        raise WrongUse("the fact is no number", "") from None
    visit.desk.incidents.grade_reporting(incident, {form.get("key", ""): value}, visit.account.name)


def _clock(visit: Visit, incident: str, form: Form) -> None:
    known = _moment(form.get("known", ""), visit)
    crime = {"yes": True, "no": False}.get(form.get("crime", ""))
    visit.desk.incidents.set_clock(
        incident, visit.account.name, operator=form.get("operator", ""), known=known, crime=crime
    )


def _sent(visit: Visit, incident: str, form: Form) -> None:
    at = _moment(form.get("at", ""), visit)
    visit.desk.incidents.sent(incident, form.get("duty", ""), visit.account.name, at, form.get("note", ""))


def _task(visit: Visit, incident: str, form: Form) -> None:
    desk, by = visit.desk.incidents, visit.account.name
    if form.get("task"):
        desk.end_task(incident, form["task"], form.get("how", ""), by, form.get("note", ""))
    else:
        desk.task(incident, form.get("title", ""), by, form.get("post", ""), _moment(form.get("due", ""), visit))


def _comment(visit: Visit, incident: str, form: Form) -> None:
    visit.desk.incidents.comment(incident, form.get("text", ""), visit.account.name)


def _lead(visit: Visit, incident: str, form: Form) -> None:
    visit.desk.incidents.lead(incident, form.get("who", "").strip() or visit.account.name, visit.account.name)


def _events(visit: Visit, incident: str, form: Form) -> None:
    visit.desk.incidents.keep_events(incident, visit.account.name, form.get("note", ""))


def _merge(visit: Visit, incident: str, form: Form) -> None:
    seen_incident(visit, form.get("other", ""))
    visit.desk.incidents.merge(incident, form.get("other", ""), visit.account.name)


def _playbook(visit: Visit, incident: str, form: Form) -> None:
    visit.desk.runs.start_for(incident, form.get("playbook", ""), {}, visit.account.name)


VERBS: dict[str, Callable[[Visit, str, Form], None]] = {
    "move": _move, "classify": _classify, "grade": _grade, "fact": _fact, "clock": _clock, "sent": _sent,
    "task": _task, "comment": _comment, "lead": _lead, "events": _events, "merge": _merge, "playbook": _playbook,
}  # fmt: skip


def _moment(text: str, visit: Visit) -> int | None:
    return time_of(text, visit.desk.settings.timezone) if text else None
