"""`yunshao drill`: run, look at and steer emergency drills."""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli import drill_calendar
from console.cli.common import Format, FormatOption, WorkspaceOption, line, moment, new_app, say, show, visible
from console.roles.drills import Drills, brief
from console.roles.pipeline import Pipeline, pipeline_runs_elsewhere
from console.roles.shared import door
from console.wiring import Workspace, open_workspace
from yunshao.errors import WrongUse

app = new_app("Run and steer an emergency drill.")
app.add_typer(drill_calendar.app, name="calendar", help="When drills come, and what was not drilled for too long.")
COLUMNS = ("id", "playbook", "state", "started", "detection_rate", "mttd_seconds", "mtta_seconds", "rating")
TURN_SECONDS = 0.3


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="Id of a drill playbook.")],
    speed: Annotated[float, typer.Option(help="60 makes a planned minute one second; what is measured is real.")] = 1.0,
    unattended: Annotated[bool, typer.Option("--unattended", help="Nobody is asked; tasks answer themselves.")] = False,
    anyway: Annotated[bool, typer.Option("--anyway", help="In a blackout period too.")] = False,
    workspace: WorkspaceOption = Path(),
    format_: FormatOption = Format.table,
) -> None:
    """From its first record to its figures. Where `up` runs, through its pipeline; else through one of this command."""
    place = open_workspace(workspace)
    document = run_to_end(place, name, getpass.getuser(), speed, unattended, say, anyway)
    row = brief(document)
    show([row if format_ is Format.ndjson else {**row, "started": moment(row["started"])}], COLUMNS, format_)


def run_to_end(
    place: Workspace,
    name: str,
    by: str,
    speed: float,
    unattended: bool,
    tell: Callable[[str], None],
    anyway: bool = False,
) -> dict[str, Any]:
    """Conduct one drill in this process, telling each line of its time line once; gives its document."""
    elsewhere = place.settings.cluster or pipeline_runs_elsewhere(place.data)
    pipeline = None if elsewhere else Pipeline(place)
    try:
        if pipeline:
            pipeline.start()
        drills = Drills(place, door(place))
        drill_id = drills.start(name, by, speed, unattended, anyway=anyway)
        told = 0
        while True:
            document = drills.advance(drill_id)
            for entry in document["timeline"][told:]:
                tell(f"{moment(entry['at'])}  {entry['text']['en']}")
            told = len(document["timeline"])
            if document["phase"] == "over":
                return document
            if pipeline:
                pipeline.wake.set()
            time.sleep(TURN_SECONDS)
    finally:
        if pipeline:
            pipeline.stop()


@app.command("list")
def list_(workspace: WorkspaceOption = Path(), format_: FormatOption = Format.table) -> None:
    """Drills, newest first, and the scenarios that can be run."""
    place = open_workspace(workspace)
    rows = [brief(one) for one in place.store.find("drill", limit=500)]
    if format_ is Format.table:
        rows = [{**row, "started": moment(row["started"])} for row in rows]
        say(f"scenarios: {', '.join(sorted(one['id'] for one in Drills(place, door(place)).scenarios()))}")
    show(rows, COLUMNS, format_, "no drills yet: `yunshao drill run NAME`")


@app.command("show")
def show_(drill: str, workspace: WorkspaceOption = Path(), format_: FormatOption = Format.table) -> None:
    """Steps, expectations and time line; NDJSON gives the whole document."""
    document = open_workspace(workspace).store.get("drill", drill)
    if format_ is Format.ndjson:
        line(document)
        return
    typer.echo(visible(f"{document['playbook']['title']['en']}  [{document['state']}]"))
    for step in document["steps"]:
        typer.echo(visible(f"  step {step['index']}  {step['state']:<10} {step['title']['en']}  {step['by']}"))
    for one in document["expectations"]:
        typer.echo(visible(f"  expect  {one['state']:<10} {one['rule'] or 'acknowledged by ' + one['post']}"))
    for entry in document["timeline"]:
        typer.echo(visible(f"  {moment(entry['at'])}  {entry['text']['en']}"))


@app.command()
def step(
    drill: str,
    index: Annotated[int, typer.Option("--index", help="The step's number; default: the first open task.")] = -1,
    note: Annotated[str, typer.Option("--note")] = "",
    workspace: WorkspaceOption = Path(),
) -> None:
    """Report a task of a drill done."""
    place = open_workspace(workspace)
    open_tasks = [one["index"] for one in place.store.get("drill", drill)["steps"] if one["state"] == "asked"]
    chosen = index if index >= 0 or not open_tasks else open_tasks[0]
    Drills(place, door(place)).answer(drill, chosen, getpass.getuser(), note)
    say(f"step {chosen} is reported")


def _steer(verb: str, drill: str, workspace: Path) -> None:
    place = open_workspace(workspace)
    drills = Drills(place, door(place))
    {"pause": drills.pause, "resume": drills.resume, "abort": drills.abort}[verb](drill, getpass.getuser())
    if verb == "abort":
        drills.advance(drill)
        drills.advance(drill)
    say(f"{drill}: {verb}")


@app.command()
def pause(drill: str, workspace: WorkspaceOption = Path()) -> None:
    """Hold a drill."""
    _steer("pause", drill, workspace)


@app.command()
def resume(drill: str, workspace: WorkspaceOption = Path()) -> None:
    """Go on with a drill."""
    _steer("resume", drill, workspace)


@app.command()
def abort(
    drill: Annotated[str, typer.Argument(help="Id of a drill.")] = "",
    all_: Annotated[bool, typer.Option("--all", help="Every drill that runs.")] = False,
    workspace: WorkspaceOption = Path(),
) -> None:
    """Stop a drill, or every drill, and close what it raised."""
    if bool(drill) == all_:
        raise WrongUse("which drill?", "an id, or --all")
    if not all_:
        _steer("abort", drill, workspace)
        return
    place = open_workspace(workspace)
    drills = Drills(place, door(place))
    ended = drills.abort_all(getpass.getuser())
    for one in ended * 2:
        drills.advance(one)
    say(f"aborted: {', '.join(ended) or 'none was running'}")


@app.command()
def reset(drill: str, workspace: WorkspaceOption = Path()) -> None:
    """End a drill and begin the same one anew, where `up` goes on with it."""
    place = open_workspace(workspace)
    say(f"begun anew: {Drills(place, door(place)).reset(drill, getpass.getuser())}")


@app.command("set-aside")
def set_aside(
    drill: str,
    reason: Annotated[str, typer.Option(help="Why it counts no more; without it, it counts again.")] = "",
    workspace: WorkspaceOption = Path(),
) -> None:
    """Take a finished drill out of risks and readiness, or back in; its report stays."""
    place = open_workspace(workspace)
    Drills(place, door(place)).set_aside(drill, getpass.getuser(), reason)
    say(f"{drill}: {'set aside' if reason.strip() else 'counts again'}")


@app.command()
def rate(
    drill: str,
    objective: Annotated[int, typer.Option(help="Number of an objective, from 1.")] = 0,
    mark: Annotated[str, typer.Option(help="P, S, M or U (HSEEP).")] = "",
    item: Annotated[str, typer.Option(help="One of the nine items of GB/T 38645, such as command.")] = "",
    score: Annotated[int, typer.Option(help="1, 3 or 5.")] = 0,
    workspace: WorkspaceOption = Path(),
) -> None:
    """An evaluator judges an objective, or scores an item, while the drill runs or after it."""
    if bool(objective) == bool(item):
        raise WrongUse("what is judged?", "--objective N --mark P, or --item NAME --score 5")
    place = open_workspace(workspace)
    drills, by = Drills(place, door(place)), getpass.getuser()
    if item:
        drills.score(drill, item, score, by)
    else:
        drills.rate(drill, objective - 1, mark.upper(), by)
    say(f"{drill}: {item or f'objective {objective}'} is {score if item else mark.upper()}")
