"""`yunshao alerts`: triage from the command line; the console calls the same changes."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli import snooze
from console.cli.common import Format, FormatOption, WorkspaceOption, line, moment, new_app, say, show, visible
from console.cli.snooze import full_id, rule_id_of
from console.wiring import Workspace, open_workspace, wall_clock
from yunshao.errors import WrongUse
from yunshao.model import alert as words
from yunshao.model.alert import Alert, AlertQuery, as_row, to_ocsf

app = new_app("Triage: list, show, ack, assign, close, snooze, export.")
app.command("snooze")(snooze.snooze)
app.command("snoozes")(snooze.snoozes)
app.command("wake")(snooze.wake)
COLUMNS = ("id", "time", "last", "count", "level", "status", "title", "unit", "entity", "assignee")
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
    snoozed: Annotated[bool, typer.Option("--snoozed", help="Those that are snoozed.")] = False,
    staged: Annotated[bool, typer.Option("--staged", help="Those of rules on trial.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 50,
    format_: FormatOption = Format.table,
) -> None:
    """Newest first; drills, snoozed and staged ones are left out unless asked for, and counted on stderr."""
    place = open_workspace(workspace)
    query = AlertQuery(
        status=_known(status, words.STATUSES),
        level=_known(level, tuple(words.SEVERITY_ID)),
        unit=_units(place, unit),
        rule=rule_id_of(place, rule) if rule else "",
        text=text,
        drill=drill,
        snoozed="only" if snoozed else "no",
        staged="only" if staged else "no",
        at=wall_clock(),
        limit=limit,
    )
    show(_rows(place, query, format_), COLUMNS, format_, "no alerts")
    say(_left_out(place, query))


def _left_out(place: Workspace, query: AlertQuery) -> str:
    """What the same question would give among those that rest or are on trial."""
    others = (replace(query, snoozed="only", staged="no"), replace(query, staged="only", snoozed="any"))
    counts = [sum(place.store.count_alerts(other, "status").values()) for other in others]
    return f"{counts[0]} snoozed (--snoozed), {counts[1]} staged (--staged)"


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
        yield row if format_ is Format.ndjson else _for_people(found, row)


def _for_people(found: Alert, row: dict[str, Any]) -> dict[str, Any]:
    times = {"time": moment(found.first), "last": moment(found.last) if found.count > 1 else ""}
    title = f"{row['title']} (flood of {found.groups} groups)" if found.groups else row["title"]
    return {**row, **times, "title": title, "id": found.id[:12]}


def paged(place: Workspace, query: AlertQuery) -> Iterator[Alert]:
    """Every alert of a query up to its limit, page by page."""
    left, before = query.limit, query.before
    while left > 0:
        page = place.store.alerts(replace(query, limit=min(left, PAGE), before=before))
        yield from page
        if len(page) < PAGE:
            return
        left -= len(page)
        before = page[-1].id


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
    for text in _fold_words(found):
        typer.echo(f"  {text}")
    for event in evidence:
        typer.echo(visible(f"  evidence    {moment(event.time)}  {event.source}  {event.uid}"))
    for deed in found.deeds:
        typer.echo(visible(f"  {moment(deed.at)}  {deed.by}: {deed.did} {deed.note}"))


def _fold_words(found: Alert) -> Iterator[str]:
    """What the alert is beyond its earliest finding."""
    if found.count > 1:
        yield f"{'findings':<11} {found.count}, from {moment(found.first)} to {moment(found.last)}"
    if found.groups:
        yield f"{'flood':<11} {found.groups} groups"
    if found.since_closed:
        yield f"{'since then':<11} {found.since_closed} more after it was closed"
    if found.finding.staged:
        yield f"{'staged':<11} its rule is on trial"
    if found.snoozed > wall_clock():
        yield f"{'snoozed':<11} until {moment(found.snoozed)}"


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
    query = AlertQuery(drill=drill, limit=limit)
    for found in paged(place, query):
        line(to_ocsf(found, place.estate.chief_post(found.finding.owner.unit)))
    left = sum(place.store.count_alerts(replace(query, staged="only"), "status").values())
    if left:
        say(f"{left} of rules on trial are left out")
