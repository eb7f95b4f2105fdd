"""`yunshao rules backtest`: rules over the stored days, and what an edit of them changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from collectors.catalog import PARSERS
from console.cli.common import Format, FormatOption, WorkspaceOption, line, moment, say, show
from console.cli.rulebook.sharing import LangOption, chosen_language, entries, there, watched
from console.cli.rulebook.stored import DAY_MS, DaysOption, newest_event, restored
from console.wiring import Workspace, open_workspace, pipelines, wall_clock
from detectors.sigma.detector import SigmaDetector
from detectors.sigma.explain_many import needed
from detectors.sigma.load import load_folders
from detectors.sigma.model import Correlation, Loaded, Rule
from detectors.sigma.route import sources_of
from streams.backtest import Backtest, Day, Tally
from streams.hearing import BLOCK
from streams.lookback import Lookback
from streams.pipeline import Rooms
from yunshao.errors import BadContent, CheckFailed
from yunshao.model.alert import Alert, pick

TOP = 5
EXAMPLES = 5
MAX_LISTED = 1_000
COLUMNS = ("level", "name", "alerts", "a_day", "most_on", "entities")
COMPARED = ("level", "name", "before", "alerts", "added", "removed", "a_day", "most_on", "entities")


def backtest(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Rule files or folders. Default: all rules of the workspace.")
    ] = None,
    days: DaysOption = 14,
    against: Annotated[
        Path | None,
        typer.Option("--against", help="An older version of the rules, a file or a folder, to compare with."),
    ] = None,
    workspace: WorkspaceOption = Path(),
    lang: LangOption = "",
    format_: FormatOption = Format.table,
) -> None:
    """Alerts a day for each rule, and by whom; with --against what the edit adds and removes. Nothing is stored."""
    place = open_workspace(workspace)
    language = chosen_language(lang, workspace)
    newest = newest_event(place.store, wall_clock())
    if newest is None:
        say("no events are stored yet")
        return
    now, before, wanted = _rule_sets(place, paths, against)
    test = Backtest(_lookback(place, now), _lookback(place, before) if before else None, _day_of(place), wanted)
    since = newest + 1 - days * DAY_MS
    stored = _events(place, since, newest + 1, [*now.rules, *(before.rules if before else ())])
    while block := list(islice(stored, BLOCK)):
        test.see(block)
    test.close()
    names = {each.id: each for loaded in (before, now) if loaded for each in entries(loaded) if each.id in wanted}
    _print(test, names, days, language, format_, compared=before is not None)
    span = f"{_day_of(place)(since)} to {_day_of(place)(newest)}"
    said = f"{test.events} events, {span}: {sum(tally.alerts for tally in test.tallies.values())} alerts"
    say(f"{said}, {len(test.added)} added, {len(test.removed)} removed" if before else said)
    if test.failures or test.uncompared:
        raise CheckFailed(f"{test.failures} events could not be judged, {test.uncompared} alerts were not compared")


def _events(place: Workspace, since: int, until: int, rules: Iterable[Rule]) -> Iterator[Any]:
    sources = sorted({source for rule in rules for source in sources_of(rule.logsource)})
    counts = place.store.count_events("source", since, until)
    total = sum(count for source, count in counts.items() if source in sources)
    stored = place.store.events_between(since, until, sources) if sources else ()
    return restored(watched(stored, "events", total))


def _rule_sets(
    place: Workspace, paths: list[Path] | None, against: Path | None
) -> tuple[Loaded, Loaded | None, frozenset[str]]:
    """The rules of now, the older ones, and the ids that are asked about: those of the files, and all that stands on
    them."""
    through = pipelines([place.folder / name for name in place.settings.detect.pipelines])
    known = place.rules

    def over(files: Sequence[Path]) -> tuple[Loaded, set[str]]:
        loaded = load_folders(there(files), base=known, reshape=through)
        refused = [each for each in loaded.refused if each not in known.refused]
        mine = _in_files(entries(loaded), files)
        if refused and not mine:
            raise BadContent(refused[0].reason, "", refused[0].file, refused[0].line)
        for each in refused:
            say(f"{each.file}:{each.line}: refused: {each.reason}")
        # A rule that is refused must not be stood in for by the one it was to replace.
        return _without({each.rule_id for each in refused}, loaded), {each.id for each in mine}

    now, asked = over(paths) if paths else (known, set())
    before, old = over([against]) if against else (None, set())
    asked = asked | old or {each.id for each in entries(now)}
    wanted = _upwards(asked, now) | (_upwards(asked, before) if before else set())
    return _part(now, wanted), _part(before, wanted) if before else None, frozenset(wanted)


def _without(ids: set[str], loaded: Loaded) -> Loaded:
    """The rules but these, and but the correlations that stand on them."""
    gone = _upwards(ids, loaded)
    return Loaded(
        tuple(rule for rule in loaded.rules if rule.id not in gone),
        tuple(each for each in loaded.correlations if each.id not in gone),
    )


def _in_files(found: Iterable[Rule | Correlation], files: Sequence[Path]) -> list[Rule | Correlation]:
    """Those that were read from these files or folders, however their paths are written."""
    roots = [path.resolve() for path in files]
    return [each for each in found if any(Path(each.file).resolve().is_relative_to(root) for root in roots)]


def _upwards(asked: set[str], loaded: Loaded) -> set[str]:
    """The ids, and those of every correlation that stands on one of them."""
    found = set(asked)
    for _step in loaded.correlations:
        more = {each.id for each in loaded.correlations if found & set(each.rules)} - found
        if not more:
            break
        found |= more
    return found


def _part(loaded: Loaded, wanted: set[str]) -> Loaded:
    """What is needed to judge these as they would be judged among all."""
    parts = [needed(each, loaded) for each in entries(loaded) if each.id in wanted]
    rules = {rule.id: rule for part in parts for rule in part.rules}
    correlations = {each.id: each for part in parts for each in part.correlations}
    return Loaded(tuple(rules.values()), tuple(correlations.values()))


def _lookback(place: Workspace, loaded: Loaded) -> Lookback:
    lateness = place.settings.detect.lateness * 1000
    rooms = Rooms(PARSERS, [SigmaDetector(loaded, lateness)], lambda _event, claim: claim, lateness=lateness)
    return Lookback(rooms, lambda events: place.store.drill_of(events, {}))


def _day_of(place: Workspace) -> Day:
    zone = ZoneInfo(place.settings.timezone)

    def day(time: int) -> str:
        try:
            return datetime.fromtimestamp(time / 1000, zone).date().isoformat()
        except (OverflowError, ValueError, OSError):
            return datetime.fromtimestamp(0, UTC).date().isoformat()

    return day


def _print(
    test: Backtest,
    names: dict[str, Rule | Correlation],
    days: int,
    lang: str,
    format_: Format,
    *,
    compared: bool,
) -> None:
    added, removed = _by_rule(test.added), _by_rule(test.removed)
    rows = [
        {
            **_row(each, test, days, lang),
            "added": _examples(added.get(each.id, []), lang),
            "removed": _examples(removed.get(each.id, []), lang),
        }
        for each in names.values()
    ]
    rows.sort(key=lambda row: (-row["alerts"], -row["before"], row["name"]))
    if format_ is Format.ndjson:
        for row in rows:
            line(row if compared else {key: row[key] for key in row if key not in {"before", "added", "removed"}})
        return
    shown = [_cells(row) for row in rows if row["alerts"] or row["before"]]
    show(shown, COMPARED if compared else COLUMNS, format_, "no rule would have said anything")
    quiet = len(rows) - len(shown)
    if quiet:
        say(f"{quiet} rules would have said nothing")
    for word, alerts in (("added", test.added), ("removed", test.removed)):
        for alert in alerts[:EXAMPLES]:
            say(f"{word}: {moment(alert.finding.time)} {alert.finding.rule_name}: {pick(alert, lang, 'why')}")
        if len(alerts) > EXAMPLES:
            say(f"{word}: and {len(alerts) - EXAMPLES} more, see --format ndjson")


def _row(rule: Rule | Correlation, test: Backtest, days: int, lang: str) -> dict[str, Any]:
    tally, earlier = test.tallies.get(rule.id, Tally()), test.earlier.get(rule.id, Tally())
    return {
        "rule_id": rule.id,
        "name": rule.name or rule.id,
        "title": rule.titles[lang],
        "level": rule.level,
        "alerts": tally.alerts,
        "drill_alerts": tally.drill,
        "a_day": round(tally.alerts / days, 2),
        "days": dict(sorted(tally.days.items())),
        "entities": [{"entity": name, "alerts": count} for name, count in tally.entities.most_common(TOP)],
        "before": earlier.alerts,
    }


def _by_rule(alerts: Iterable[Alert]) -> dict[str, list[Alert]]:
    found: dict[str, list[Alert]] = {}
    for alert in alerts:
        found.setdefault(alert.finding.rule_id, []).append(alert)
    return found


def _examples(mine: Sequence[Alert], lang: str) -> dict[str, Any]:
    listed = [
        {
            "id": alert.id,
            "time": alert.finding.time,
            "entity": alert.finding.entity,
            "why": pick(alert, lang, "why"),
            "event_ids": [ref.uid for ref in alert.finding.events[:TOP]],
        }
        for alert in mine[:MAX_LISTED]
    ]
    return {"alerts": len(mine), "examples": listed}


def _cells(row: dict[str, Any]) -> dict[str, Any]:
    most = max(row["days"].items(), key=lambda day: day[1], default=None)
    return {
        **row,
        "most_on": f"{most[0]}: {most[1]}" if most else "",
        "entities": [f"{each['entity']} ({each['alerts']})" for each in row["entities"][:3]],
        "added": row["added"]["alerts"],
        "removed": row["removed"]["alerts"],
    }
