"""`yunshao rules explain RULE EVENT`: which part of a rule held on an event, and which did not."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.tree import Tree

from collectors.catalog import PARSERS, framing_of, guess
from collectors.files.reading import Splitter
from collectors.files.source import read_paths
from collectors.json_record import native_of
from collectors.spec import hint_for
from console.cli.common import PIPED_WIDTH, WorkspaceOption, json_line, say
from console.cli.offline import checked_source
from console.cli.rulebook.explained import Speaker, many_form, rule_form
from console.cli.rulebook.sharing import LangOption, chosen_language, is_workspace, rule_called
from console.cli.rulebook.stored import restored, stored_event
from console.wiring import open_workspace, wall_clock
from detectors.sigma.explain import Explained, explain
from detectors.sigma.explain_many import ExplainedMany, explain_many, needed
from detectors.sigma.model import Correlation, Loaded, Rule
from detectors.sigma.prove import RAW, event_of
from detectors.sigma.route import sources_of
from streams.normalise import normalise
from yunshao.errors import NotFound, Rejection, WrongUse
from yunshao.model.event import Event, Record, Rejected

MAX_EVENTS = 1_000
MAX_NEAR = 20_000
STDIN_BYTES = 16 << 20
ZONE = "Asia/Shanghai"
AUTO = "auto"


class Shape(StrEnum):
    """How an explanation is printed."""

    table = "table"
    ndjson = "ndjson"
    json = "json"


def explain_(
    rule: Annotated[str, typer.Argument(help="A rule file, or the id or name of a rule.", metavar="RULE")],
    event: Annotated[
        str, typer.Argument(help="A log file, - for stdin, or the id of a stored event.", metavar="EVENT")
    ],
    source: Annotated[
        str, typer.Option("--source", help="What the records of a file are; default: what they look like.")
    ] = AUTO,
    workspace: WorkspaceOption = Path(),
    lang: LangOption = "",
    format_: Annotated[Shape, typer.Option("--format", help="A tree for people, or JSON.")] = Shape.table,
) -> None:
    """Which part of the rule held on the event and which did not. Exit 0 whatever the answer is."""
    checked_source(source)
    speaker = Speaker(chosen_language(lang, workspace), _zone(workspace))
    entry, loaded = rule_called(rule, workspace)
    if event == "-" or Path(event).exists():
        events = list(islice(_given(event, source, entry, loaded), MAX_EVENTS))
        if not events:
            raise WrongUse("holds no event that can be read", "one native record, or several", event)
        answers = _of_file(entry, loaded, events)
    else:
        answers = [_of_store(entry, loaded, event, workspace)]
    _print(answers, speaker, format_)


def _zone(workspace: Path) -> str:
    return open_workspace(workspace).settings.timezone if is_workspace(workspace) else ZONE


Answer = Explained | ExplainedMany


def _of_file(entry: Rule | Correlation, loaded: Loaded, events: list[Event]) -> list[Answer]:
    if isinstance(entry, Correlation):
        return [explain_many(entry, loaded, events)]
    return [explain(entry, event) for event in events]


def _of_store(entry: Rule | Correlation, loaded: Loaded, uid: str, workspace: Path) -> Answer:
    if not is_workspace(workspace):
        raise WrongUse(f"no file {uid!r}", "an event's id needs a workspace: -w DIR")
    store = open_workspace(workspace).store
    event = stored_event(store, uid)
    if event is None:
        raise NotFound(f"no file and no stored event {uid!r}", "`yunshao hunt` finds events and their uid")
    if not isinstance(entry, Correlation):
        return explain(entry, event)
    sources = {name for rule in needed(entry, loaded).rules for name in sources_of(rule.logsource)}
    near = store.events_between(event.time - entry.timespan, event.time + entry.timespan + 1, sorted(sources))
    return explain_many(entry, loaded, list(islice(restored(near), MAX_NEAR)), event)


def _given(event: str, source: str, entry: Rule | Correlation, loaded: Loaded) -> Iterator[Event]:
    """The events of a file or of stdin. Raises WrongUse where a record cannot be read."""
    bases = [entry] if isinstance(entry, Rule) else list(needed(entry, loaded).rules)
    fallback = next((name for rule in bases for name in sources_of(rule.logsource) if name in PARSERS), "")
    records = _from_stdin(source, fallback) if event == "-" else read_paths([event], source, wall_clock)
    for number, record in enumerate(records, start=1):
        if isinstance(record, Rejected):
            raise WrongUse(f"record {number}: {record.detail or record.reason}", "", event)
        yield _event(record, number, source, fallback, event)


def _from_stdin(source: str, fallback: str) -> Iterable[Record | Rejected]:
    framing = framing_of(fallback if source == AUTO else source)
    splitter = Splitter(framing)
    data = sys.stdin.buffer.read(STDIN_BYTES + 1)
    if len(data) > STDIN_BYTES:
        raise WrongUse(f"more than {STDIN_BYTES >> 20} MiB", "one event, or a few", "stdin")
    received = wall_clock()
    for number, piece in enumerate([*splitter.feed(data), *splitter.close()], start=1):
        hint = hint_for(framing, "stdin", received)
        if isinstance(piece, bytes):
            yield Record(source, piece, number, received, hint)
        else:
            yield Rejected(source, number, piece.reason, piece.detail, piece.raw, received, hint)


def _event(record: Record, number: int, source: str, fallback: str, where: str) -> Event:
    """The record as it is; one that lacks what every record has (an id, a time) gets that, as in the tests of rules."""
    taken = normalise(PARSERS, guess, record)
    if isinstance(taken, Event):
        return taken
    name = (guess(record.raw, record.hint) or fallback) if source == AUTO else source
    parser = PARSERS.get(name)
    if parser is None:
        raise WrongUse(f"record {number}: looks like no source that is known", "name it: --source NAME", where)
    try:
        native = _native(record.raw)
        made = event_of(parser, native, number, record.hint)
    except Rejection as why:
        raise WrongUse(f"record {number}: no record of {name}: {why}", "--source says what it is", where) from None
    say(f"record {number}: taken for one of {name} although it is none that would be accepted ({taken.reason})")
    if RAW in native:
        return made
    # Rules see what is there; only id, time and OCSF form come from the record that was completed.
    return Event(name, made.uid, made.time, native, lambda _native, _identity: made.ocsf)


def _native(raw: bytes) -> dict[str, Any]:
    if raw.lstrip()[:1] == b"{":
        return native_of(raw)
    return {RAW: raw.decode("utf-8", "replace")}


def _print(answers: list[Answer], speaker: Speaker, format_: Shape) -> None:
    if format_ is Shape.table:
        console = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
        for answer in answers:
            tree: Tree = speaker.rule(answer) if isinstance(answer, Explained) else speaker.many(answer)
            console.print(tree)
        return
    forms = [rule_form(each) if isinstance(each, Explained) else many_form(each) for each in answers]
    if format_ is Shape.ndjson:
        sys.stdout.buffer.writelines(map(json_line, forms))
        return
    whole = forms[0] if len(forms) == 1 else forms
    mended = orjson.loads(json_line({"answer": whole}))["answer"]
    sys.stdout.buffer.write(orjson.dumps(mended, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
