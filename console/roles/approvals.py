"""Documents of the schedule that wait for somebody: approved, their report is built; declined, none is."""

from __future__ import annotations

from typing import Any

from console.wiring import Workspace
from yunshao.errors import NotFound, WrongUse

KIND = "schedule_run"
APPROVAL = "approval"
State = dict[str, Any]


def decision_on(workspace: Workspace, document: str) -> str:
    """`approved`, `declined`, or `waiting` while nobody said anything."""
    try:
        return str(workspace.store.get(APPROVAL, document)["state"])
    except NotFound:
        return "waiting"


def waiting(workspace: Workspace) -> list[State]:
    """The documents whose reports wait for an approval."""
    rows = [one for one in workspace.store.find(KIND, limit=100) if one.get("phase") == "waiting"]
    return [one for one in rows if decision_on(workspace, one["document"]) == "waiting"]


def approve(workspace: Workspace, document: str, by: str, *, declined: bool = False, reason: str = "") -> None:
    """Approve or decline a document that waits; the schedule goes on with it.

    Raises NotFound for one that does not wait, WrongUse for declining without a reason.
    """
    if declined and not reason.strip():
        raise WrongUse("to decline needs a reason", "--reason")
    row = next((one for one in waiting(workspace) if one["document"] == document), None)
    if row is None:
        raise NotFound(f"no document {document!r} waits for an approval", "`yunshao assess waiting`")
    state = "declined" if declined else "approved"
    said = {"document": document, "state": state, "by": by, "at": workspace.clock(), "reason": reason[:1000]}
    if not declined:
        workspace.store.change(row["kind"], document, lambda kept: _signed(kept, said))
    workspace.store.put(APPROVAL, document, said)
    workspace.store.note(by, f"assess.{'decline' if declined else 'approve'}", document, reason[:500])


def _signed(kept: State | None, said: State) -> State:
    if kept is None:
        raise NotFound(f"no document {said['document']!r}", "`yunshao assess waiting`")
    return {**kept, "approval": said}
