"""Log in, log out, choose a language."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from console.web.desk import Desk
from console.web.frame import LANGUAGE_COOKIE, Refused, back, check_origin, environment, language_of
from console.web.session import COOKIE, HOURS, Throttle, account_of, check_password, close_session, open_session, same
from yunshao.text import LANGUAGES, texts_of

router = APIRouter()


def _page(request: Request, problem: str = "", status: int = 200) -> Response:
    desk: Desk = request.app.state.desk
    language = language_of(request, desk.settings.language)

    def say(key: str, **values: object) -> str:
        return texts_of("console")(language, key, **values)

    html = (
        environment()
        .get_template("login.html.j2")
        .render(t=say, lang=language, problem=say(problem) if problem else "", city=desk.estate.city.get(language, ""))
    )
    return HTMLResponse(html, status)


@router.get("/login", include_in_schema=False)
def login_page(request: Request) -> Response:
    """The form."""
    return _page(request)


@router.post("/login", include_in_schema=False)
async def login(request: Request) -> Response:
    """Name and password for a cookie; five failures close the door for a quarter of an hour."""
    check_origin(request)
    desk: Desk = request.app.state.desk
    throttle: Throttle = request.app.state.throttle
    form = await request.form()
    name, password = str(form.get("name", ""))[:64], str(form.get("password", ""))[:1024]
    now = desk.clock()
    keys = (f"name|{name}", f"address|{request.client.host if request.client else ''}")
    if throttle.blocked(keys, now):
        return _page(request, "login.blocked", 429)
    # The hash is slow on purpose: not in the loop that serves everybody.
    account = await run_in_threadpool(check_password, desk.store, name, password)
    if account is None:
        throttle.failed(keys, now)
        desk.store.note(name, "login.failed", "console")
        return _page(request, "login.wrong", 401)
    desk.store.note(name, "login", "console")
    response = back("/")
    secure = desk.settings.console.secure_cookies
    token = open_session(desk.store, name, now)
    response.set_cookie(COOKIE, token, max_age=HOURS * 3600, httponly=True, samesite="strict", secure=secure)
    return response


@router.post("/logout", include_in_schema=False)
async def logout(request: Request) -> Response:
    """The session ends."""
    check_origin(request)
    desk: Desk = request.app.state.desk
    token = request.cookies.get(COOKIE, "")
    account = account_of(desk.store, token, desk.clock())
    form = await request.form()
    if account and not same(str(form.get("csrf", "")), account.csrf):
        raise Refused(403, "the form is not of this session")
    if account:
        close_session(desk.store, token)
    response = back("/login")
    response.delete_cookie(COOKIE)
    return response


@router.get("/language/{language}", include_in_schema=False)
def choose_language(request: Request, language: str) -> Response:
    """Remember the language and go back to where one was, on this site."""
    place = request.query_params.get("to", "/")
    safe = place if place.startswith("/") and not place.startswith(("//", "/\\")) and place.isprintable() else "/"
    response = RedirectResponse(safe, status_code=303)
    if language in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, language, max_age=365 * 86400, samesite="lax")
    return response
