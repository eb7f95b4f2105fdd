"""The frame of every page: who looks, in which language, and how an answer leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from console.web.desk import Desk
from console.web.session import COOKIE, Account, account_of, same
from yunshao.errors import YunshaoError
from yunshao.model.alert import Alert, AlertQuery, as_row
from yunshao.model.risk import METHODS
from yunshao.model.snooze import KIND, Snooze, rests, snoozes_at
from yunshao.text import LANGUAGES, texts_of

LANGUAGE_COOKIE = "yunshao_lang"
FAR_MS = 5 * 60_000
Refusal = Callable[[], Response]


class Refused(YunshaoError):
    """A request that may not be; `status` is the HTTP status."""

    def __init__(self, status: int, what: str) -> None:
        self.status = status
        super().__init__(what)


class LogInFirst(Exception):
    """Nobody is logged in."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of somebody."""

    request: Request
    desk: Desk
    account: Account
    language: str

    @property
    def units(self) -> tuple[str, ...]:
        """The units in sight; empty means all."""
        return self.account.sees(self.desk.estate)

    def query(self, **fields: Any) -> AlertQuery:
        """An alert query that never sees more than the visitor may."""
        asked = tuple(fields.pop("unit", ()))
        sight = self.units
        if sight:
            asked = tuple(unit for unit in asked if unit in sight) if asked else sight
            asked = asked or ("-",)
        return AlertQuery(unit=asked, **fields)

    def may_see(self, unit: str) -> bool:
        """Whether something of this unit is in sight."""
        return not self.units or unit in self.units

    def say(self, key: str, **values: object) -> str:
        """A text in the visitor's language."""
        return texts_of("console")(self.language, key, **values)


def language_of(request: Request, default: str) -> str:
    """Cookie first, then what the browser prefers, then the workspace's own."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    for wish in request.headers.get("accept-language", "").split(","):
        start = wish.strip()[:2].lower()
        if start in LANGUAGES:
            return start
    return default


def visit_of(request: Request) -> Visit:
    """The visit of a logged-in account. Raises LogInFirst."""
    desk: Desk = request.app.state.desk
    account = account_of(desk.store, request.cookies.get(COOKIE, ""), desk.clock())
    if account is None:
        raise LogInFirst
    return Visit(request, desk, account, language_of(request, desk.settings.language))


async def change_of(request: Request, also: tuple[str, ...] = ()) -> tuple[Visit, dict[str, str]]:
    """A visit that changes something: the role writes (or is one of `also`), the request is our own page's.

    Gives the form's fields.
    """
    visit = visit_of(request)
    form = {key: value for key, value in (await request.form()).multi_items() if isinstance(value, str)}
    check_origin(request)
    if not same(form.get("csrf", "") or request.headers.get("x-csrf", ""), visit.account.csrf):
        raise Refused(403, "the form is not of this session: load the page again")
    if not visit.account.writes and visit.account.role not in also:
        raise Refused(403, f"the role {visit.account.role} only reads")
    return visit, form


def check_origin(request: Request) -> None:
    """Refuse a form that another site sent."""
    origin = request.headers.get("origin", "")
    if origin and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise Refused(403, "the request comes from another site")
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Refused(403, "the request comes from another site")


def page_route(router: APIRouter, path: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A page and its JSON twin: the same path, and the same path with .json."""

    def keep(function: Callable[..., Any]) -> Callable[..., Any]:
        router.add_api_route(f"{path}.json" if path != "/" else "/overview.json", function, methods=["GET"])
        router.add_api_route(path, function, methods=["GET"], include_in_schema=False)
        return function

    return keep


def wants_json(request: Request) -> bool:
    """Whether the twin is asked for."""
    return request.url.path.endswith(".json") or request.headers.get("accept", "") == "application/json"


def answer(visit: Visit, template: str, data: Mapping[str, Any], **extra: Any) -> Response:
    """The data as a page, or as it is."""
    if wants_json(visit.request):
        return Response(orjson.dumps(data, option=orjson.OPT_NON_STR_KEYS, default=str), media_type="application/json")
    return HTMLResponse(
        environment().get_template(f"{template}.html.j2").render(data=data, here=template, **_context(visit), **extra)
    )


def back(to: str) -> Response:
    """After a change: look at the result."""
    return RedirectResponse(to, status_code=303)


def _context(visit: Visit) -> dict[str, Any]:
    estate, language = visit.desk.estate, visit.language
    zone = visit.desk.settings.timezone
    return {
        "t": visit.say,
        "lang": language,
        "account": visit.account,
        "csrf": visit.account.csrf,
        "city": estate.city.get(language, ""),
        "unit_name": lambda unit: visit.say("unowned") if unit == "unowned" else estate.unit_name(unit, language),
        "system_name": lambda key: estate.systems[key].name[language] if key in estate.systems else key,
        "when": lambda time: moment(time, zone),
        "number": lambda value: f"{value:,}",
        "post_name": lambda post: visit.say("role.oncall") if post == "on_call" else post,
        "method_name": lambda method: METHODS[method].name[language] if method in METHODS else method,
        "by_name": lambda by: visit.say("drill.automatic") if by == "unattended" else by,
        "rule_name": lambda rule: visit.desk.rule_titles.get(rule, {}).get(language, rule),
        "pick": lambda words: (words.get(language) or words.get("en") or "") if isinstance(words, Mapping) else words,
        "path": visit.request.url.path,
    }


def moment(time: int | None, zone: str) -> str:
    """A time for people; empty for none, the number itself where no calendar reaches."""
    if time is None:
        return ""
    try:
        return datetime.fromtimestamp(time / 1000, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return str(time)


def snoozes_of(visit: Visit) -> tuple[Snooze, ...]:
    """The snoozes by rule that hold now."""
    held = visit.desk.store.find(KIND, limit=1)
    return snoozes_at(held[0] if held else None, visit.desk.clock())


def _remembered_snoozes(visit: Visit) -> Sequence[Snooze]:
    """As `snoozes_of`, read once a request."""
    state = visit.request.state
    if not hasattr(state, "snoozes"):
        state.snoozes = snoozes_of(visit)
    held: Sequence[Snooze] = state.snoozes
    return held


def alert_row(visit: Visit, alert: Alert, snoozes: Sequence[Snooze] | None = None) -> dict[str, Any]:
    """An alert as its flat row, with what a page shows beside it; `snoozes` where the caller knows them already."""
    row = as_row(alert)
    held = _remembered_snoozes(visit) if snoozes is None else snoozes
    title = row["title_zh"] if visit.language == "zh" else row["title"]
    why = row["why_zh"] if visit.language == "zh" else row["why"]
    unit = row["unit"]
    name = visit.say("unowned") if unit == "unowned" else visit.desk.estate.unit_name(unit, visit.language)
    zone = visit.desk.settings.timezone
    # The queue is in the order of detection and shows that time; the event's own stands beside it when far off.
    late = alert.count == 1 and alert.detected - alert.finding.time > FAR_MS
    event = visit.say("alerts.happened", time=moment(alert.finding.time, zone)) if late else ""
    first, last = moment(alert.first, zone), moment(alert.last, zone)
    if first[:10] == last[:10]:
        last = last[11:]
    return {
        **row,
        "shown_title": title,
        "shown_why": why,
        "unit_name": name,
        "shown_time": moment(alert.detected, zone),
        "shown_event": event,
        "shown_span": f"{first} → {last}" if alert.count > 1 else "",
        "shown_flood": visit.say("alerts.flood", groups=alert.groups) if alert.groups else "",
        "rests": rests(alert, held, visit.desk.clock()),
    }


@cache
def environment() -> Environment:
    """Templates with everything escaped, and an error for a name that is not there."""
    found = Environment(loader=PackageLoader("console.web"), autoescape=True, undefined=StrictUndefined)
    found.trim_blocks = found.lstrip_blocks = True
    return found
