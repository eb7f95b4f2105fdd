"""Rectification items: what was found wanting, whose it is, until when, and what shows that it is mended."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from console.days import time_of
from console.web.frame import Visit, answer, back, change_of, page_route, visit_of
from yunshao.errors import NotFound, WrongUse
from yunshao.model.rectification import STATES, counts, overdue

router = APIRouter()
PAGE = 200


def rows_of(visit: Visit, units: tuple[str, ...]) -> list[dict[str, Any]]:
    """Items of units as rows, what is open first by deadline."""
    now = visit.desk.clock()
    return [{**one, "overdue": overdue(one, now)} for one in visit.desk.rectify.find(units)]


@page_route(router, "/rectifications")
def rectifications(request: Request) -> Response:
    """Items in sight: open ones by deadline, or those of a state."""
    visit = visit_of(request)
    asked = request.query_params.get("state", "open")
    if asked not in {*STATES, "overdue", "all"}:
        raise WrongUse(f"unknown state {asked[:40]!r}", f"one of {', '.join(STATES)}, overdue, all")
    rows = rows_of(visit, visit.units)
    shown = [one for one in rows if asked == "all" or (one["overdue"] if asked == "overdue" else one["state"] == asked)]
    data = {
        "state": asked,
        "counts": counts(rows, visit.desk.clock()),
        "items": shown[:PAGE],
        "more": len(shown) - PAGE,
    }
    return answer(visit, "rectifications", data)


@router.post("/rectifications/{item_id}/{verb}", include_in_schema=False)
async def change(request: Request, item_id: str, verb: str) -> Response:
    """Done, verify, return, drop, or another deadline."""
    visit, form = await change_of(request)
    desk, by, note = visit.desk.rectify, visit.account.name, form.get("note", "")[:2000]
    if not visit.may_see(desk.get(item_id)["unit"]):
        raise NotFound(f"no rectification item {item_id!r}")
    verbs = {"done": desk.done, "verify": desk.verify, "return": desk.give_back, "drop": desk.drop}
    if verb == "move":
        due = time_of(form.get("until", ""), visit.desk.settings.timezone, end=True)
        await run_in_threadpool(desk.move_deadline, item_id, due, by, note)
    elif verb in verbs:
        await run_in_threadpool(verbs[verb], item_id, by, note)
    else:
        raise WrongUse(f"unknown verb {verb[:20]!r}", f"one of {', '.join(verbs)}, move")
    return back("/rectifications")
