"""The console as an ASGI app: routes, errors, and the headers that every answer carries."""

from __future__ import annotations

import ipaddress
import warnings
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from importlib import resources
from pathlib import Path

import prometheus_client
from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from pylopdf_fonts_zh_cn import __file__ as fonts_file
from starlette.exceptions import HTTPException

from console.web import (
    alerts,
    assessments,
    calendar,
    drills,
    gallery,
    incidents,
    live,
    login,
    oncall,
    overview,
    playbooks,
    questions,
    rectify,
    risks,
    sources,
    units,
)
from console.web.desk import Desk
from console.web.frame import LogInFirst, Refused, environment, language_of, visit_of, wants_json
from console.web.session import Throttle
from yunshao import __version__, meters
from yunshao.errors import NotFound, YunshaoError
from yunshao.text import texts_of

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
FONT = Path(fonts_file).parent / "NotoSansSC-Regular.otf"
MAX_BODY = 1 << 20
SAID = (400, 401, 403, 404, 405, 413, 503)
SUBJECTS = (
    login, overview, alerts, incidents, units, risks, assessments, questions, drills, calendar, playbooks, rectify,
    oncall, gallery, sources, live,
)  # fmt: skip


def create_app(desk: Desk) -> FastAPI:
    """The console over a desk."""
    # FastAPI's own way of naming path parameters, said once per start for no reader's good.
    warnings.filterwarnings("ignore", message="The 'alias' attribute with value")
    app = FastAPI(title="Yunshao", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk = desk
    app.state.throttle = Throttle()
    for subject in SUBJECTS:
        app.include_router(subject.router)
    static = resources.files("console.web").joinpath("static")
    app.mount("/static", StaticFiles(directory=str(static)), name="static")
    if desk.intake is not None:
        app.mount("/intake", desk.intake)
    app.add_api_route("/font/sans.otf", _font, include_in_schema=False)
    app.add_api_route("/metrics", _metrics, include_in_schema=False)
    app.add_api_route("/healthz", _health, include_in_schema=False)
    app.add_exception_handler(LogInFirst, _log_in_first)
    app.add_exception_handler(YunshaoError, _refuse)
    app.add_exception_handler(HTTPException, _http)
    app.middleware("http")(_headers)
    return app


async def _headers(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
    """Bounds the body of forms, then sets what a browser must know of every answer."""
    if not request.url.path.startswith("/intake"):
        if int(request.headers.get("content-length") or 0) > MAX_BODY:
            return JSONResponse({"title": "too large", "status": 413}, 413)
        if "transfer-encoding" in request.headers:
            return JSONResponse({"title": "say how long the form is", "status": 411}, 411)
    response = await go_on(request)
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    if not request.url.path.startswith(("/static", "/font")):
        response.headers.setdefault("Cache-Control", "no-store")
    meters.REQUESTS.labels(request.method, str(response.status_code)).inc()
    return response


def _log_in_first(request: Request, _: Exception) -> Response:
    if wants_json(request) or request.url.path == "/live":
        return _problem(401, "nobody is logged in", "POST /login")
    return RedirectResponse("/login", 303)


def _problem(status: int, title: str, detail: str) -> Response:
    return JSONResponse(
        {"title": title, "status": status, "detail": detail}, status, media_type="application/problem+json"
    )


def _refuse(request: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, Refused) else 404 if isinstance(error, NotFound) else 400
    what, mend = (error.what, error.mend) if isinstance(error, YunshaoError) else (str(error), "")
    return _problem(status, what, mend) if wants_json(request) else _error_page(request, status, what, mend)


def _http(request: Request, error: Exception) -> Response:
    status, what = (error.status_code, str(error.detail)) if isinstance(error, HTTPException) else (500, "error")
    return _problem(status, what, "") if wants_json(request) else _error_page(request, status, what, "")


def _error_page(request: Request, status: int, what: str, mend: str) -> Response:
    desk: Desk = request.app.state.desk
    language = language_of(request, desk.settings.language)
    texts = texts_of("console")
    said = texts(language, f"error.{status if status in SAID else 'other'}")
    page = environment().get_template("error.html.j2")
    html = page.render(
        t=lambda key, **values: texts(language, key, **values),
        lang=language,
        status=status,
        said=said,
        what="" if what == HTTPStatus(status).phrase else what,
        mend=mend,
    )
    return HTMLResponse(html, status)


def _font() -> Response:
    """The last resort for machines without a Chinese font."""
    return FileResponse(FONT, media_type="font/otf", headers={"Cache-Control": "public, max-age=31536000, immutable"})


def _health() -> Response:
    return JSONResponse({"status": "ok", "version": __version__})


def _metrics(request: Request) -> Response:
    """For the machine itself, or for somebody who is logged in."""
    host = request.client.host if request.client else ""
    try:
        local = ipaddress.ip_address(host).is_loopback and "x-forwarded-for" not in request.headers
    except ValueError:
        local = False
    if not local:
        visit_of(request)
    return Response(prometheus_client.generate_latest(), media_type=prometheus_client.CONTENT_TYPE_LATEST)
