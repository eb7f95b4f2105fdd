"""`yunshao playbook`: response playbooks, and their runs."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.common import Format, FormatOption, WorkspaceOption, line, moment, new_app, say, show
from console.roles.notices import Notices
from console.roles.runs import KIND, Runs
from console.wiring import open_workspace, read_text, wall_clock
from playbooks.engine.machine import rehearsed
from playbooks.load import parse_playbook
from yunshao.errors import WrongUse

app = new_app("Response playbooks, and their runs.")
InputOption = Annotated[list[str] | None, typer.Option("--input", help="KEY=VALUE, as the playbook needs; repeatable.")]
TIMES = ("at", "kind", "step", "by", "note")


def _runs(folder: Path) -> Runs:
    place = open_workspace(folder)
    return Runs(place, Notices(place))


def _given(pairs: list[str] | None) -> dict[str, str]:
    if wrong := [one for one in pairs or () if "=" not in one]:
        raise WrongUse(f"{wrong[0]!r} is no input", "KEY=VALUE")
    return {key: value for key, _, value in (one.partition("=") for one in pairs or ())}


def _timeline(run: dict[str, Any], format_: Format) -> None:
    rows = [one if format_ is Format.ndjson else {**one, "at": moment(one["at"])} for one in run["timeline"]]
    show(rows, TIMES, format_)


@app.command("list")
def list_(workspace: WorkspaceOption = Path(), format_: FormatOption = Format.table) -> None:
    """The response playbooks of the workspace."""
    found = [one for one in open_workspace(workspace).playbooks.values() if one.program]
    rows = [{"id": one.id, "version": one.version, "title": one.title["en"], "needs": list(one.program.needs)}
            for one in found if one.program]  # fmt: skip
    show(rows, ("id", "version", "title", "needs"), format_)


@app.command()
def check(file: Path) -> None:
    """Read a playbook of any kind; exit 2 with file and field where it is refused."""
    say(f"{parse_playbook(read_text(file), str(file)).id}: good")


@app.command()
def dry(
    name: str, given: InputOption = None, workspace: WorkspaceOption = Path(), format_: FormatOption = Format.table
) -> None:
    """What would be done, if every act succeeds and every question gets its first answer. Nothing is done or kept."""
    _timeline(rehearsed(_runs(workspace).program(name), _given(given), wall_clock()), format_)


@app.command()
def run(name: str, given: InputOption = None, workspace: WorkspaceOption = Path()) -> None:
    """Begin one; `yunshao up` goes on with it."""
    typer.echo(_runs(workspace).start(name, _given(given), getpass.getuser()))


@app.command()
def runs(workspace: WorkspaceOption = Path(), format_: FormatOption = Format.table) -> None:
    """Runs, newest first."""
    found = open_workspace(workspace).store.find(KIND, limit=500)
    rows = [
        {
            "id": one["id"],
            "playbook": one["program"]["id"],
            "state": one["state"],
            "by": one["by"],
            "started": one["started"] if format_ is Format.ndjson else moment(one["started"]),
        }
        for one in found
    ]
    show(rows, ("id", "playbook", "state", "started", "by"), format_, "no runs yet")


@app.command("show")
def show_(run: str, workspace: WorkspaceOption = Path(), format_: FormatOption = Format.table) -> None:
    """The time line of a run; NDJSON gives the whole document."""
    document = open_workspace(workspace).store.get(KIND, run)
    if format_ is Format.ndjson:
        line(document)
    else:
        _timeline(document, format_)


@app.command()
def answer(run: str, step: str, answer: str, workspace: WorkspaceOption = Path()) -> None:
    """Answer a question, or say yes or no to an act."""
    _runs(workspace).answer(run, step, answer, getpass.getuser())
    say(f"{run} {step}: {answer}")


@app.command()
def pause(run: str, workspace: WorkspaceOption = Path()) -> None:
    """Hold a run."""
    _runs(workspace).steer(run, "pause", getpass.getuser())


@app.command()
def resume(run: str, workspace: WorkspaceOption = Path()) -> None:
    """Go on with a run."""
    _runs(workspace).steer(run, "resume", getpass.getuser())


@app.command()
def abort(run: str, workspace: WorkspaceOption = Path()) -> None:
    """Stop a run; what can be undone is undone."""
    _runs(workspace).steer(run, "abort", getpass.getuser())
