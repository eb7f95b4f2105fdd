"""`yunshao hunt`: search what was seen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.cli.common import Format, FormatOption, WorkspaceOption, new_app, show
from console.wiring import open_workspace

app = new_app("Search stored events by SQL or field:value.")


@app.command()
def hunt(
    question: Annotated[
        str, typer.Argument(help="'operation:GetObject src_ip:203.0.113.*' or 'SELECT … FROM events …'")
    ],
    workspace: WorkspaceOption = Path(),
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 100,
    format_: FormatOption = Format.table,
) -> None:
    """Read-only: one SELECT over `events`, or words that must all hold."""
    rows = open_workspace(workspace).store.hunt(question, limit)
    columns = [column for column in (rows[0] if rows else {}) if column not in {"ocsf", "native"}]
    show(rows, columns, format_, "nothing found")
