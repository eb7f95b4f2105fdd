"""`yunshao oncall`: who is on call, what waits for an answer, what was sent."""

from __future__ import annotations

import getpass
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from console.cli.common import Format, FormatOption, WorkspaceOption, moment, new_app, say, show
from console.roles.notices import Notices
from console.wiring import open_workspace, wall_clock
from yunshao.errors import CheckFailed, WrongUse

app = new_app("Who is on call, what waits for an answer, what was sent.")
PAGES = ("id", "level", "drill", "state", "title", "created", "by")
DELIVERIES = ("id", "channel", "person", "to", "state", "tries", "title", "sent", "reason")
DAY_MS = 86_400_000


@app.command("show")
def show_(
    days: Annotated[int, typer.Option(help="How far to look ahead.", min=1, max=366)] = 7,
    workspace: WorkspaceOption = Path(),
    format_: FormatOption = Format.table,
) -> None:
    """Who is on call now and in the next days."""
    notices, now = Notices(open_workspace(workspace)), wall_clock()
    rows = []
    for rota in notices.holders():
        for one in notices.shifts(rota, now, now + days * DAY_MS):
            times = (one.start, one.end) if format_ is Format.ndjson else (moment(one.start), moment(one.end))
            rows.append({"rota": rota, "person": one.person, "from": times[0], "until": times[1], "handed": one.handed})
    show(rows, ("rota", "person", "from", "until", "handed"), format_, "no rota: see docs/on-call.md")


@app.command()
def pages(
    all_: Annotated[bool, typer.Option("--all", help="Also those that were answered.")] = False,
    workspace: WorkspaceOption = Path(),
    format_: FormatOption = Format.table,
) -> None:
    """What waits for an answer."""
    notices = Notices(open_workspace(workspace))
    found = notices.pages(500) if all_ else notices.open_pages()
    if format_ is Format.table:
        found = [{**one, "title": one["title"]["en"], "created": moment(one["created"])} for one in found]
    show(found, PAGES, format_, "nobody is being paged")


@app.command()
def ack(page: str, workspace: WorkspaceOption = Path()) -> None:
    """Take a page, and the alert that it is about."""
    Notices(open_workspace(workspace)).acknowledge(page, getpass.getuser(), "command")
    say(f"page {page} is yours")


@app.command()
def handover(
    rota: str,
    person: str,
    until: Annotated[str, typer.Option(help="A local time such as '2026-03-01 09:00'.")],
    note: Annotated[str, typer.Option()] = "",
    workspace: WorkspaceOption = Path(),
) -> None:
    """Somebody takes a rota from now on until a time."""
    place = open_workspace(workspace)
    try:
        local = datetime.fromisoformat(until)
    except ValueError:
        raise WrongUse(f"{until!r} is no time", "such as '2026-03-01 09:00'") from None
    at = local if local.tzinfo else local.replace(tzinfo=ZoneInfo(place.settings.timezone))
    Notices(place).hand_over(rota, person, int(at.timestamp() * 1000), getpass.getuser(), note)
    say(f"{rota}: {person} until {until}")


@app.command()
def deliveries(workspace: WorkspaceOption = Path(), format_: FormatOption = Format.table) -> None:
    """What was sent, and what came of it; the newest first."""
    found = Notices(open_workspace(workspace)).deliveries(200)
    if format_ is Format.table:
        found = [{**one, "title": one["title"]["en"], "sent": moment(one["sent"])} for one in found]
    show(found, DELIVERIES, format_, "nothing has been sent")


@app.command()
def again(workspace: WorkspaceOption = Path()) -> None:
    """Put back every delivery that failed."""
    say(f"{Notices(open_workspace(workspace)).try_again(getpass.getuser())} put back")


@app.command("test")
def try_(
    channel: str,
    to: Annotated[str, typer.Option(help="An address of the channel.")] = "",
    workspace: WorkspaceOption = Path(),
) -> None:
    """Send one test message now. Exit 1 where it did not arrive."""
    outcome = Notices(open_workspace(workspace)).sending.test(channel, to, getpass.getuser())
    if not outcome.sent:
        raise CheckFailed(f"{channel}: {outcome.reason}", "look at url, token and secret in oncall.yaml")
    say(f"{channel}: sent")
