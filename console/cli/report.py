"""`yunshao report build ID`: files in every asked format and language, in one sealed bundle."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from console.cli.common import Format, FormatOption, WorkspaceOption, line, moment, new_app, show
from console.roles.reporting import build_report, bundle, bundle_path
from console.wiring import open_workspace
from yunshao.errors import WrongUse

app = new_app("Build a report into a sealed bundle.")
KNOWN_FORMATS = ("html", "pdf", "docx", "json", "oscal")
KNOWN_LANGUAGES = ("zh", "en")


@app.command()
def build(
    document: Annotated[str, typer.Argument(help="Id of an assessment or a drill.")],
    formats: Annotated[str, typer.Option("--format", help="html,pdf,docx,json,oscal")] = "html,pdf,json",
    languages: Annotated[str, typer.Option("--lang", help="zh,en")] = "zh,en",
    out: Annotated[Path | None, typer.Option("--out", help="Also write the bundle here.")] = None,
    workspace: WorkspaceOption = Path(),
) -> None:
    """Prints where the bundle is."""
    place = open_workspace(workspace)
    asked = _asked(formats, KNOWN_FORMATS), _asked(languages, KNOWN_LANGUAGES)
    report = build_report(place, document, getpass.getuser(), *asked)
    if out:
        out.write_bytes(bundle(place, report))
    typer.echo(str(out or bundle_path(place, report)))


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
