"""`yunshao detect`: Sigma rules over log files; no workspace, no state kept."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from collectors.files.source import read_envelopes
from console.cli.common import Format, json_line, moment, new_app, say, show
from console.cli.offline import Guessed, PipelineOption, checked_files, checked_source, rejected_row
from console.rule_cache import library, load_cached
from console.wiring import OFFLINE_LATENESS, offline_rooms, pipelines, settled, wall_clock
from detectors.sigma.load import load_folders
from detectors.sigma.model import Loaded
from detectors.sigma.overlay import OFFLINE, judging
from streams.offline import detect as detect_stream
from streams.offline import detect_grouped
from streams.short_memory import LetGo
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
    pipeline: PipelineOption = None,
    rejects: Annotated[Path | None, typer.Option("--rejects", help="Where rejected records go (NDJSON).")] = None,
    lateness: Annotated[
        int,
        typer.Option(
            "--lateness", min=0, max=366 * 86_400, help="Seconds of log time by which events may be out of order."
        ),
    ] = OFFLINE_LATENESS,
    group: Annotated[bool, typer.Option("--group", help="Fold matches as the live queue does; at the end.")] = False,
    format_: Annotated[
        Format, typer.Option("--format", help="For people, or one JSON object an alert.")
    ] = Format.ndjson,
) -> None:
    """One line a match; those of correlations come when nothing late can change them, at the latest in the end.

    Rejected records are counted on stderr and never end the run.
    """
    checked_source(source)
    checked_files(files)
    rooms = offline_rooms(_rules(rules, pipeline), lateness)
    settled()
    let_go = LetGo()
    refused: list[int] = [0]
    guessed = Guessed()
    with (rejects or Path("/dev/null")).open("wb") as sink:

        def reject(record: Rejected) -> None:
            refused[0] += 1
            sink.write(json_line(rejected_row(record)))

        records = read_envelopes(files, source, wall_clock)
        understood = (lambda event: guessed.add(event.source)) if source == "auto" else None
        stream = detect_grouped if group else detect_stream
        alerts = stream(rooms, records, reject, let_go, understood)
        count = _print(alerts, format_)
    if source == "auto":
        say(f"guessed: {guessed.words()}")
    say(f"{count} alerts, {refused[0]} records rejected")
    if let_go.memories or let_go.events:
        say(f"memory was full: {let_go.memories} groups were judged early, {let_go.events} events no longer counted")


def _rules(paths: list[Path] | None, through: list[Path] | None) -> Loaded:
    if not paths:
        if through:
            raise WrongUse("--pipeline is for the rules of --rules", "name them; the own library needs none")
        return judging(library(), OFFLINE)
    missing = next((path for path in paths if not path.exists()), None)
    if missing:
        raise WrongUse("no such file or folder", "", str(missing))
    everything = load_folders(paths, reshape=pipelines(through)) if through else load_cached(paths)
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
