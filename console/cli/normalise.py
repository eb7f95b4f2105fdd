"""`yunshao normalise`: log files to OCSF NDJSON on stdout, what was refused to a file of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from collectors.files.source import read_paths
from console.cli.common import json_line, new_app, say
from console.cli.offline import Guessed, checked_files, checked_source, rejected_row
from console.wiring import offline_rooms, wall_clock
from streams.pipeline import understand
from yunshao.model.event import Record, Rejected

app = new_app("Turn log files into OCSF NDJSON.")


@app.command()
def normalise(
    files: Annotated[list[Path], typer.Argument(help="Plain or gzip; NDJSON, array, wrapper, objects run together.")],
    source: Annotated[str, typer.Option("--source", help="Source name, or auto.")],
    rejects: Annotated[Path | None, typer.Option("--rejects", help="Where rejected records go (NDJSON).")] = None,
    native: Annotated[bool, typer.Option("--native", help="Add the native record as `native`.")] = False,
) -> None:
    """One OCSF object a line; rejected records with reason and position to --rejects, their count to stderr."""
    checked_source(source)
    checked_files(files)
    rooms = offline_rooms(None)
    taken = refused = 0
    guessed = Guessed()
    with _sink(rejects) as sink:
        for record in read_paths(files, source, wall_clock):
            event = understand(rooms, record) if isinstance(record, Record) else record
            if isinstance(event, Rejected):
                refused += 1
                sink.write(json_line(rejected_row(event)))
                continue
            taken += 1
            guessed.add(event.source)
            row = {**event.ocsf, "native": event.native} if native else event.ocsf
            sys.stdout.buffer.write(json_line(row))
    if source == "auto":
        say(f"guessed: {guessed.words()}")
    say(f"{taken} events, {refused} rejected" + ("" if rejects or not refused else " (name a file with --rejects)"))


def _sink(path: Path | None) -> BinaryIO:
    return (path or Path("/dev/null")).open("wb")
