"""`yunshao assess`: run an assessment, look at one, or calculate one risk by hand."""

from __future__ import annotations

import getpass
import importlib
from pathlib import Path
from typing import Annotated

import typer

from console.cli import questions
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
from yunshao.errors import WrongUse
from yunshao.model.risk import METHODS, calculate
from yunshao.model.risk.catalog import method_of

app = new_app("Run a risk assessment, calculate a risk by hand, approve, ask units, answer.")
for command in questions.COMMANDS:
    app.command()(command)
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
    method: Annotated[str, typer.Option(help=f"{', '.join(METHODS)}, fair, or one of the workspace's methods/.")],
    asset: Annotated[int | None, typer.Option(help="Value of the asset, or consequence: 1 to 5.")] = None,
    threat: Annotated[int | None, typer.Option(help="Frequency of the threat: 1 to 5.")] = None,
    vulnerability: Annotated[int | None, typer.Option(help="Severity of the weakness: 1 to 5.")] = None,
    given: Annotated[list[str] | None, typer.Option("--input", help="The method's own input: key=value.")] = None,
    seed: Annotated[int | None, typer.Option(help="fair: the seed of the draws.")] = None,
    draws: Annotated[int | None, typer.Option(help="fair: how many years are drawn.")] = None,
    way: Annotated[str, typer.Option(help="fair: compound or product.")] = "compound",
    workspace: WorkspaceOption = Path(),
    format_: FormatOption = Format.table,
) -> None:
    """One risk, step by step. `fair` takes `--input lef=0.5,2,6 --input primary=50000,200000,1000000`."""
    inputs = inputs_of(given or [])
    if method == "fair":
        row = importlib.import_module("console.roles.losses").loss_row(inputs, seed, draws, way)
        if format_ is Format.ndjson:
            line(row)
            return
        for key, value in row.items():
            if key != "curve":
                typer.echo(visible(f"{key} = {value}"))
        return
    known = open_workspace(workspace).methods if (workspace / "methods").is_dir() else METHODS
    numbers = whole_numbers(inputs)
    if numbers:
        found = method_of(method, known).calculate(numbers)
    elif asset is None or threat is None or vulnerability is None:
        raise WrongUse("nothing to reckon with", "--asset, --threat and --vulnerability, or the method's own --input")
    else:
        found = calculate(method, asset, threat, vulnerability, known)
    if format_ is Format.ndjson:
        line(found.as_row())
        return
    for step in found.way:
        typer.echo(visible(step))
    typer.echo(f"level {found.level}")


def inputs_of(given: list[str]) -> dict[str, list[float]]:
    """`key=1,2,3` as numbers by key. Raises WrongUse."""
    found: dict[str, list[float]] = {}
    for one in given:
        key, _, value = one.partition("=")
        try:
            found[key] = [float(part) for part in value.split(",")]
        except ValueError:
            raise WrongUse(f"--input {one!r} is not key=number or key=a,b,c", "for example lef=0.5,2,6") from None
    return found


def whole_numbers(inputs: dict[str, list[float]]) -> dict[str, int]:
    """Single whole numbers by key. Raises WrongUse for anything else."""
    for key, values in inputs.items():
        if len(values) != 1 or not values[0].is_integer():
            raise WrongUse(f"{key} is not one whole number", "")
    return {key: int(values[0]) for key, values in inputs.items()}
