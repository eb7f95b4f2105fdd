"""`yunshao detect`: Sigma rules over log files; no workspace, no state kept."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from collectors.files.source import read_paths
from console.cli.common import Format, json_line, moment, new_app, say, show
from console.cli.offline import checked_files, checked_source, rejected_row
from console.wiring import offline_rooms, wall_clock
from detectors.catalog import library
from detectors.sigma.load import load_folders
from detectors.sigma.model import Loaded
from detectors.sigma.overlay import OFFLINE, judging
from streams.offline import detect as detect_stream
from streams.offline import detect_grouped
from yunshao.errors import WrongUse
from yunshao.model.alert import Alert, as_row
from yunshao.model.event import Rejected

app = new_app("Run Sigma rules over log files, keeping no state.")
COLUMNS = ("time", "level", "title", "entity", "rule_id", "event_ids")


@app.command()
def detect(
    files: Annotated[list[Path], typer.Argument(help="Log files or folders.")],
    source: Annotated[str, typer.Option("--source", help="Source name, or auto.")],
    rules: Annotated[
        list[Path] | None, typer.Option("--rules", help="Rule files or folders; repeatable. Default: the own library.")
    ] = None,
    rejects: Annotated[Path | None, typer.Option("--rejects", help="Where rejected records go (NDJSON).")] = None,
    group: Annotated[bool, typer.Option("--group", help="Fold matches as the live queue does; at the end.")] = False,
    format_: Annotated[
        Format, typer.Option("--format", help="For people, or one JSON object an alert.")
    ] = Format.ndjson,
) -> None:
    """One line a match, in the order of the log. Rejected records are counted on stderr and never end the run."""
    checked_source(source)
    checked_files(files)
    rooms = offline_rooms(_rules(rules))
    refused: list[int] = [0]
    with (rejects or Path("/dev/null")).open("wb") as sink:

        def reject(record: Rejected) -> None:
            refused[0] += 1
            sink.write(json_line(rejected_row(record)))

        stream = detect_grouped if group else detect_stream
        alerts = stream(rooms, read_paths(files, source, wall_clock), reject)
        count = _print(alerts, format_)
    say(f"{count} alerts, {refused[0]} records rejected")


def _rules(paths: list[Path] | None) -> Loaded:
    if not paths:
        return judging(library(), OFFLINE)
    missing = next((path for path in paths if not path.exists()), None)
    if missing:
        raise WrongUse("no such file or folder", "", str(missing))
    everything = load_folders(paths)
    loaded = judging(everything, OFFLINE)
    for refused in loaded.refused:
        say(f"{refused.file}:{refused.line}: refused: {refused.reason}")
    count = len(loaded.rules) + len(loaded.correlations)
    drafts = len(everything.rules) + len(everything.correlations) - count
    say(f"{count} rules loaded" + (f", {drafts} drafts left out" if drafts else ""))
    return loaded


def _print(alerts: Iterator[Alert], format_: Format) -> int:
    if format_ is Format.table:
        return show(({**as_row(alert), "time": moment(alert.finding.time)} for alert in alerts), COLUMNS, format_)
    count = 0
    write = sys.stdout.buffer.write
    for alert in alerts:
        write(json_line(as_row(alert)))
        count += 1
    return count
