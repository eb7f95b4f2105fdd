"""`yunshao report build`: files in every asked format and language, in one sealed bundle."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from console.cli.common import Format, FormatOption, WorkspaceOption, line, moment, new_app, show, visible
from console.roles.custom import check_reports
from console.roles.reporting import build_report, bundle, bundle_path
from console.roles.reviews import REVIEWS, make_review
from console.wiring import open_workspace
from reports.catalog import BUILDERS
from yunshao.errors import CheckFailed, WrongUse

app = new_app("Build a report into a sealed bundle.")
KNOWN_FORMATS = ("html", "pdf", "docx", "json", "oscal")
KNOWN_LANGUAGES = ("zh", "en")


@app.command()
def build(
    document: Annotated[str, typer.Argument(help="A kind of review (`report kinds`), or the id of a document.")],
    formats: Annotated[str, typer.Option("--format", help="html,pdf,docx,json,oscal")] = "html,pdf,docx,json",
    languages: Annotated[str, typer.Option("--lang", help="zh,en")] = "zh,en",
    period: Annotated[str, typer.Option(help="A review of this month: 2026-03. Otherwise of the last days.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Also write the bundle here.")] = None,
    workspace: WorkspaceOption = Path(),
) -> None:
    """Prints where the bundle is. A review is made of what the store knows by now, and then built."""
    place = open_workspace(workspace)
    asked = _asked(formats, KNOWN_FORMATS), _asked(languages, KNOWN_LANGUAGES)
    by, kind = getpass.getuser(), document.replace("-", "_")
    if period and kind not in REVIEWS:
        raise WrongUse(f"{document} has no period", f"--period is for {', '.join(REVIEWS)}")
    wanted = make_review(place, kind, by, period) if kind in REVIEWS else document
    report = build_report(place, wanted, by, *asked)
    if out:
        out.write_bytes(bundle(place, report))
    typer.echo(str(out or bundle_path(place, report)))


@app.command()
def kinds(format_: FormatOption = Format.table) -> None:
    """The kinds of reports: reviews are built by their name, others by the id of their document."""
    rows = [{"kind": one, "of": "the store, by name" if one in REVIEWS else "a document, by id"} for one in BUILDERS]
    show(rows, ("kind", "of"), format_)


@app.command()
def check(workspace: WorkspaceOption = Path(), format_: FormatOption = Format.table) -> None:
    """What would break of the site's own texts, logo and templates (`reports/` in the workspace): exit 0, or 1."""
    flaws = check_reports(open_workspace(workspace))
    for one in flaws:
        if format_ is Format.ndjson:
            line({"file": one.file, "text": one.text})
        else:
            typer.echo(visible(f"{one.file}: {one.text}"))
    if flaws:
        raise CheckFailed("reports/ holds what would break", f"{len(flaws)} found; docs/reports.md")


def _asked(words: str, known: tuple[str, ...]) -> list[str]:
    asked = [word.strip() for word in words.split(",") if word.strip()]
    unknown = [word for word in asked if word not in known]
    if unknown or not asked:
        raise WrongUse(f"unknown {', '.join(unknown) or 'nothing'}", f"any of {','.join(known)}")
    return list(dict.fromkeys(asked))


@app.command("list")
def list_(workspace: WorkspaceOption = Path(), format_: FormatOption = Format.table) -> None:
    """Reports that were built, newest first."""
    place = open_workspace(workspace)
    rows = place.store.find("report")
    if format_ is Format.ndjson:
        for row in rows:
            line(row)
        return
    shown = [
        {**row, "title": row["title"]["en"], "created": moment(row["created"]), "files": len(row["files"])}
        for row in rows
    ]
    show(shown, ("id", "kind", "title", "created", "files", "bundle"), format_, "no reports yet")
