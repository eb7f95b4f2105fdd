"""`yunshao doctor`: what is configured, reachable, lagging or wrong, and how to mend it."""

from __future__ import annotations

import shutil
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from console.cli import doctor_cluster
from console.cli.common import Format, FormatOption, WorkspaceOption, moment, new_app, show
from console.roles.pipeline import pipeline_runs_elsewhere
from console.wiring import Workspace, open_workspace, wall_clock
from detectors.sigma.model import Correlation, Rule
from detectors.sigma.overlay import LIVE, strangers
from yunshao.errors import CheckFailed, YunshaoError
from yunshao.estate.load import estate_warnings
from yunshao.model.alert import AlertQuery
from yunshao.settings import SourceSettings

app = new_app("What is configured, reachable, lagging or wrong, and how to mend it.")
LOW_DISK_BYTES = 2 << 30
DAY_MS = 24 * 3_600_000
QUIET_AFTER_MS = DAY_MS
MOST_FLOODS = 50


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing looked at: `state` is ok, warning or wrong."""

    what: str
    state: str
    found: str
    mend: str = ""


@app.command()
def doctor(workspace: WorkspaceOption = Path(), format_: FormatOption = Format.table) -> None:
    """Exit 1 when something is wrong."""
    place = open_workspace(workspace)
    engines = [Diagnosis(*one) for one in doctor_cluster.look(place)]
    away = any(one.what == "node" and one.state == "wrong" for one in engines)
    # What is in a node that is away is not asked for again and again.
    looks = [look for look in LOOKS if not (away and look in IN_STORE)]
    found = [diagnosis for look in looks for diagnosis in _safely(look, place)] + engines
    rows = [{"what": d.what, "state": d.state, "found": d.found, "mend": d.mend} for d in found]
    show(rows, ("state", "what", "found", "mend"), format_)
    wrong = sum(diagnosis.state == "wrong" for diagnosis in found)
    if wrong:
        raise CheckFailed(f"{wrong} of {len(found)} looks found something wrong")


def _safely(look: Callable[[Workspace], Iterator[Diagnosis]], place: Workspace) -> list[Diagnosis]:
    try:
        return list(look(place))
    except YunshaoError as error:
        return [Diagnosis(look.__name__.strip("_"), "wrong", error.line(), error.mend)]


def _settings(place: Workspace) -> Iterator[Diagnosis]:
    yield Diagnosis(
        "settings", "ok", f"{len(place.settings.sources)} sources, {len(place.settings.schedule)} schedules"
    )


def _registry(place: Workspace) -> Iterator[Diagnosis]:
    estate = place.estate
    yield Diagnosis(
        "registry", "ok", f"{len(estate.units)} units, {len(estate.systems)} systems, {len(estate.claims)} claims"
    )
    for warning in estate_warnings(estate):
        yield Diagnosis("registry", "warning", warning, "docs/org.md")


def _rules(place: Workspace) -> Iterator[Diagnosis]:
    loaded = place.rules
    yield Diagnosis("rules", "ok", f"{len(loaded.rules)} rules, {len(loaded.correlations)} correlations")
    for refused in loaded.refused:
        yield Diagnosis("rules", "wrong", f"{refused.file}:{refused.line}: {refused.reason}", "yunshao rules check")


def _life_cycle(place: Workspace) -> Iterator[Diagnosis]:
    entries: list[Rule | Correlation] = [*place.rules.rules, *place.rules.correlations]
    counts = Counter(rule.stage if rule.enabled else "disabled" for rule in entries)
    yield Diagnosis("stages", "ok", ", ".join(f"{count} {stage}" for stage, count in sorted(counts.items())))
    for name in strangers(place.rules, place.overlay):
        yield Diagnosis("overlay", "warning", f"decides over {name[:80]!r}, which is no rule here", "kept as it is")
    judges = {rule.id for rule in entries if rule.enabled and rule.stage in LIVE}
    for rule in place.rules.correlations:
        if rule.id in judges and not judges.issuperset(rule.rules):
            yield Diagnosis(
                "stages", "warning", f"{rule.name or rule.id} counts a rule that does not judge", "stage it"
            )


def _exceptions(place: Workspace) -> Iterator[Diagnosis]:
    hidden = sum(row["count"] for row in place.store.excepted())
    applied = sum(one.state == "applied" for one in place.exceptions)
    yield Diagnosis("exceptions", "ok", f"{applied} applied, {hidden} findings hidden so far")
    for one in place.exceptions:
        if one.state != "applied":
            name = one.exception.id if one.exception else one.place
            found = f"{name} is not applied, {one.state}: {'; '.join(one.why)}"
            yield Diagnosis("exceptions", "warning", found, "yunshao rules exceptions check")


def _floods(place: Workspace) -> Iterator[Diagnosis]:
    since = wall_clock() - DAY_MS
    floods = place.store.alerts(AlertQuery(flood=True, staged="any", since=since, limit=MOST_FLOODS))
    yield Diagnosis(
        "floods", "ok", f"{len(floods)} in 24 h; {place.settings.detect.flood} groups an hour are let through"
    )
    for one in floods:
        found = f"{one.finding.rule_name} of {one.finding.source}, {moment(one.first)}: "
        found += f"{one.groups} groups, {one.count} findings in one alert"
        yield Diagnosis("floods", "warning", found, "mend or stage the rule, or write an exception")


def _queue(place: Workspace) -> Iterator[Diagnosis]:
    """What is not in the default queue is counted here too."""
    now, open_ = wall_clock(), ("new", "acknowledged")
    snoozed = AlertQuery(status=open_, snoozed="only", at=now)
    staged = AlertQuery(status=open_, staged="only")
    counts = [sum(place.store.count_alerts(query, "status").values()) for query in (snoozed, staged)]
    yield Diagnosis("queue", "ok", f"{counts[0]} open alerts snoozed, {counts[1]} staged")


def _playbooks(place: Workspace) -> Iterator[Diagnosis]:
    yield Diagnosis("playbooks", "ok", ", ".join(sorted(place.playbooks)))
    for one in place.settings.schedule:
        if one.playbook not in place.playbooks:
            yield Diagnosis("schedule", "wrong", f"no playbook {one.playbook!r}", "name one of those above")


def _disk(place: Workspace) -> Iterator[Diagnosis]:
    free = shutil.disk_usage(place.data).free
    state = "ok" if free > LOW_DISK_BYTES else "warning"
    yield Diagnosis(
        "disk", state, f"{free / 2**30:.1f} GiB free", "" if state == "ok" else "make room, or shorten retention"
    )


def _pipeline(place: Workspace) -> Iterator[Diagnosis]:
    running = pipeline_runs_elsewhere(place.data)
    waiting = place.spool.waiting()
    shared = place.settings.cluster is not None
    yield Diagnosis(
        "collector" if shared else "pipeline",
        "ok" if running else "warning",
        f"{'runs' if running else 'does not run'} here, {waiting} bytes of pushed records wait",
        "" if running else "`yunshao collect`, where this machine has sources" if shared else "`yunshao up`",
    )


def _sources(place: Workspace) -> Iterator[Diagnosis]:
    seen = {row["source"]: row for row in place.store.sources()}
    for source in place.settings.sources:
        yield from _one_source(place, source)
    now = wall_clock()
    for name, row in seen.items():
        last = row["last_received"]
        quiet = last is None or now - last > QUIET_AFTER_MS
        yield Diagnosis(
            f"source {name}",
            "warning" if quiet or row["rejected"] else "ok",
            f"{row['processed']} events, {row['rejected']} rejected, last {moment(last) or 'never'}",
            "nothing for a day: look at the sender"
            if quiet
            else "see `rejects` on the sources page"
            if row["rejected"]
            else "",
        )


def _one_source(place: Workspace, source: SourceSettings) -> Iterator[Diagnosis]:
    if source.kind == "file":
        pattern = place.folder / source.path
        there = pattern.exists() or any(c in source.path for c in "*?[")
        yield Diagnosis(
            f"intake {source.name}", "ok" if there else "warning", str(source.path), "" if there else "no such path yet"
        )
    for address in filter(None, (source.udp, source.tcp)):
        host, _, port = address.rpartition(":")
        yield Diagnosis(f"intake {source.name}", "ok" if _can_bind(host, port) else "warning", address, "")


def _can_bind(host: str, port: str) -> bool:
    try:
        socket.getaddrinfo(host or None, int(port))
    except (OSError, ValueError):
        return False
    return True


LOOKS = (
    *(_settings, _registry, _rules, _life_cycle, _exceptions, _floods, _queue),
    *(_playbooks, _disk, _pipeline, _sources),
)
IN_STORE = (_exceptions, _floods, _queue, _sources)
