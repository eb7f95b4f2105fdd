"""Questionnaires: the control points that a unit is asked, answered on one form; documents that wait for approval."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from console.web.frame import Refused, answer, back, change_of, page_route, visit_of
from yunshao.model.controls import SAID

router = APIRouter()
MOST = 200


@page_route(router, "/questions")
def questions(request: Request) -> Response:
    """What is asked of the units in sight, the newest first, with what is still open."""
    visit = visit_of(request)
    rows = visit.desk.questions.open(visit.units)
    shown: list[dict[str, Any]] = [
        {
            "id": one["id"],
            "unit": one["unit"],
            "post": one["post"],
            "at": one["at"],
            "due": one["due"],
            "late": one["due"] < visit.desk.clock(),
            "answered": one["answered"],
            "total": len(one["questions"]),
            "open": one["open"][:MOST],
        }
        for one in rows
    ]
    return answer(visit, "questions", {"questionnaires": shown, "states": list(SAID)})


@router.post("/questions/answer", include_in_schema=False)
async def answers(request: Request) -> Response:
    """Enter the answers of a form: `state:POINT` and `reason:POINT`; what is left out stays open."""
    visit, form = await change_of(request, also=("chief",))
    given = {
        name.removeprefix("state:"): (value, form.get(f"reason:{name.removeprefix('state:')}", ""))
        for name, value in form.items()
        if name.startswith("state:") and value
    }
    if len(given) > MOST:
        raise Refused(400, f"more than {MOST} answers at once")
    await run_in_threadpool(visit.desk.questions.answer, given, visit.account.name, visit.units)
    return back("/questions")


@router.post("/questions/ask", include_in_schema=False)
async def ask(request: Request) -> Response:
    """Ask every unit a sample."""
    visit, form = await change_of(request)
    if visit.units:
        raise Refused(403, "this asks the whole city")
    each = form.get("each", "")
    if not each.isascii() or not each.isdigit():
        raise Refused(400, "how many points each unit is asked")
    await run_in_threadpool(visit.desk.questions.ask, int(each), visit.account.name)
    return back("/questions")


@router.post("/assessments/decide", include_in_schema=False)
async def decide(request: Request) -> Response:
    """Approve or decline a document that waits."""
    visit, form = await change_of(request)
    if visit.units:
        raise Refused(403, "this is decided for the whole city")
    declined = form.get("verdict", "") == "decline"
    await run_in_threadpool(
        visit.desk.questions.approve, form.get("document", ""), visit.account.name, declined, form.get("reason", "")
    )
    return back("/assessments")
