"""`yunshao risk`: the register, proposals of the machine, treatment, acceptance, imported findings."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, Any

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
)
from console.days import time_of
from console.roles.register import SHOWN, accept_risk, decide_on, import_findings, plan_risk, rows_of
from console.wiring import open_workspace
from playbooks.assess.findings import MAX_BYTES
from yunshao.errors import NotFound, WrongUse
from yunshao.model.register import ACTIONS, KINDS

app = new_app("The risk register: proposals, treatment, acceptance, findings, as of any moment.")
KindArgument = Annotated[str, typer.Argument(help=", ".join(KINDS))]
AsOf = Annotated[str, typer.Option("--as-of", help="As it stood then: 2026-03-31, or with a time, 2026-03-31T08:00.")]
TIMES = ("due", "until")


@app.command("list")
def list_(
    kind: KindArgument = "risk",
    as_of: AsOf = "",
    workspace: WorkspaceOption = Path(),
    lang: LanguageOption = "en",
    format_: FormatOption = Format.table,
) -> None:
    """What the register holds of a kind."""
    if kind not in KINDS:
        raise WrongUse(f"the register holds no {kind!r}", f"one of {', '.join(KINDS)}")
    place = open_workspace(workspace)
    zone = place.settings.timezone
    rows = rows_of(place.store, kind, time_of(as_of, zone, end=True) if as_of else None)
    if format_ is Format.ndjson:
        for row in rows:
            line(row)
        return
    columns = ("key", "name", *SHOWN[kind])
    show([_shown(row, language(lang), zone) for row in rows], columns, format_, f"no {kind} in the register")


def _shown(row: dict[str, Any], lang: str, zone: str) -> dict[str, Any]:
    body = dict(row["body"])
    if row["kind"] == "risk":
        body |= {"level": body["current"]["level"], "inherent": body["inherent"]["level"]}
    for key in TIMES:
        if isinstance(body.get(key), int):
            body[key] = moment(body[key], zone)[:10]
    for key, value in body.items():
        if isinstance(value, dict) and {"zh", "en"} <= set(value):
            body[key] = value[lang]
    return {"name": body.get("title", ""), **body, "key": row["key"]}


@app.command()
def history(
    kind: KindArgument,
    key: str,
    workspace: WorkspaceOption = Path(),
    format_: FormatOption = Format.table,
) -> None:
    """Every revision of one entry, the oldest first."""
    place = open_workspace(workspace)
    found = [one.as_row() for one in place.store.history(kind, key)]
    if not found:
        raise NotFound(f"no {kind} {key!r}", f"`yunshao risk list {kind}`")
    rows = (
        found
        if format_ is Format.ndjson
        else [{**row, "at": moment(row["at"], place.settings.timezone)} for row in found]
    )
    show(rows, ("at", "by", "reason", "revision", "body"), format_)


@app.command()
def decide(
    proposal: Annotated[str, typer.Argument(help="Id of a proposal, or how it begins.")],
    verdict: Annotated[str, typer.Argument(help="accept, adjust or decline")],
    value: Annotated[float | None, typer.Option(help="adjust: the figure that counts instead.")] = None,
    reason: Annotated[str, typer.Option(help="Why; needed to adjust and to decline.")] = "",
    workspace: WorkspaceOption = Path(),
) -> None:
    """Say what counts; the machine's own figure stays beside it. The next assessment goes by it."""
    decide_on(open_workspace(workspace), proposal, verdict, getpass.getuser(), value, reason)


@app.command()
def treat(
    risk: Annotated[str, typer.Argument(help="Id of a risk.")],
    action: Annotated[str, typer.Option(help=", ".join(ACTIONS))],
    post: Annotated[str, typer.Option(help="The post that does it.")],
    due: Annotated[str, typer.Option(help="Until which day.")],
    expected: Annotated[int, typer.Option(help="The level that is expected then.")] = 0,
    note: Annotated[str, typer.Option(help="What is done.")] = "",
    workspace: WorkspaceOption = Path(),
) -> None:
    """Plan what is done about a risk, by whom, until when."""
    place = open_workspace(workspace)
    until = time_of(due, place.settings.timezone, end=True)
    plan_risk(place, risk, action, post, until, expected, note, getpass.getuser())


@app.command()
def accept(
    risk: Annotated[str, typer.Argument(help="Id of a risk of level 1 to 3.")],
    approver: Annotated[str, typer.Option(help="The post that approves it.")],
    until: Annotated[str, typer.Option(help="The last day on which it is borne.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    workspace: WorkspaceOption = Path(),
) -> None:
    """Bear a risk until a day; after that it is to be treated again."""
    place = open_workspace(workspace)
    accept_risk(place, risk, approver, time_of(until, place.settings.timezone, end=True), reason, getpass.getuser())


@app.command("import")
def import_(
    files: Annotated[list[Path] | None, typer.Argument(help="OCSF, ASFF, SARIF or plain JSON findings.")] = None,
    system: Annotated[str, typer.Option(help="Whose findings these are.")] = "",
    epss: Annotated[Path | None, typer.Option(help="The published EPSS scores (CSV).")] = None,
    kev: Annotated[Path | None, typer.Option(help="The catalogue of known exploited vulnerabilities (JSON).")] = None,
    workspace: WorkspaceOption = Path(),
) -> None:
    """Take scanner findings in as weaknesses; what EPSS and KEV say goes to all that are there."""
    place = open_workspace(workspace)
    if system and system not in place.estate.systems:
        raise WrongUse(f"no system {system!r} in the register of the city", "`yunshao org show`")
    scores = read(epss).decode("utf-8", "replace") if epss else None
    known = read(kev) if kev else None
    count, changed, refused = import_findings(place, map(read, files or []), system, scores, known, getpass.getuser())
    for one in refused:
        say(one)
    typer.echo(f"{count} findings read, {changed} entries changed, {len(refused)} refused")


def read(path: Path) -> bytes:
    """A file's bytes, bounded. Raises WrongUse."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise WrongUse(f"cannot be read: {error.strerror}", "", str(path)) from None
    if len(data) > MAX_BYTES:
        raise WrongUse(f"larger than {MAX_BYTES >> 20} MiB", "", str(path))
    return data
