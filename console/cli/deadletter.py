"""`yunshao deadletter`: what could not be taken, with its reason and place; and once more through the intake."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.common import Format, FormatOption, WorkspaceOption, line, moment, new_app, say, show, visible
from console.roles.letters import SENT, SHOWN_BYTES, replay, replayed, row_of, whole_or_refused
from console.wiring import Workspace, open_workspace
from yunshao.errors import WrongUse

app = new_app("What could not be taken: list, show, replay.")
COLUMNS = ("number", "source", "reason", "detail", "hint", "position", "where", "received", "size", "replayed")
PAGE = 50
Number = Annotated[int, typer.Argument(min=1, help="Its number in the list.")]
SourceOption = Annotated[str, typer.Option(help="Of one source; `envelope`: whole messages.")]


@app.command("list")
def list_(
    source: SourceOption = "",
    reason: Annotated[str, typer.Option(help="Of one reason.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 100,
    workspace: WorkspaceOption = Path(),
    format_: FormatOption = Format.table,
) -> None:
    """The newest first."""
    place = open_workspace(workspace)
    told = replayed(place)
    rows: list[dict[str, Any]] = []
    before = 0
    while len(rows) < limit:
        page = place.store.letters(source, before, PAGE)
        rows += [row_of(one, told.get(one.number)) for one in page if reason in ("", one.record.reason)]
        if len(page) < PAGE:
            break
        before = page[-1].number
    if format_ is Format.table:
        rows = [{**row, "received": moment(row["received"]), "replayed": moment(row["replayed"])} for row in rows]
    show(rows[:limit], COLUMNS, format_, "every record was taken")


@app.command("show")
def show_(number: Number, workspace: WorkspaceOption = Path(), format_: FormatOption = Format.table) -> None:
    """One letter, with the beginning of what was kept of it."""
    place = open_workspace(workspace)
    letter = whole_or_refused(place, number)
    row = row_of(letter, replayed(place).get(number))
    raw = letter.record.raw[:SHOWN_BYTES].decode("utf-8", "backslashreplace")
    if format_ is Format.ndjson:
        line({**row, "raw": raw})
        return
    for name, value in {**row, "received": moment(row["received"]), "replayed": moment(row["replayed"])}.items():
        typer.echo(f"{name:<9} {visible(value)}")
    typer.echo(visible(raw))


@app.command("replay")
def replay_(
    numbers: Annotated[list[int] | None, typer.Argument(help="Numbers in the list.")] = None,
    source: SourceOption = "",
    reason: Annotated[str, typer.Option(help="With --source: of one reason alone.")] = "",
    again: Annotated[bool, typer.Option("--again", help="Also what was told again before.")] = False,
    workspace: WorkspaceOption = Path(),
) -> None:
    """Once more through the intake, as if the record had just come. What fails again is a new letter."""
    if bool(numbers) == bool(source):
        raise WrongUse("which letters?", "numbers of the list, or --source NAME")
    place = open_workspace(workspace)
    by, sent = getpass.getuser(), 0
    if numbers:
        for number in numbers:
            replay(place, number, by, again)
            sent += 1
    else:
        sent = _all_of(place, source, reason, by, again)
    say(f"{sent} letters are on their way")


def _all_of(place: Workspace, source: str, reason: str, by: str, again: bool) -> int:
    """Those that are there now: what comes back meanwhile is newer."""
    told, sent, before = replayed(place), 0, 0
    while page := place.store.letters(source, before, PAGE):
        before = page[-1].number
        for one in page:
            if reason not in ("", one.record.reason) or (told.get(one.number, {}).get("state") == SENT and not again):
                continue
            try:
                replay(place, one.number, by, again)
            except WrongUse as error:
                say(f"{one.number}: {error.line()}")
            else:
                sent += 1
    return sent
