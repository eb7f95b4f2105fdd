"""`yunshao rules blind`: rules that are there and see nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from collectors.catalog import AUTO, PARSERS
from console.cli.common import Format, FormatOption, WorkspaceOption, say, show
from console.cli.rulebook.fields import known_fields
from console.cli.rulebook.sharing import LangOption, chosen_language, entries, texts
from console.cli.rulebook.stored import DAY_MS, DaysOption, newest_event, restored
from console.wiring import Workspace, open_workspace, wall_clock
from detectors.sigma.blind import HARD, Blind, blind
from yunshao.model.alert import AlertQuery
from yunshao.model.event import Event

COLUMNS = ("level", "name", "reason", "about")
EACH = 25
MAX_SAMPLED = 20_000


def blind_(
    days: DaysOption = 30,
    all_: Annotated[
        bool, typer.Option("--all", help="Also rules that could fire and never did: perhaps all is well.")
    ] = False,
    workspace: WorkspaceOption = Path(),
    lang: LangOption = "",
    format_: FormatOption = Format.table,
) -> None:
    """Rules whose source nobody reads here, whose records or fields never came, or (--all) that never fired.

    Fields are looked for in a sample: some events of each kind that a source has, 20,000 at most.
    """
    place = open_workspace(workspace)
    language = chosen_language(lang, workspace)
    sample = _sample(place, days)
    fired = place.store.count_alerts(AlertQuery(drill="any"), "rule_id")
    found = list(blind(place.rules, _read(place), sample, fired, known_fields()))
    rows = [_row(each, language) for each in found if all_ or each.why in HARD]
    show(rows, COLUMNS, format_, "every rule sees what it needs")
    hard = sum(each.why in HARD for each in found)
    total = len(entries(place.rules))
    say(f"{hard} of {total} rules are blind, {len(found) - hard} others never fired; {len(sample)} events looked at")


def _sample(place: Workspace, days: int) -> list[Event]:
    newest = newest_event(place.store, wall_clock())
    if newest is None:
        return []
    return list(restored(place.store.sample_events(newest + 1 - days * DAY_MS, newest + 1, EACH, MAX_SAMPLED)))


def _read(place: Workspace) -> Iterator[str]:
    """The sources that intakes are set up for, and those that records came from."""
    for source in place.settings.sources:
        # What is taken for whatever it looks like, or pushed under a name of its own, may be anything.
        yield from PARSERS if source.source == AUTO else (source.source,)
    yield from (row["source"] for row in place.store.sources())


def _row(one: Blind, language: str) -> dict[str, Any]:
    rule = one.entry
    return {
        "rule_id": rule.id,
        "name": rule.name or rule.id,
        "title": rule.titles[language],
        "level": rule.level,
        "why": one.why,
        "reason": texts()(language, f"blind.{one.why}", n=one.sampled),
        "about": list(one.about),
    }
