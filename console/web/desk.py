"""What the pages stand on: the store and the few things that a page may start."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.types import ASGIApp

from console.web.risk_book import Shelf
from yunshao.model.alert import Alert
from yunshao.model.calendar import Blackout
from yunshao.model.estate import Estate
from yunshao.ports import Body, Clock
from yunshao.settings import Settings


class DrillDesk(Protocol):
    """Drills as the console steers them; every verb may raise WrongUse or NotFound."""

    def scenarios(self) -> list[dict[str, Any]]:
        """Id, title, summary, every, last run."""

    def start(self, playbook: str, by: str, speed: float, unattended: bool) -> str:
        """Begin one; gives the drill's id."""

    def answer(self, drill: str, index: int, by: str, note: str) -> None: ...

    def pause(self, drill: str, by: str) -> None: ...

    def resume(self, drill: str, by: str) -> None: ...

    def abort(self, drill: str, by: str) -> None: ...

    def abort_all(self, by: str) -> list[str]: ...

    def rate(self, drill: str, place: int, mark: str, by: str) -> None: ...


class NoticeDesk(Protocol):
    """Who is on call, what waits for an answer, and what was sent."""

    def holders(self) -> dict[str, str]: ...

    def shifts(self, rota: str, since: int, until: int) -> list[Any]: ...

    def hand_over(self, rota: str, to: str, until: int, by: str, note: str) -> None: ...

    def open_pages(self) -> list[dict[str, Any]]: ...

    def pages(self, limit: int) -> list[dict[str, Any]]: ...

    def acknowledge(self, page_id: str, by: str, way: str) -> dict[str, Any]: ...

    def by_link(self, token: str) -> tuple[dict[str, Any], str]: ...

    def deliveries(self, limit: int) -> list[dict[str, Any]]: ...

    def channel_states(self) -> list[dict[str, Any]]: ...

    def try_again(self, by: str) -> int: ...


class ReportDesk(Protocol):
    """Reports as the gallery gives them out."""

    def build(self, document_id: str, by: str) -> str: ...

    def reviews(self) -> tuple[str, ...]: ...

    def review(self, kind: str, by: str, period: str = "") -> str: ...

    def file(self, report_id: str, name: str) -> bytes: ...

    def bundle(self, report_id: str) -> bytes: ...


class QuestionDesk(Protocol):
    """Questionnaires and approvals, as their pages use them."""

    def open(self, units: tuple[str, ...]) -> list[dict[str, Any]]: ...

    def ask(self, each: int, by: str) -> str: ...

    def answer(self, given: Mapping[str, tuple[str, str]], by: str, units: tuple[str, ...]) -> int: ...

    def waiting(self) -> list[dict[str, Any]]: ...

    def approve(self, document: str, by: str, declined: bool, reason: str) -> None: ...


class RiskDesk(Protocol):
    """What a person says in the risk register; every verb may raise WrongUse or NotFound."""

    def decide(self, proposal: str, verdict: str, by: str, value: float | None, reason: str) -> None: ...

    def accept(self, risk: str, approver: str, until: int, reason: str, by: str) -> None: ...

    def treat(self, risk: str, action: str, post: str, due: int, expected: int, note: str, by: str) -> None: ...


class IncidentDesk(Protocol):
    """Real incidents as the console works them; every verb may raise WrongUse or NotFound."""

    def get(self, incident: str) -> dict[str, Any]: ...

    def find(self, limit: int) -> list[dict[str, Any]]: ...

    def of_alert(self, alert: str) -> str: ...

    def alerts(self, incident: Mapping[str, Any]) -> list[Alert]: ...

    def open(self, alerts: Sequence[str], by: str, *, title: str, category: str) -> str: ...

    def add_alerts(self, incident: str, alerts: Sequence[str], by: str) -> None: ...

    def move(self, incident: str, to: str, by: str, note: str) -> None: ...

    def reopen(self, incident: str, by: str, note: str) -> None: ...

    def classify(self, incident: str, category: str, by: str, note: str) -> None: ...

    def grade(self, incident: str, affected: str, loss: str, harm: str, by: str) -> None: ...

    def grade_reporting(self, incident: str, facts: Mapping[str, float], by: str) -> None: ...

    def set_clock(self, incident: str, by: str, *, operator: str, known: int | None, crime: bool | None) -> None: ...

    def sent(self, incident: str, duty: str, by: str, at: int | None, note: str) -> None: ...

    def lead(self, incident: str, who: str, by: str) -> None: ...

    def task(self, incident: str, title: str, by: str, post: str, due: int | None) -> str: ...

    def end_task(self, incident: str, task: str, how: str, by: str, note: str) -> None: ...

    def comment(self, incident: str, text: str, by: str) -> None: ...

    def merge(self, keep: str, other: str, by: str) -> None: ...

    def keep_events(self, incident: str, by: str, note: str) -> str: ...

    def figures(self, units: Iterable[str], days: int) -> dict[str, dict[str, Any]]: ...

    def evidence(self, incident: str, piece: str) -> tuple[dict[str, Any], bytes]: ...


class RectifyDesk(Protocol):
    """Rectification items; every verb may raise WrongUse or NotFound."""

    def find(self, units: Iterable[str]) -> list[dict[str, Any]]: ...

    def get(self, item: str) -> dict[str, Any]: ...

    def done(self, item: str, by: str, note: str) -> None: ...

    def verify(self, item: str, by: str, note: str) -> None: ...

    def give_back(self, item: str, by: str, note: str) -> None: ...

    def drop(self, item: str, by: str, note: str) -> None: ...

    def move_deadline(self, item: str, due: int, by: str, note: str) -> None: ...

    def readiness(self, units: Iterable[str]) -> dict[str, Any]: ...


class CalendarDesk(Protocol):
    """The calendar of drills; every verb may raise WrongUse or NotFound."""

    def plans(self) -> list[dict[str, Any]]: ...

    def ahead(self, until: int) -> list[dict[str, Any]]: ...

    def blackouts(self) -> Sequence[Blackout]: ...

    def coverage(self) -> dict[str, list[dict[str, Any]]]: ...

    def add(
        self,
        playbook: str,
        by: str,
        *,
        every: str,
        first: int | None,
        off: str,
        units: Sequence[str],
        announced: bool,
        notice_days: int,
        beside: bool,
    ) -> str: ...

    def remove(self, plan: str, by: str) -> None: ...


class RunDesk(Protocol):
    """Runs of response playbooks; every verb may raise WrongUse or NotFound."""

    def start(self, name: str, given: Mapping[str, str], by: str) -> str: ...

    def start_for(self, incident: str, name: str, given: Mapping[str, str], by: str) -> str: ...

    def briefs(self, runs: Sequence[str]) -> list[dict[str, Any]]: ...

    def answer(self, run_id: str, step: str, answer: str, by: str) -> None: ...

    def steer(self, run_id: str, verb: str, by: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything `create_app` needs."""

    store: Body
    estate: Estate
    settings: Settings
    clock: Clock
    drills: DrillDesk
    notices: NoticeDesk
    reports: ReportDesk
    risks: RiskDesk
    incidents: IncidentDesk
    runs: RunDesk
    rectify: RectifyDesk
    calendar: CalendarDesk
    questions: QuestionDesk
    assess: Callable[[str, str], str]
    playbooks: Mapping[str, Any]
    rule_titles: Mapping[str, Mapping[str, str]]
    intake: ASGIApp | None = None
    cluster: Callable[[], dict[str, Any]] | None = None
    shelf: Shelf = field(default_factory=Shelf)
