"""`yunshao drill calendar`: when drills come, and what has not been drilled for too long."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from console.cli.common import Format, FormatOption, WorkspaceOption, line, moment, new_app, say, show
from console.days import time_of
from console.roles.calendar import DrillCalendar
from console.roles.drills import Drills
from console.roles.notices import Notices
from console.roles.shared import door
from console.wiring import Workspace, open_workspace, wall_clock

app = new_app("The calendar of drills: show, add, remove, coverage.")
DAY_MS = 86_400_000


def _desk(folder: Path) -> tuple[Workspace, DrillCalendar]:
    place = open_workspace(folder)
    notices = Notices(place)
    return place, DrillCalendar(place, Drills(place, door(place), notices), notices)


@app.command("show")
def show_(
    days: Annotated[int, typer.Option(min=1, max=3660, help="How far ahead.")] = 366,
    workspace: WorkspaceOption = Path(),
    format_: FormatOption = Format.table,
) -> None:
    """Every planned moment, and the periods when no drill begins."""
    place, desk = _desk(workspace)
    rows = desk.ahead(wall_clock() + days * DAY_MS)
    zone = place.settings.timezone
    if format_ is Format.ndjson:
        for row in rows:
            line(row)
        return
    shown = [{**row, "at": moment(row["at"], zone), "announced": "yes" if row["announced"] else "no"} for row in rows]
    show(shown, ("at", "playbook", "units", "announced", "plan"), format_, "nothing is planned")
    for held in place.blackouts:
        say(f"no drill begins from {moment(held.start, zone)} to {moment(held.end, zone)} {held.why}")


@app.command()
def add(
    playbook: Annotated[str, typer.Argument(help="Id of a drill playbook.")],
    every: Annotated[str, typer.Option(help="month, quarter, half_year or year, from --first on.")] = "",
    first: Annotated[str, typer.Option(help="The first moment, such as 2026-03-05T09:30.")] = "",
    cron: Annotated[str, typer.Option(help="Or five cron fields, in the workspace's time zone.")] = "",
    off: Annotated[str, typer.Option(help="On a day off: next, previous, skip or keep.")] = "next",
    unit: Annotated[list[str] | None, typer.Option(help="Whom it exercises; repeatable. None: the whole city.")] = None,
    unannounced: Annotated[bool, typer.Option("--unannounced", help="Nobody is told before.")] = False,
    notice: Annotated[int, typer.Option(help="Announced so many days before.")] = 3,
    unattended: Annotated[bool, typer.Option("--unattended", help="Nobody is asked.")] = False,
    beside: Annotated[bool, typer.Option("--beside", help="May run beside another drill of the same unit.")] = False,
    workspace: WorkspaceOption = Path(),
) -> None:
    """Plan a drill that recurs; `yunshao up` begins it. Prints the plan's id."""
    place, desk = _desk(workspace)
    key = desk.add(
        playbook, getpass.getuser(), cron=cron, every=every,
        first=time_of(first, place.settings.timezone) if first else None, off=off, units=unit or (),
        announced=not unannounced, notice_days=notice, unattended=unattended, beside=beside,
    )  # fmt: skip
    typer.echo(key)


@app.command()
def remove(plan: str, workspace: WorkspaceOption = Path()) -> None:
    """A plan recurs no more."""
    _desk(workspace)[1].remove(plan, getpass.getuser())
    say(f"{plan}: removed")


@app.command()
def coverage(workspace: WorkspaceOption = Path(), format_: FormatOption = Format.table) -> None:
    """Units and techniques without a drill for a year, and scenarios that are owed."""
    place, desk = _desk(workspace)
    found = desk.coverage()
    rows = [{"kind": kind.removesuffix("s"), **one} for kind, lacking in found.items() for one in lacking]
    shown = [{**row, "last": moment(row["last"], place.settings.timezone)[:10] or "never"} for row in rows]
    show(rows if format_ is Format.ndjson else shown, ("kind", "id", "last", "limit_days"), format_, "nothing is owed")


@app.command()
def proved(
    never: Annotated[bool, typer.Option("--never", help="Those that have not fired.")] = False,
    workspace: WorkspaceOption = Path(),
    format_: FormatOption = Format.table,
) -> None:
    """Rules that fired end to end in a drill within a year, when and in which; --never for the gaps."""
    place, desk = _desk(workspace)
    found = desk.proved()
    rows = [{"rule": one, "at": None, "drill": ""} for one in found["never"]] if never else found["fired"]
    shown = rows if format_ is Format.ndjson else [
        {**one, "at": moment(one["at"], place.settings.timezone)} for one in rows
    ]  # fmt: skip
    show(shown, ("rule", "at", "drill"), format_, "no rule")
    say(f"{len(found['fired'])} of {found['rules']} rules, {len(found['proved'])} of {found['techniques']} techniques")
