"""Drills: choose, start, steer, and watch the time line fill."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from console.web.assessments import whole_city
from console.web.frame import answer, back, change_of, page_route, visit_of
from yunshao.errors import WrongUse

router = APIRouter()


@page_route(router, "/drills")
def drills(request: Request) -> Response:
    """Scenarios with a start button, then drills, newest first."""
    visit = whole_city(visit_of(request))
    rows = [_brief(one) for one in visit.desk.store.find("drill", limit=100)]
    return answer(visit, "drills", {"scenarios": visit.desk.drills.scenarios(), "drills": rows})


def _brief(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": one["id"],
        "title": one["playbook"]["title"],
        "state": one["state"],
        "phase": one["phase"],
        "started": one["started"],
        "by": one["by"],
        "unattended": one["unattended"],
        "metrics": one["metrics"],
        "rating": one["rating"],
    }


@page_route(router, "/drills/{drill_id}")
def drill_page(request: Request, drill_id: str) -> Response:
    """One drill: steps planned and done, what was expected and when it came, the figures."""
    visit = whole_city(visit_of(request))
    document = visit.desk.store.get("drill", drill_id)
    kept = {key: value for key, value in document.items() if key != "records"}
    kept = {"objectives": [], "techniques": [], **kept}
    return answer(visit, "drill", kept, now=visit.desk.clock())


@router.post("/drills/start", include_in_schema=False)
async def start(request: Request) -> Response:
    """Begin a drill; then its page."""
    visit, form = await change_of(request)
    unattended = form.get("unattended", "") == "yes"
    made = await run_in_threadpool(
        visit.desk.drills.start, form.get("scenario", ""), visit.account.name, _speed(form), unattended
    )
    return back(f"/drills/{made}")


def _speed(form: dict[str, str]) -> float:
    try:
        return float(form.get("speed", "1") or 1)
    except ValueError:
        raise WrongUse("the speed is no number", "1 is real time") from None


@router.post("/drills/abort-all", include_in_schema=False)
async def abort_all(request: Request) -> Response:
    """Every drill ends, for everybody."""
    visit, _ = await change_of(request)
    await run_in_threadpool(visit.desk.drills.abort_all, visit.account.name)
    return back("/drills")


@router.post("/drills/{drill_id}/{verb}", include_in_schema=False)
async def steer(request: Request, drill_id: str, verb: str) -> Response:
    """Report a task done, judge an objective, pause, resume or abort."""
    visit, form = await change_of(request)
    desk, by = visit.desk.drills, visit.account.name
    index = form.get("index", "")
    if verb in {"answer", "rate"} and not (index.isdecimal() and len(index) <= 4):
        raise WrongUse("no such step", "")
    if verb == "rate":
        await run_in_threadpool(desk.rate, drill_id, int(index), form.get("mark", "")[:1], by)
    elif verb == "answer":
        await run_in_threadpool(desk.answer, drill_id, int(index), by, form.get("note", "")[:500])
    elif verb in {"pause", "resume", "abort"}:
        await run_in_threadpool({"pause": desk.pause, "resume": desk.resume, "abort": desk.abort}[verb], drill_id, by)
    else:
        raise WrongUse(f"unknown verb {verb[:20]!r}", "answer, rate, pause, resume or abort")
    return back(f"/drills/{drill_id}")
