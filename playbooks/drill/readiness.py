"""How ready a unit is, from its drills and what was to be mended after them: 100 less printed deductions. Pure.

Nothing of it is stored: where a drill is set aside, or an item is mended, the deduction is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from playbooks.drill.say import both
from yunshao.model.rectification import overdue

YEAR_MS = 365 * 86_400_000
FULL = 100
NEVER, MISSED, LATE, UNANSWERED, OVERDUE = 20, 10, 5, 5, 5
MOST_OF_DRILLS, MOST_OF_ITEMS = 40, 40

Row = Mapping[str, Any]


def counts_for(drill: Row) -> bool:
    """Whether a drill counts: it came to its end, and nobody has set it aside."""
    return drill.get("state") == "done" and not drill.get("set_aside")


def units_of(drill: Row) -> set[str]:
    """The units that a drill exercised: owners of what it raised."""
    return {str(one["unit"]) for one in drill.get("alerts", ()) if one.get("unit") not in {"", None, "unowned"}}


def readiness(units: Iterable[str], drills: Iterable[Row], items: Iterable[Row], now: int) -> dict[str, Any]:
    """Score 0 to 100 of these units together, and each deduction with what it comes from.

    The latest drill of each playbook within a year counts; items count while they are open after their deadline.
    """
    wanted = set(units)
    latest: dict[str, Row] = {}
    for drill in sorted(drills, key=lambda one: int(one["started"])):
        if counts_for(drill) and now - int(drill["started"]) <= YEAR_MS and units_of(drill) & wanted:
            latest[drill["playbook"]["id"]] = drill
    found = [one for drill in latest.values() for one in _of_drill(drill)]
    if not latest:
        found.append({"points": NEVER, "ref": "", "text": both("ready.never")})
    late = [one for one in items if one["unit"] in wanted and overdue(one, now)]
    found = _capped(found, MOST_OF_DRILLS) + _capped(
        [{"points": OVERDUE, "ref": one["id"], "text": both("ready.overdue", action=one["action"])} for one in late],
        MOST_OF_ITEMS,
    )
    return {
        "score": max(0, FULL - sum(one["points"] for one in found)),
        "deductions": [one for one in found if one["points"]],
        "drills": sorted(str(one["id"]) for one in latest.values()),
        "as_of": now,
    }


def _of_drill(drill: Row) -> list[dict[str, Any]]:
    found = []
    title = drill["playbook"]["title"]
    states = [(one["state"], one["rule"]) for one in drill["expectations"] if one["type"] == "alert"]
    for points, state in ((MISSED, "missed"), (LATE, "late")):
        for _, rule in (one for one in states if one[0] == state):
            found.append({"points": points, "ref": drill["id"], "text": both(f"ready.{state}", title=title, rule=rule)})
    for step in drill["steps"]:
        if step["state"] == "unanswered":
            text = both("ready.unanswered", title=title, step=step["title"])
            found.append({"points": UNANSWERED, "ref": drill["id"], "text": text})
    return found


def _capped(found: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """The deductions in their order, until the most is reached."""
    left = most
    capped = []
    for one in found:
        points = min(left, one["points"])
        left -= points
        capped.append({**one, "points": points})
    return capped
