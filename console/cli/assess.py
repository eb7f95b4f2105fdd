"""`yunshao assess`: run an assessment, look at one, or calculate one risk by hand."""

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
    new_app,
    say,
    show,
    visible,
)
from console.roles.assessments import brief, run_assessment
from console.wiring import open_workspace
from yunshao.model.risk import METHODS, calculate

app = new_app("Run a risk assessment, or calculate one risk by hand.")
COLUMNS = ("id", "playbook", "as_of", "method", "risks", "level_5", "level_4", "level_3", "level_2", "level_1")


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="Id of an assessment playbook.")] = "city_risk_assessment",
    workspace: WorkspaceOption = Path(),
    format_: FormatOption = Format.table,
) -> None:
    """Run it now; the document is kept, `yunshao report build ID` makes it a report."""
    place = open_workspace(workspace)
    found = place.store.get("assessment", run_assessment(place, name, getpass.getuser()))
    row = brief(found)
    show([row if format_ is Format.ndjson else {**row, "as_of": moment(row["as_of"])}], COLUMNS, format_)


@app.command("list")
def list_(workspace: WorkspaceOption = Path(), format_: FormatOption = Format.table) -> None:
    """Assessments, newest first, and the playbooks that can be run."""
    place = open_workspace(workspace)
    rows = [brief(one) for one in place.store.find("assessment")]
    if format_ is Format.table:
        rows = [{**row, "as_of": moment(row["as_of"])} for row in rows]
        known = sorted(one.id for one in place.playbooks.values() if one.kind == "assessment")
        say(f"playbooks: {', '.join(known)}")
    show(rows, COLUMNS, format_, "no assessments yet: `yunshao assess run NAME`")


@app.command("show")
def show_(
    assessment: str,
    workspace: WorkspaceOption = Path(),
    lang: LanguageOption = "en",
    format_: FormatOption = Format.table,
) -> None:
    """The risks of one assessment, highest first; NDJSON gives the whole document."""
    document = open_workspace(workspace).store.get("assessment", assessment)
    if format_ is Format.ndjson:
        line(document)
        return
    names = {
        one["id"]: one["name"][language(lang)] for part in ("assets", "threats", "weaknesses") for one in document[part]
    }
    rows = [
        {
            "level": risk["current"]["level"],
            "R": risk["current"]["R"],
            "inherent": risk["inherent"]["level"],
            "asset": names.get(risk["asset"], risk["asset"]),
            "threat": names.get(risk["threat"], risk["threat"]),
            "weakness": names.get(risk["weakness"], risk["weakness"]),
            "treatment": risk["treatment"],
        }
        for risk in document["risks"]
    ]
    show(rows, ("level", "R", "inherent", "asset", "threat", "weakness", "treatment"), format_)


@app.command("calculate")
def calculate_(
    method: Annotated[str, typer.Option(help=", ".join(METHODS))],
    asset: Annotated[int, typer.Option(help="Value of the asset, or consequence: 1 to 5.")],
    threat: Annotated[int, typer.Option(help="Frequency of the threat: 1 to 5.")],
    vulnerability: Annotated[int, typer.Option(help="Severity of the weakness: 1 to 5.")],
    format_: FormatOption = Format.table,
) -> None:
    """One risk, step by step."""
    found = calculate(method, asset, threat, vulnerability)
    if format_ is Format.ndjson:
        line(found.as_row())
        return
    for step in found.way:
        typer.echo(visible(step))
    typer.echo(f"level {found.level}")
