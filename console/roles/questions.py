"""Questionnaires to unit chiefs: sampled control points asked, answers entered in the register."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from console.roles import approvals
from console.roles.reviews import known_of
from console.wiring import Workspace
from playbooks.controls.catalogue import known
from playbooks.controls.sample import sampled
from playbooks.review.checked import data_document, mlps_document
from yunshao.errors import NotFound, WrongUse
from yunshao.model.controls import answer

KIND = "questionnaire"
DAY_MS = 86_400_000
DAYS = 90
DUE_DAYS = 14
VALID_DAYS = 365
MOST = 500
Row = dict[str, Any]


def ask_units(workspace: Workspace, each: int, by: str, at: int | None = None) -> str:
    """Ask every unit at most `each` points that are not known; gives the round's id. The same moment asks the same."""
    if not 1 <= each <= MOST:
        raise WrongUse(f"{each} points of each unit", f"from 1 to {MOST}")
    now = workspace.clock()
    facts = known_of(workspace, "mlps", now - DAYS * DAY_MS, now)
    items = [*mlps_document(facts, workspace.settings.review.mlps_template)["items"], *data_document(facts)["items"]]
    round_id = f"ask-{hashlib.sha256(f'{at or now}|{each}'.encode()).hexdigest()[:12]}"
    chosen = sampled(items, _asked(workspace), each, round_id)
    for unit, rows in chosen.items():
        questions = [
            {key: row[key] for key in ("id", "control", "clause", "title", "system", "system_name", "why")}
            for row in rows
        ]
        key = f"{round_id}-{hashlib.sha256(unit.encode()).hexdigest()[:8]}"
        body = {"id": key, "round": round_id, "unit": unit, "at": at or now, "due": (at or now) + DUE_DAYS * DAY_MS}
        workspace.store.put(KIND, key, {**body, "post": rows[0]["post"] if rows else {}, "questions": questions})
    workspace.store.note(by, "control.ask", round_id, f"{sum(map(len, chosen.values()))} points, {len(chosen)} units")
    return round_id


def _asked(workspace: Workspace) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in workspace.store.find(KIND, limit=2000):
        for question in one["questions"]:
            found[question["id"]] = max(found.get(question["id"], 0), int(one["at"]))
    return found


def open_questions(workspace: Workspace, units: tuple[str, ...] = ()) -> list[Row]:
    """Questionnaires with the questions that nobody answered since they were asked; of some units, or of all."""
    said = {one.key: one.at for one in workspace.store.entries("answer")}
    found = []
    for one in workspace.store.find(KIND, limit=500):
        if units and one["unit"] not in units:
            continue
        left = [row for row in one["questions"] if said.get(row["id"], -1) < one["at"]]
        found.append({**one, "open": left, "answered": len(one["questions"]) - len(left)})
    # The same point asked twice is answered once: in the newest questionnaire.
    seen: set[str] = set()
    for one in found:
        one["open"] = [row for row in one["open"] if row["id"] not in seen]
        seen |= {row["id"] for row in one["open"]}
    return found


def answer_control(
    workspace: Workspace, key: str, state: str, by: str, reason: str = "", days: int = VALID_DAYS,
    units: tuple[str, ...] = (),
) -> None:  # fmt: skip
    """Enter an answer for a point, `control@system`, that holds for so many days.

    Raises NotFound for a point that is none or out of sight, WrongUse for an answer that is none.
    """
    control, _, system = key.partition("@")
    owner = workspace.estate.systems.get(system)
    if control not in known() or owner is None or (units and owner.unit not in units):
        raise NotFound(f"no control point {key[:120]!r}", "`yunshao assess questions`")
    if not 1 <= days <= 1100:
        raise WrongUse(f"an answer holds for {days} days", "from 1 to 1100")
    until = workspace.clock() + days * DAY_MS
    if workspace.store.enter([answer(control, system, state, by, reason, until)]):
        workspace.store.note(by, "control.answer", key, f"{state} {reason}"[:500])


def answer_all(workspace: Workspace, given: Mapping[str, tuple[str, str]], by: str, units: tuple[str, ...]) -> int:
    """Enter several answers, (state, reason) by point; gives how many. The first that cannot be ends it."""
    for key, (state, reason) in given.items():
        answer_control(workspace, key, state, by, reason, units=units)
    return len(given)


class Questions:
    """Questionnaires and approvals, for the console."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def open(self, units: tuple[str, ...]) -> list[Row]:
        """Questionnaires of some units, or of all, with what is open."""
        return open_questions(self._workspace, units)

    def ask(self, each: int, by: str) -> str:
        """Ask every unit a sample. Raises WrongUse."""
        return ask_units(self._workspace, each, by)

    def answer(self, given: Mapping[str, tuple[str, str]], by: str, units: tuple[str, ...]) -> int:
        """Enter answers. Raises NotFound, WrongUse."""
        return answer_all(self._workspace, given, by, units)

    def waiting(self) -> list[Row]:
        """Documents that wait for an approval."""
        return approvals.waiting(self._workspace)

    def approve(self, document: str, by: str, declined: bool, reason: str) -> None:
        """Approve or decline one. Raises NotFound, WrongUse."""
        approvals.approve(self._workspace, document, by, declined=declined, reason=reason)
