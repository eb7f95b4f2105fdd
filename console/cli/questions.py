"""`yunshao assess waiting, approve, ask, questions, answer`: approvals, and control points asked of units."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from console.cli.common import (
    Format,
    FormatOption,
    LanguageOption,
    WorkspaceOption,
    language,
    line,
    moment,
    show,
)
from console.roles import approvals
from console.roles.questions import VALID_DAYS, answer_control, ask_units, open_questions
from console.wiring import open_workspace
from yunshao.model.controls import SAID


def waiting(workspace: WorkspaceOption = Path(), format_: FormatOption = Format.table) -> None:
    """Documents of the schedule whose reports wait for an approval."""
    place = open_workspace(workspace)
    rows = [
        {"document": one["document"], "of": one["playbook"], "since": one["at"]} for one in approvals.waiting(place)
    ]
    if format_ is not Format.ndjson:
        rows = [{**row, "since": moment(row["since"], place.settings.timezone)} for row in rows]
    show(rows, ("document", "of", "since"), format_, "nothing waits")


def approve(
    document: str,
    decline: Annotated[bool, typer.Option("--decline", help="No report is built of it.")] = False,
    reason: Annotated[str, typer.Option(help="Why; needed to decline.")] = "",
    workspace: WorkspaceOption = Path(),
) -> None:
    """Approve a document that waits: its report is built by the schedule's next turn."""
    approvals.approve(open_workspace(workspace), document, getpass.getuser(), declined=decline, reason=reason)


def ask(
    each: Annotated[int, typer.Option(help="How many control points each unit is asked at most.")] = 5,
    workspace: WorkspaceOption = Path(),
) -> None:
    """Ask every unit a sample of the points that nobody knows; prints the round's id."""
    typer.echo(ask_units(open_workspace(workspace), each, getpass.getuser()))


def questions(
    unit: Annotated[str, typer.Option(help="Of this unit alone.")] = "",
    workspace: WorkspaceOption = Path(),
    lang: LanguageOption = "en",
    format_: FormatOption = Format.table,
) -> None:
    """What is asked and not answered yet."""
    rows = [
        {**row, "unit": one["unit"], "due": one["due"]}
        for one in open_questions(open_workspace(workspace), (unit,) if unit else ())
        for row in one["open"]
    ]
    if format_ is Format.ndjson:
        for row in rows:
            line(row)
        return
    said = [{**row, "title": row["title"][language(lang)]} for row in rows]
    show(said, ("unit", "clause", "title", "id"), format_, "nothing is open")


def answer(
    point: Annotated[str, typer.Argument(help="control@system, as `assess questions` prints it.")],
    state: Annotated[str, typer.Argument(help=", ".join(SAID))],
    reason: Annotated[str, typer.Option(help="Needed for all but met.")] = "",
    days: Annotated[int, typer.Option(help="For how long it holds.")] = VALID_DAYS,
    workspace: WorkspaceOption = Path(),
) -> None:
    """Say how a control point of a system stands; asked or not."""
    answer_control(open_workspace(workspace), point, state, getpass.getuser(), reason, days)


COMMANDS = (waiting, approve, ask, questions, answer)
