"""Incidents as rows of lists, and how long they took: figures of what is real, drills never among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from playbooks.drill.metrics import duration_figures
from playbooks.incident import book
from yunshao.model.alert import Alert
from yunshao.model.skew import corrected

Row = Mapping[str, Any]
Spans = dict[str, tuple[int | None, int | None]]
NAMES = ("detect", "acknowledge", "triage", "contain", "recover", "notify")


def brief(incident: Row, now: int) -> dict[str, Any]:
    """An incident as one row of a list."""
    clocks = book.clocks(incident, now)
    waiting = [one for one in clocks if one["sent"] is None and one["ours"]]
    return {
        "id": incident["id"],
        "title": incident["title"]["en"],
        "title_zh": incident["title"]["zh"],
        "state": incident["state"],
        "category": incident["category"],
        "classification_grade": incident["classification"]["grade"],
        "reporting_grade": incident["reporting"]["grade"],
        "known": incident["known"],
        "created": incident["created"],
        "units": incident["units"],
        "lead": incident["lead"],
        "alerts": len(incident["alerts"]),
        "open_tasks": sum(one["state"] == "open" for one in incident["tasks"]),
        "evidence": len(incident["evidence"]),
        "next_report": min(waiting, key=lambda one: (one["due"], one["duty"]), default=None),
    }


def spans(incident: Row, skewed: Mapping[str, int] = MappingProxyType({}), sources: Iterable[str] = ()) -> Spans:
    """(start, end) of each time of an incident, as docs/incidents.md defines them; an end that is not there is None.

    `skewed` says how far the clock of a source is ahead (ms); the largest of the incident's `sources` corrects the
    moment of its first event, which is the only one that is not of our own clock.
    """
    stamps = incident["stamps"]
    ahead = max((skewed.get(one, 0) for one in sources), default=0)
    occurred = incident["occurred"]
    detected = stamps.get("detected")
    return {
        "detect": (None if occurred is None else occurred - ahead, detected),
        "acknowledge": (detected, stamps.get("acknowledged")),
        "triage": (detected, stamps.get("triaged")),
        "contain": (detected, stamps.get("contained")),
        "recover": (detected, stamps.get("recovered")),
        "notify": (incident["known"], incident["sent"].get("first", {}).get("at")),
    }


def unit_figures(
    incidents: Iterable[Row], alerts: Iterable[Alert], units: Iterable[str], skewed: Mapping[str, int]
) -> dict[str, dict[str, Any]]:
    """Mean, median and 90th percentile in seconds of each time, for some units together.

    To detect and to acknowledge are those of every real alert; the others those of incidents, without false positives
    and those that were merged away. What has no end is counted as unfinished; drills are in none.
    """
    wanted = set(units)
    pairs: dict[str, list[tuple[int | None, int | None]]] = {name: [] for name in NAMES}
    for one in alerts:
        if one.drill or one.verdict == "false_positive" or one.finding.owner.unit not in wanted:
            continue
        pairs["detect"].append((corrected(one.first, one.finding.source, skewed), one.detected))
        pairs["acknowledge"].append((one.detected, one.acknowledged))
    for incident in incidents:
        if incident["state"] in {"false_positive", "merged"} or not wanted & set(incident["units"]):
            continue
        for name, pair in spans(incident).items():
            if name not in {"detect", "acknowledge"} and (name != "notify" or owes(incident)):
                pairs[name].append(pair)
    return {name: duration_figures(found) for name, found in pairs.items()}


def owes(incident: Row) -> bool:
    """Whether a first report was owed or has gone."""
    return "first" in incident["sent"] or any(one.key == "first" for one in book.owed(incident))
