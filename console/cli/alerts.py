"""`yunshao alerts`: triage from the command line; the console calls the same changes."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.common import Format, FormatOption, WorkspaceOption, line, moment, new_app, show, visible
from console.wiring import Workspace, open_workspace, wall_clock
from yunshao.errors import NotFound, WrongUse
from yunshao.model import alert as words
from yunshao.model.alert import Alert, AlertQuery, as_row, to_ocsf

app = new_app("Triage: list, show, ack, assign, close, export.")
COLUMNS = ("id", "time", "level", "status", "title", "unit", "entity", "assignee")
By = Annotated[str, typer.Option("--by", help="Who does it; default: you.")]
Note = Annotated[str, typer.Option("--note", help="Why, in a few words.")]
Ids = Annotated[list[str], typer.Argument(help="Alert ids, or the first 8 or more characters of one.")]
PAGE = 500


@app.command("list")
def list_(
    workspace: WorkspaceOption = Path(),
    status: Annotated[list[str] | None, typer.Option(help="new, acknowledged, closed; repeatable.")] = None,
    level: Annotated[list[str] | None, typer.Option(help="informational to critical; repeatable.")] = None,
    unit: Annotated[str, typer.Option(help="A unit and all below it.")] = "",
    rule: Annotated[str, typer.Option(help="Rule id or name.")] = "",
    text: Annotated[str, typer.Option(help="Words in title or entity.")] = "",
    drill: Annotated[str, typer.Option(help="no, only, any, or a drill's id.")] = "no",
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 50,
    format_: FormatOption = Format.table,
) -> None:
    """Newest first; drills are left out unless asked for."""
    place = open_workspace(workspace)
    query = AlertQuery(
        status=_known(status, words.STATUSES),
        level=_known(level, tuple(words.SEVERITY_ID)),
        unit=_units(place, unit),
        rule=rule,
        text=text,
        drill=drill,
        limit=limit,
    )
    show(_rows(place, query, format_), COLUMNS, format_, "no alerts")


def _known(values: list[str] | None, allowed: tuple[str, ...]) -> tuple[str, ...]:
    for value in values or ():
        if value not in allowed:
            raise WrongUse(f"unknown value {value!r}", f"one of {', '.join(allowed)}")
    return tuple(values or ())


def _units(place: Workspace, unit: str) -> tuple[str, ...]:
    if not unit or unit == "unowned":
        return (unit,) if unit else ()
    below = place.estate.below(unit)
    if not below:
        raise WrongUse(f"no unit {unit!r}", "`yunshao org show` lists them")
    return below


def _rows(place: Workspace, query: AlertQuery, format_: Format) -> Iterator[dict[str, Any]]:
    for found in paged(place, query):
        row = as_row(found)
        yield row if format_ is Format.ndjson else {**row, "time": moment(found.finding.time), "id": found.id[:12]}


def paged(place: Workspace, query: AlertQuery) -> Iterator[Alert]:
    """Every alert of a query up to its limit, page by page."""
    left, before = query.limit, query.before
    while left > 0:
        page = place.store.alerts(AlertQuery(**{**_fields(query), "limit": min(left, PAGE), "before": before}))
        yield from page
        if len(page) < PAGE:
            return
        left -= len(page)
        before = page[-1].id


def _fields(query: AlertQuery) -> dict[str, Any]:
    return {name: getattr(query, name) for name in query.__dataclass_fields__}


@app.command("show")
def show_(alert_id: str, workspace: WorkspaceOption = Path(), format_: FormatOption = Format.table) -> None:
    """Why it fired, whose it is, its evidence, and what was done."""
    place = open_workspace(workspace)
    found = place.store.alert(full_id(place, alert_id))
    evidence = place.store.evidence(found.id)
    if format_ is Format.ndjson:
        deeds = [{"at": d.at, "by": d.by, "did": d.did, "note": d.note} for d in found.deeds]
        events = [
            {"source": e.source, "uid": e.uid, "time": e.time, "ocsf": e.ocsf, "native": e.native} for e in evidence
        ]
        line({**as_row(found), "deeds": deeds, "evidence": events})
        return
    row = as_row(found)
    chief = place.estate.chief_post(found.finding.owner.unit)
    typer.echo(visible(f"{row['title']}  [{row['level']}, {row['status']}]"))
    typer.echo(visible(f"  {row['why']}"))
    for key in ("id", "rule_id", "unit", "system", "entity", "techniques", "assignee", "drill"):
        if row[key]:
            typer.echo(visible(f"  {key:<11} {', '.join(row[key]) if isinstance(row[key], list) else row[key]}"))
    typer.echo(visible(f"  {'chief':<11} {chief or 'nobody: unowned'}"))
    typer.echo(f"  {'event time':<11} {moment(found.finding.time)}   detected {moment(found.detected)}")
    for event in evidence:
        typer.echo(visible(f"  evidence    {moment(event.time)}  {event.source}  {event.uid}"))
    for deed in found.deeds:
        typer.echo(visible(f"  {moment(deed.at)}  {deed.by}: {deed.did} {deed.note}"))


def full_id(place: Workspace, start: str) -> str:
    """The id that begins so. Raises WrongUse where several do."""
    if len(start) >= 32:
        return start
    if len(start) < 8:
        raise WrongUse("an alert id has 32 characters", "give at least the first 8")
    found = place.store.ids_from(start)
    if len(found) != 1:
        raise NotFound(f"{'several alerts' if found else 'no alert'} with an id that begins {start!r}")
    return found[0]


def _change(folder: Path, ids: list[str], change: Callable[[Alert], Alert]) -> None:
    place = open_workspace(folder)
    for start in ids:
        changed = place.store.change_alert(full_id(place, start), change)
        typer.echo(visible(f"{changed.id[:12]}  {changed.status}  {changed.assignee}"))


@app.command()
def ack(ids: Ids, workspace: WorkspaceOption = Path(), by: By = "", note: Note = "") -> None:
    """Take alerts: they are yours now."""
    _change(workspace, ids, lambda found: words.acknowledge(found, by or getpass.getuser(), wall_clock(), note))


@app.command()
def assign(
    ids: Ids,
    to: Annotated[str, typer.Option("--to", help="Whose it is now.")],
    workspace: WorkspaceOption = Path(),
    by: By = "",
) -> None:
    """Give alerts to somebody."""
    _change(workspace, ids, lambda found: words.assign(found, to, by or getpass.getuser(), wall_clock()))


@app.command()
def close(
    ids: Ids,
    verdict: Annotated[str, typer.Option(help=", ".join(words.VERDICTS))],
    note: Annotated[str, typer.Option("--note", help="Why, in a few words.")],
    workspace: WorkspaceOption = Path(),
    by: By = "",
) -> None:
    """End alerts with a verdict and a reason."""
    _change(workspace, ids, lambda found: words.close(found, verdict, by or getpass.getuser(), wall_clock(), note))


@app.command()
def reopen(ids: Ids, workspace: WorkspaceOption = Path(), by: By = "", note: Note = "") -> None:
    """Bring closed alerts back."""
    _change(workspace, ids, lambda found: words.reopen(found, by or getpass.getuser(), wall_clock(), note))


@app.command()
def export(
    workspace: WorkspaceOption = Path(),
    drill: Annotated[str, typer.Option(help="no, only, any, or a drill's id.")] = "no",
    limit: Annotated[int, typer.Option(min=1)] = 100_000,
) -> None:
    """Every alert as an OCSF Detection Finding (class 2004), one JSON object a line."""
    place = open_workspace(workspace)
    for found in paged(place, AlertQuery(drill=drill, limit=limit)):
        line(to_ocsf(found, place.estate.chief_post(found.finding.owner.unit)))
