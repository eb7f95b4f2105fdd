"""Assessments: what was found, how it was reckoned, and a button to run one now."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from console.web.frame import Refused, Visit, answer, back, change_of, page_route, visit_of
from yunshao.model.risk import LEVELS

router = APIRouter()
TOP = 60


def whole_city(visit: Visit) -> Visit:
    """The visit, if it may see all units. Raises Refused."""
    if visit.units:
        raise Refused(403, "this page shows the whole city; your sight is your own units")
    return visit


@page_route(router, "/assessments")
def assessments(request: Request) -> Response:
    """Assessments, newest first, and the playbooks that can be run."""
    visit = whole_city(visit_of(request))
    rows = [
        {
            "id": one["id"],
            "title": one["playbook"]["title"],
            "as_of": one["as_of"],
            "method": one["method"],
            "risks": len(one["risks"]),
            "counts": one["summary"]["counts"],
        }
        for one in visit.desk.store.find("assessment", limit=100)
    ]
    known = [
        {"id": p.id, "title": p.title, "summary": p.summary}
        for p in visit.desk.playbooks.values()
        if p.kind == "assessment"
    ]
    return answer(
        visit, "assessments", {"assessments": rows, "playbooks": known, "waiting": visit.desk.questions.waiting()}
    )


@page_route(router, "/assessments/{assessment_id}")
def assessment_page(request: Request, assessment_id: str) -> Response:
    """Levels before and after measures, the 5 x 5 map, the highest risks with their way of calculation."""
    visit = whole_city(visit_of(request))
    document = visit.desk.store.get("assessment", assessment_id)
    names = {
        one["id"]: one["name"] for part in ("assets", "threats", "weaknesses", "measures") for one in document[part]
    }
    assets = {one["id"]: one for one in document["assets"]}
    data = {**document, "risks": document["risks"][:TOP], "risks_total": len(document["risks"])}
    return answer(
        visit, "assessment", data, names=names, assets=assets, heat=heat(document), levels=LEVELS[visit.language]
    )


def heat(document: dict[str, Any]) -> list[list[int]]:
    """How many risks have each pair of levels: rows loss 5 to 1, columns likelihood 1 to 5."""
    counted = Counter((risk["current"]["F_level"], risk["current"]["L_level"]) for risk in document["risks"])
    return [[counted.get((loss, likelihood), 0) for likelihood in range(1, 6)] for loss in range(5, 0, -1)]


@router.post("/assessments/run", include_in_schema=False)
async def run(request: Request) -> Response:
    """Run one now, and look at it."""
    visit, form = await change_of(request)
    made = await run_in_threadpool(visit.desk.assess, form.get("playbook", ""), visit.account.name)
    return back(f"/assessments/{made}")
