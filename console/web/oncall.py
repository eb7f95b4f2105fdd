"""On call: who is, what waits for an answer, what was sent; and the link that answers a page without logging in."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response

from console.web.assessments import whole_city
from console.web.desk import Desk
from console.web.frame import (
    answer,
    back,
    change_of,
    check_origin,
    environment,
    language_of,
    moment,
    page_route,
    visit_of,
)
from yunshao.errors import WrongUse
from yunshao.text import texts_of

router = APIRouter()
AHEAD_MS = 14 * 86_400_000
HOUR_MS = 3_600_000
MOST_HOURS = 31 * 24


@page_route(router, "/oncall")
def oncall(request: Request) -> Response:
    """Pages that wait, rotas, channels, deliveries."""
    visit = whole_city(visit_of(request))
    desk, now = visit.desk.notices, visit.desk.clock()
    rotas: list[dict[str, Any]] = [
        {"rota": rota, "person": person, "shifts": _ahead(desk.shifts(rota, now, now + AHEAD_MS))}
        for rota, person in desk.holders().items()
    ]
    data = {
        "open": desk.open_pages(),
        "rotas": rotas,
        "people": sorted({one for rota in rotas for one in (rota["person"], *(s["person"] for s in rota["shifts"]))}),
        "channels": desk.channel_states(),
        "deliveries": [_row(one) for one in desk.deliveries(60)],
    }
    return answer(visit, "oncall", data, now=now)


def _ahead(shifts: list[Any]) -> list[dict[str, Any]]:
    return [{"start": one.start, "end": one.end, "person": one.person, "handed": one.handed} for one in shifts[:6]]


def _row(one: dict[str, Any]) -> dict[str, Any]:
    kept = ("id", "channel", "to", "person", "state", "tries", "reason", "created", "sent", "title", "drill", "page")
    return {key: one[key] for key in kept}


@router.post("/oncall/{verb}", include_in_schema=False)
async def change(request: Request, verb: str) -> Response:
    """Take a page, hand a rota over, or put back what failed."""
    visit, form = await change_of(request)
    desk, by = visit.desk.notices, visit.account.name
    if verb == "take":
        await run_in_threadpool(desk.acknowledge, form.get("page", "")[:64], by, "console")
    elif verb == "handover":
        hours = form.get("hours", "")
        if not hours.isdecimal() or not 0 < int(hours[:6]) <= MOST_HOURS:
            raise WrongUse("for how many hours?", f"1 to {MOST_HOURS}")
        until = visit.desk.clock() + int(hours) * HOUR_MS
        await run_in_threadpool(desk.hand_over, form.get("rota", "")[:64], form.get("to", "")[:64], until, by, "")
    elif verb == "again":
        await run_in_threadpool(desk.try_again, by)
    else:
        raise WrongUse(f"unknown verb {verb[:20]!r}", "take, handover or again")
    return back("/oncall")


@router.get("/take/{token}", include_in_schema=False)
def look(request: Request, token: str) -> Response:
    """What a link is about, and the button. Looking answers nothing: mail servers open links by themselves."""
    return _shown(request, token, done=False)


@router.post("/take/{token}", include_in_schema=False)
async def take(request: Request, token: str) -> Response:
    """Answer the page of a link."""
    check_origin(request)
    desk: Desk = request.app.state.desk
    found, person = desk.notices.by_link(token)
    if found["state"] in {"open", "exhausted"}:
        await run_in_threadpool(desk.notices.acknowledge, found["id"], person or "link", "link")
    return _shown(request, token, done=True)


def _shown(request: Request, token: str, done: bool) -> Response:
    desk: Desk = request.app.state.desk
    found, _ = desk.notices.by_link(token)
    language, texts = language_of(request, desk.settings.language), texts_of("console")
    html = environment().get_template("take.html.j2").render(
        t=lambda key, **values: texts(language, key, **values),
        lang=language, page=found, token=token, done=done,
        title=found["title"][language], body=found["body"][language],
        ended=moment(found["ended"], desk.settings.timezone),
    )  # fmt: skip
    return HTMLResponse(html)
