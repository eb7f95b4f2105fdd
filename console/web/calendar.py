"""The calendar of drills: what comes when, when nothing begins, and what has not been drilled for too long."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from console.days import time_of
from console.web.assessments import whole_city
from console.web.frame import Visit, answer, back, change_of, page_route, visit_of
from playbooks.calendar import EVERY
from yunshao.errors import WrongUse
from yunshao.model.calendar import OFF

router = APIRouter()
AHEAD_MS = 366 * 86_400_000
# Whoever plans drills sees those that nobody is to know of before.
PLANNERS = ("admin", "operator", "auditor")
MOST_ROWS = 60


@page_route(router, "/calendar")
def calendar(request: Request) -> Response:
    """Planned drills of a year ahead, blackout periods, and the gaps."""
    visit = whole_city(visit_of(request))
    desk, now = visit.desk.calendar, visit.desk.clock()
    rows = [one for one in desk.ahead(now + AHEAD_MS) if _may_know(visit, one)]
    gaps = desk.coverage()
    data = {
        "ahead": [{**one, "title": _title(visit, one["playbook"])} for one in rows[:MOST_ROWS]],
        "plans": [{**one, "title": _title(visit, one["playbook"])} for one in desk.plans() if _may_know(visit, one)],
        "blackouts": [
            {"start": one.start, "end": one.end, "why": one.why} for one in desk.blackouts() if one.end > now
        ],
        "units": gaps["units"],
        "scenarios": [{**one, "title": _title(visit, one["id"])} for one in gaps["scenarios"]],
        "techniques": gaps["techniques"],
    }
    drills = {one.id: one.title[visit.language] for one in visit.desk.playbooks.values() if one.kind == "drill"}
    return answer(
        visit, "calendar", data, drills=drills, every=tuple(EVERY), off=OFF,
        units={one.id: one.name[visit.language] for one in visit.desk.estate.units.values()},
    )  # fmt: skip


def _may_know(visit: Visit, plan: dict[str, Any]) -> bool:
    return bool(plan["announced"]) or visit.account.role in PLANNERS


def _title(visit: Visit, playbook: str) -> dict[str, str]:
    found = visit.desk.playbooks.get(playbook)
    return dict(found.title) if found else {"zh": playbook, "en": playbook}


@router.post("/calendar/add", include_in_schema=False)
async def add(request: Request) -> Response:
    """Plan a drill."""
    visit, form = await change_of(request)
    whole_city(visit)
    notice = form.get("notice_days", "3")
    if not notice.isdecimal() or len(notice) > 3:
        raise WrongUse("announced how many days before?", "0 to 90")
    await run_in_threadpool(
        lambda: visit.desk.calendar.add(
            form.get("playbook", ""), visit.account.name, every=form.get("every", ""),
            first=time_of(form.get("first", ""), visit.desk.settings.timezone), off=form.get("off", "next"),
            units=[form["unit"]] if form.get("unit") else [], announced=form.get("announced", "yes") == "yes",
            notice_days=int(notice), beside=form.get("beside", "") == "yes",
        )
    )  # fmt: skip
    return back("/calendar")


@router.post("/calendar/{plan}/remove", include_in_schema=False)
async def remove(request: Request, plan: str) -> Response:
    """A plan recurs no more."""
    visit, _ = await change_of(request)
    whole_city(visit)
    await run_in_threadpool(visit.desk.calendar.remove, plan, visit.account.name)
    return back("/calendar")
