"""Response playbooks: begin one, answer what it asks, approve an act, see what it did."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from console.web.assessments import whole_city
from console.web.frame import answer, back, change_of, page_route, visit_of
from playbooks.engine.machine import ENDED, OVER
from playbooks.engine.program import Act, Program, flat, inner
from yunshao.errors import WrongUse

router = APIRouter()


@page_route(router, "/playbooks")
def playbooks(request: Request) -> Response:
    """Response playbooks with what they need and do, what waits for an answer, and runs, newest first."""
    visit = whole_city(visit_of(request))
    runs = visit.desk.store.find("run", limit=100)
    shown = [_shown(one.program) for one in visit.desk.playbooks.values() if one.program]
    data = {
        "playbooks": shown,
        "waiting": [one for run in runs if run["state"] not in OVER for one in questions(run)],
        "runs": [_brief(one) for one in runs],
    }
    return answer(visit, "playbooks", data)


def _shown(program: Program) -> dict[str, Any]:
    acts = [one for one in flat(program.steps) if isinstance(one, Act)]
    return {
        "id": program.id,
        "title": program.title.model_dump(),
        "summary": program.summary.model_dump(),
        "version": program.version,
        "needs": list(program.needs),
        "steps": len(flat(program.steps)),
        "approvals": sum(one.approval is not None for one in acts),
    }


def _brief(run: dict[str, Any]) -> dict[str, Any]:
    kept = ("id", "state", "by", "started", "ended")
    return {**{key: run[key] for key in kept}, "title": run["program"]["title"], "input": run["input"]}


def questions(run: dict[str, Any]) -> list[dict[str, Any]]:
    """What a run asks at this moment: questions with their answers, acts that wait for a yes or a no."""
    steps = {one.id: one for one in flat(Program.model_validate(run["program"]).steps)}
    found = []
    for path, node in run["nodes"].items():
        step = steps.get(node["step"])
        given = node.get("approved") if isinstance(step, Act) else node.get("answer")
        if step is None or not node.get("asked") or given is not None or node["state"] in ENDED:
            continue
        approval = step.approval if isinstance(step, Act) else None
        found.append(
            {
                "run": run["id"],
                "path": path,
                "title": step.title.model_dump(),
                "post": approval.post if approval else getattr(step, "ask", ""),
                "approval": approval is not None,
                "act": step.act if isinstance(step, Act) else "",
                "answers": ["yes", "no"] if approval else list(getattr(step, "answers", ())),
                "asked": node["asked"],
            }
        )
    return found


@page_route(router, "/playbooks/runs/{run_id}")
def run_page(request: Request, run_id: str) -> Response:
    """One run: its steps as they stand, what it asks, and its time line."""
    visit = whole_city(visit_of(request))
    run = visit.desk.store.get("run", run_id)
    program = Program.model_validate(run["program"])
    data = {
        **_brief(run),
        "steps": _steps(program.steps, run, 0),
        "waiting": questions(run),
        "timeline": run["timeline"],
    }
    return answer(visit, "run", data, over=run["state"] in OVER)


def _steps(steps: Any, run: dict[str, Any], depth: int) -> list[dict[str, Any]]:
    """The steps in the order of the playbook, each with the state of its latest round."""
    found = []
    for step in steps:
        nodes = [node for node in run["nodes"].values() if node["step"] == step.id]
        node = nodes[-1] if nodes else {"state": "waiting"}
        found.append(
            {
                "id": step.id,
                "title": step.title.model_dump(),
                "depth": min(depth, 3),
                "state": node["state"],
                "rounds": len(nodes),
                "answer": node.get("answer", ""),
                "by": node.get("answered_by", ""),
                "note": node.get("note", ""),
                "act": step.act if isinstance(step, Act) else "",
            }
        )
        for row in inner(step):
            found += _steps(row, run, depth + 1)
    return found


@router.post("/playbooks/start", include_in_schema=False)
async def start(request: Request) -> Response:
    """Begin a playbook with what it needs; then its page."""
    visit, form = await change_of(request)
    given = {key.removeprefix("input."): value for key, value in form.items() if key.startswith("input.") and value}
    made = await run_in_threadpool(visit.desk.runs.start, form.get("playbook", ""), given, visit.account.name)
    return back(f"/playbooks/runs/{made}")


@router.post("/playbooks/runs/{run_id}/{verb}", include_in_schema=False)
async def steer(request: Request, run_id: str, verb: str) -> Response:
    """Answer, pause, resume or abort."""
    visit, form = await change_of(request)
    desk, by = visit.desk.runs, visit.account.name
    if verb == "answer":
        await run_in_threadpool(desk.answer, run_id, form.get("step", "")[:500], form.get("answer", "")[:500], by)
    elif verb in {"pause", "resume", "abort"}:
        await run_in_threadpool(desk.steer, run_id, verb, by)
    else:
        raise WrongUse(f"unknown verb {verb[:20]!r}", "answer, pause, resume or abort")
    to = form.get("to", "")
    return back(to if to == "/playbooks" else f"/playbooks/runs/{run_id}")
