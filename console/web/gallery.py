"""The report gallery: sealed bundles and their files."""

from __future__ import annotations

import mimetypes
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from console.web.assessments import whole_city
from console.web.frame import answer, back, change_of, page_route, visit_of
from yunshao.text import LANGUAGES

router = APIRouter()
# A report is data: it may show itself and nothing more.
REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; sandbox"


@page_route(router, "/reports")
def gallery(request: Request) -> Response:
    """Reports that were built, and documents that have none yet."""
    visit = whole_city(visit_of(request))
    store = visit.desk.store
    built = store.find("report", limit=200)
    have = {one["id"] for one in built}
    open_ = [
        {"id": one["id"], "kind": kind, "title": one["playbook"]["title"], "at": one.get("as_of") or one.get("started")}
        for kind in ("assessment", "drill")
        for one in store.find(kind, limit=50)
        if one["id"] not in have and (kind == "assessment" or one["phase"] == "over")
    ]
    open_ += [
        {"id": one["id"], "kind": "incident", "title": one["title"], "at": one["created"]}
        for one in store.find("incident", limit=50)
        if one["id"] not in have and one["state"] != "merged"
    ]
    shown = [{**one, "rows": _rows(one["files"], visit.language)} for one in built]
    return answer(visit, "reports", {"reports": shown, "unbuilt": open_, "kinds": list(visit.desk.reports.reviews())})


def _rows(files: list[dict[str, Any]], language: str) -> list[dict[str, Any]]:
    """The files by language, the visitor's own first: `assessment.zh.pdf` is the Chinese PDF."""
    rows: dict[str, list[dict[str, str]]] = {}
    for one in files:
        _, *middle, form = one["name"].rsplit("/", 1)[-1].split(".")
        written = middle[0] if middle and middle[0] in LANGUAGES else ""
        # `posture.zh.table-7.csv` is all rows of table 7.
        number = middle[1].removeprefix("table-") if len(middle) > 1 and middle[1].startswith("table-") else ""
        rows.setdefault(written, []).append({"name": one["name"], "form": f"{form.upper()} {number}".strip()})
    order = sorted(rows, key=lambda written: (written != language, written == "", written))
    return [{"language": written, "files": rows[written]} for written in order]


@router.post("/reports/build", include_in_schema=False)
async def build(request: Request) -> Response:
    """Build the report of a document."""
    visit, form = await change_of(request)
    await run_in_threadpool(visit.desk.reports.build, form.get("document", ""), visit.account.name)
    return back("/reports")


@router.post("/reports/review", include_in_schema=False)
async def review(request: Request) -> Response:
    """Make a review of what the store knows, and build its report."""
    visit, form = await change_of(request)
    whole_city(visit)
    await run_in_threadpool(
        visit.desk.reports.review, form.get("kind", ""), visit.account.name, form.get("period", "").strip()
    )
    return back("/reports")


@router.get("/reports/{report_id}/bundle.zip")
def bundle(request: Request, report_id: str) -> Response:
    """The sealed bundle, as `yunshao verify` takes it."""
    visit = whole_city(visit_of(request))
    data = visit.desk.reports.bundle(report_id)
    visit.desk.store.note(visit.account.name, "report.download", report_id)
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(report_id)}.zip"}
    return Response(data, media_type="application/zip", headers=headers)


@router.get("/reports/{report_id}/files/{name}")
def file(request: Request, report_id: str, name: str) -> Response:
    """One file of a bundle; HTML is shown in a sandbox."""
    visit = whole_city(visit_of(request))
    data = visit.desk.reports.file(report_id, name)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    headers = {
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(name)}",
        "Content-Security-Policy": REPORT_POLICY,
    }
    return Response(data, media_type=kind, headers=headers)
