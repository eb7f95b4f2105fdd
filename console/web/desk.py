"""What the pages stand on: the store and the few things that a page may start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.types import ASGIApp

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
    questions: QuestionDesk
    assess: Callable[[str, str], str]
    playbooks: Mapping[str, Any]
    rule_titles: Mapping[str, Mapping[str, str]]
    intake: ASGIApp | None = None
    cluster: Callable[[], dict[str, Any]] | None = None
