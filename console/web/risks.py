"""The risk register: risks in sight by level, what the machine proposes beside what people decided, acceptance."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from console.days import time_of
from console.web.frame import Visit, answer, back, change_of, page_route, visit_of
from console.web.risk_book import Book, Row, bearing, heat, proposal_row, risk_row, standing, touched, undecided
from yunshao.errors import NotFound, WrongUse
from yunshao.model.register import ACTIONS, MAX_TEXT
from yunshao.model.risk import LEVELS

router = APIRouter()
PAGE = 60
FILTERS = ("level", "unit", "text", "loss", "likelihood", "as_of", "page")
MOST_LINKS = 12
MOST_REVISIONS = 50


@page_route(router, "/risks")
def register(request: Request) -> Response:
    """Risks in sight, the highest first, filtered by the query, with the matrix; as of any past day."""
    visit = visit_of(request)
    asked = {name: request.query_params.get(name, "").strip()[:200] for name in FILTERS}
    book = _book(visit, asked["as_of"])
    seen = _seen(visit, book)
    assessment = _assessment(visit, *(one["_reason"] for one in seen[:1]))
    of_unit = [one for one in seen if not asked["unit"] or book.unit(one) == asked["unit"]]
    chosen = [one for one in of_unit if _fits(book, one, asked)]
    page = _page(asked["page"])
    begin = (page - 1) * PAGE
    counts = Counter(one["current"]["level"] for one in of_unit)
    data = {
        "filters": asked,
        "counts": {level: counts[level] for level in (5, 4, 3, 2, 1)},
        "inherent": Counter(one["inherent"]["level"] for one in of_unit),
        "heat": heat(of_unit, assessment.get("criteria", ())),
        "standing": standing([bearing(book, one["id"]) for one in of_unit]),
        "method": assessment.get("method", ""),
        "assessed": assessment.get("as_of"),
        "total": len(chosen),
        "page": page,
        "pages": max(1, -(-len(chosen) // PAGE)),
        "risks": [risk_row(book, one["id"]) for one in chosen[begin : begin + PAGE]],
        "proposals_open": undecided(book, seen, whole=not visit.units),
    }
    units = sorted({book.unit(one) for one in seen} - {""})
    return answer(visit, "risks", data, levels=LEVELS[visit.language], units=units)


@page_route(router, "/risks/one")
def one_risk(request: Request) -> Response:
    """One risk (`?id=`): its figures, what the machine proposed and people decided, evidence, treatment, history."""
    visit = visit_of(request)
    book = _book(visit, request.query_params.get("as_of", "").strip()[:40])
    key = _risk_in_sight(visit, book, request.query_params.get("id", ""))
    row = risk_row(book, key)
    assessment = _assessment(visit, row["assessed"]["in"])
    found = [one for one in _proposals(visit, book, [book.kinds["risk"][key]]) if one["risks"]]
    data = {
        "risk": row,
        "method": assessment.get("method", ""),
        "evidence": _links(visit, book, row["evidence"]),
        "proposals": [_with_evidence(visit, book, one) for one in found],
        "history": _history(visit, key),
        "past": bool(request.query_params.get("as_of", "").strip()),
    }
    return answer(visit, "risk", data, levels=LEVELS[visit.language], actions=ACTIONS)


@page_route(router, "/risks/proposals")
def proposals(request: Request) -> Response:
    """Every proposal that goes into a risk in sight, those that nobody decided on first."""
    visit = visit_of(request)
    book = _book(visit, "")
    rows = _proposals(visit, book, _seen(visit, book))
    page = _page(request.query_params.get("page", ""))
    data = {
        "proposals": [_with_evidence(visit, book, one) for one in rows[(page - 1) * PAGE : page * PAGE]],
        "total": len(rows),
        "page": page,
        "pages": max(1, -(-len(rows) // PAGE)),
    }
    return answer(visit, "proposals", data)


@router.post("/risks/decide", include_in_schema=False)
async def decide(request: Request) -> Response:
    """Accept, adjust or decline a proposal."""
    visit, form = await change_of(request)
    key = form.get("proposal", "")
    if key not in {one.key for one in visit.desk.store.entries("proposal")}:
        raise NotFound(f"no proposal {key[:40]!r}", "a later assessment proposes something else: load the page again")
    verdict = form.get("verdict", "")
    value = _number(form.get("value", "")) if verdict == "adjust" else None
    reason = form.get("reason", "").strip()[:MAX_TEXT]
    await run_in_threadpool(visit.desk.risks.decide, key, verdict, visit.account.name, value, reason)
    return _to(form)


@router.post("/risks/accept", include_in_schema=False)
async def accept(request: Request) -> Response:
    """Bear a risk until the end of a day."""
    visit, form = await change_of(request)
    key = _known(visit, form)
    until = time_of(form.get("until", ""), visit.desk.settings.timezone, end=True)
    approver, reason = form.get("approver", "").strip()[:200], form.get("reason", "").strip()[:MAX_TEXT]
    await run_in_threadpool(visit.desk.risks.accept, key, approver, until, reason, visit.account.name)
    return _to(form)


@router.post("/risks/treat", include_in_schema=False)
async def treat(request: Request) -> Response:
    """Plan what is done about a risk until the end of a day."""
    visit, form = await change_of(request)
    key = _known(visit, form)
    due = time_of(form.get("due", ""), visit.desk.settings.timezone, end=True)
    post, note = form.get("post", "").strip()[:200], form.get("note", "").strip()[:MAX_TEXT]
    if not post:
        raise WrongUse("a plan needs the post that does it", "")
    expected = form.get("expected", "0")
    level = int(expected) if expected in {"1", "2", "3", "4", "5"} else 0
    await run_in_threadpool(
        visit.desk.risks.treat, key, form.get("action", ""), post, due, level, note, visit.account.name
    )
    return _to(form)


def _page(text: str) -> int:
    return max(int(text), 1) if text.isdecimal() and len(text) < 6 else 1


def _book(visit: Visit, as_of: str) -> Book:
    moment = time_of(as_of, visit.desk.settings.timezone, end=True) if as_of else None
    return visit.desk.shelf.book(visit.desk.store, visit.desk.clock(), moment)


def _seen(visit: Visit, book: Book) -> list[Row]:
    """The risks in sight, the highest first."""
    rows = [one for one in book.kinds["risk"].values() if visit.may_see(book.unit(one))]
    return sorted(rows, key=lambda one: (-one["current"]["level"], -one["current"]["R"], one["id"]))


def _fits(book: Book, risk: Row, asked: dict[str, str]) -> bool:
    current = risk["current"]
    figures = {"level": current["level"], "loss": current["F_level"], "likelihood": current["L_level"]}
    if any(asked[name] and asked[name] != str(value) for name, value in figures.items()):
        return False
    text = asked["text"].lower()
    names = (book.name(kind, risk[kind]) for kind in ("asset", "threat", "weakness"))
    return not text or any(text in str(part).lower() for part in (risk["id"], *names))


def _assessment(visit: Visit, *keys: str) -> Row:
    """The assessment that entered something, or the newest one; empty where there is none."""
    for key in keys:
        try:
            return visit.desk.shelf.assessment(visit.desk.store, key)
        except NotFound:
            continue
    return next((dict(one) for one in visit.desk.store.find("assessment", limit=1)), {})


def _proposals(visit: Visit, book: Book, risks: list[Row]) -> list[Row]:
    """Proposals that go into one of these risks, the open ones first; for who sees the city, all are in a list."""
    number = touched(book, risks)
    newest = next(iter(visit.desk.store.find("assessment", limit=1)), {"as_of": 0})
    rows = [
        {**proposal_row(book, key, newest["as_of"]), "risks": number[one["kind"], one["key"]]}
        for key, one in book.kinds["proposal"].items()
        if not visit.units or number[one["kind"], one["key"]]
    ]
    return sorted(rows, key=lambda one: (one["state"] != "open", -one["risks"], one["id"]))


def _with_evidence(visit: Visit, book: Book, row: Row) -> Row:
    return {**row, "links": _links(visit, book, row["evidence"], row["kind"])}


def _links(visit: Visit, book: Book, keys: list[str], kind: str = "") -> Row:
    """Where evidence is looked at: alerts in sight, drills, findings by name; `hidden` counts the rest."""
    found: list[dict[str, str]] = []
    for key in keys[:MOST_LINKS]:
        if key in book.kinds["finding"]:
            title = book.kinds["finding"][key].get("title", key)
            found.append({"href": "", "text": str(_text(visit, title) or key)[:200]})
        elif kind == "measure":
            found.append({"href": "" if visit.units else f"/drills/{key}", "text": key})
        else:
            found += _alert_link(visit, key)
    return {"shown": found, "hidden": len(keys) - len(found)}


def _text(visit: Visit, words: Any) -> Any:
    """A text in the visitor's language where it has both."""
    return words.get(visit.language) or words.get("en") if isinstance(words, dict) else words


def _alert_link(visit: Visit, key: str) -> list[dict[str, str]]:
    try:
        finding = visit.desk.store.alert(key).finding
    except NotFound:
        return []
    if not visit.may_see(finding.owner.unit):
        return []
    return [{"href": f"/alerts/{key}", "text": f"{_text(visit, finding.title)} · {key[:8]}"}]


def _history(visit: Visit, key: str) -> list[Row]:
    """What was entered about a risk by whom, the newest first: its level, plans, acceptances."""
    rows: list[Row] = []
    for kind in ("risk", "treatment", "acceptance"):
        for one in visit.desk.store.history(kind, key)[-MOST_REVISIONS:]:
            body: Any = one.body or {}
            level = body["current"]["level"] if kind == "risk" and body else None
            rows.append(
                {"at": one.at, "by": one.by, "kind": kind, "level": level, "gone": one.body is None,
                 "reason": one.reason, "number": one.number}
            )  # fmt: skip
    return sorted(rows, key=lambda row: -row["number"])[:MOST_REVISIONS]


def _risk_in_sight(visit: Visit, book: Book, key: str) -> str:
    risk = book.kinds["risk"].get(key)
    if risk is None or not visit.may_see(book.unit(risk)):
        raise NotFound(f"no risk {key[:80]!r}")
    return key


def _known(visit: Visit, form: dict[str, str]) -> str:
    return _risk_in_sight(visit, _book(visit, ""), form.get("risk", ""))


def _number(text: str) -> float:
    try:
        return float(text[:20])
    except ValueError:
        raise WrongUse("to adjust needs a figure", "1 to 5, or a share from 0 to 1") from None


def _to(form: dict[str, str]) -> Response:
    place = form.get("to", "/risks")
    return back(place if place.startswith("/risks") else "/risks")
