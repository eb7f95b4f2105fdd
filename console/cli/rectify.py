"""`yunshao rectify`: what drills and assessments found wanting, until it is shown to be mended."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.common import Format, FormatOption, WorkspaceOption, line, moment, new_app, say, show, visible
from console.days import time_of
from console.roles.rectify import Rectifications
from console.wiring import open_workspace, wall_clock
from yunshao.errors import WrongUse
from yunshao.model.rectification import STATES, counts, overdue

app = new_app("Rectification items of drills and assessments: list, done, verify, return, drop.")
COLUMNS = ("id", "state", "due", "unit", "action", "post", "from")
Note = Annotated[str, typer.Option("--note", help="Why, or where the evidence is.")]
By = Annotated[str, typer.Option("--by", help="Who does it; default: you.")]


def _desk(folder: Path) -> Rectifications:
    return Rectifications(open_workspace(folder))


@app.command("list")
def list_(
    unit: Annotated[str, typer.Option(help="A unit and all below it.")] = "",
    state: Annotated[str, typer.Option(help="open, done, verified, dropped, overdue or all.")] = "open",
    workspace: WorkspaceOption = Path(),
    format_: FormatOption = Format.table,
) -> None:
    """Those that are open, by deadline; --state for the others."""
    if state not in {*STATES, "overdue", "all"}:
        raise WrongUse(f"unknown state {state[:40]!r}", f"one of {', '.join(STATES)}, overdue, all")
    place, now = open_workspace(workspace), wall_clock()
    if unit and not place.estate.below(unit):
        raise WrongUse(f"no unit {unit!r}", "`yunshao org show` lists them")
    found = Rectifications(place).find(place.estate.below(unit) if unit else ())
    rows = [
        {**one, "overdue": overdue(one, now)}
        for one in found
        if state == "all" or (overdue(one, now) if state == "overdue" else one["state"] == state)
    ]
    show(rows if format_ is Format.ndjson else [_for_people(one) for one in rows], COLUMNS, format_, "no items")
    total = counts(found, now)
    say(", ".join(f"{total[key]} {key}" for key in (*STATES, "overdue")))


def _for_people(row: dict[str, Any]) -> dict[str, Any]:
    state = "overdue" if row["overdue"] else row["state"]
    return {**row, "state": state, "due": moment(row["due"])[:10], "action": row["action"]["en"],
            "post": row["post"].get("en", ""), "from": row["origin"]["id"]}  # fmt: skip


@app.command("show")
def show_(item: str, workspace: WorkspaceOption = Path(), format_: FormatOption = Format.table) -> None:
    """One item with its evidence and all that was said."""
    kept = _desk(workspace).get(item)
    if format_ is Format.ndjson:
        line(kept)
        return
    typer.echo(visible(f"{kept['action']['en']}  [{kept['state']}]  due {moment(kept['due'])[:10]}  {kept['unit']}"))
    typer.echo(visible(f"  because: {kept['problem']['en']} ({kept['origin']['id']})"))
    for one in kept["evidence"]:
        typer.echo(visible(f"  evidence {one['sha256'][:16]}… {one['size']} bytes  {one['name']}"))
    for one in kept["timeline"]:
        typer.echo(visible(f"  {moment(one['at'])}  {one['by']}  {one['did']}  {one['note']}"))


@app.command()
def done(
    item: str,
    files: Annotated[list[Path] | None, typer.Argument(help="Evidence.")] = None,
    note: Note = "",
    by: By = "",
    workspace: WorkspaceOption = Path(),
) -> None:
    """It is mended: with files, or with --note that says where to look."""
    try:
        given = [(path.name, path.read_bytes()) for path in files or ()]
    except OSError as error:
        raise WrongUse(f"{error.filename}: {error.strerror}", "") from None
    _desk(workspace).done(item, by or getpass.getuser(), note, given)
    say(f"{item}: done; somebody else verifies it")


@app.command()
def verify(item: str, note: Note = "", by: By = "", workspace: WorkspaceOption = Path()) -> None:
    """You have looked, and it is mended. Whoever mended it cannot."""
    _desk(workspace).verify(item, by or getpass.getuser(), note)
    say(f"{item}: verified")


@app.command("return")
def return_(item: str, note: Note = "", by: By = "", workspace: WorkspaceOption = Path()) -> None:
    """It is not mended: open again, with its deadline."""
    _desk(workspace).give_back(item, by or getpass.getuser(), note)
    say(f"{item}: open again")


@app.command()
def drop(item: str, note: Note = "", by: By = "", workspace: WorkspaceOption = Path()) -> None:
    """It will not be done, with a reason."""
    _desk(workspace).drop(item, by or getpass.getuser(), note)
    say(f"{item}: dropped")


@app.command()
def move(
    item: str,
    until: Annotated[str, typer.Option(help="The new last day, such as 2026-12-31.")],
    note: Note = "",
    by: By = "",
    workspace: WorkspaceOption = Path(),
) -> None:
    """Another deadline, with a reason."""
    place = open_workspace(workspace)
    Rectifications(place).move_deadline(
        item, time_of(until, place.settings.timezone, end=True), by or getpass.getuser(), note
    )
    say(f"{item}: until {until}")


@app.command()
def readiness(
    unit: Annotated[str, typer.Argument(help="A unit, with all below it; none: the whole city.")] = "",
    workspace: WorkspaceOption = Path(),
    format_: FormatOption = Format.table,
) -> None:
    """How ready a unit is: 100 less what its drills missed and what is overdue, each with its points."""
    place = open_workspace(workspace)
    units = place.estate.below(unit) if unit else tuple(place.estate.units)
    if not units:
        raise WrongUse(f"no unit {unit!r}", "`yunshao org show` lists them")
    found = Rectifications(place).readiness(units)
    if format_ is Format.ndjson:
        line(found)
        return
    typer.echo(f"{found['score']}")
    for one in found["deductions"]:
        typer.echo(visible(f"  -{one['points']:<3} {one['text']['en']}  {one['ref']}"))
