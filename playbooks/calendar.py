"""The calendar of drills: plans that recur, when each comes next, what has not been drilled for too long. Pure.

A plan is kept as a document that wakes at its next moment. Times are ms; days are those of the workspace's zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from playbooks.drill.readiness import counts_for, units_of
from playbooks.words import Playbook
from yunshao.errors import BadConfiguration, WrongUse
from yunshao.model.calendar import (
    OFF,
    Blackout,
    Off,
    WorkDays,
    after_blackouts,
    blackout_at,
    day_of,
    next_run,
    start_of,
)

Plan = dict[str, Any]
KIND = "drill_plan"
DAY_MS = 86_400_000
YEAR_DAYS = 365
# How many months lie between two runs, and after how many days one is owed.
EVERY = {"month": (1, 31), "quarter": (3, 92), "half_year": (6, 184), "year": (12, 366)}
# Nobody is surprised by a drill that comes hours after its time.
GRACE_MS = 2 * 3_600_000
# For so long a drill waits for another of the same unit to end.
PATIENCE_MS = 8 * 3_600_000
AGAIN_MS = 60_000
MAX_LOG = 100
MOST_AHEAD = 60


def cron_of(every: str, first: int, zone: str) -> str:
    """Cron for a recurrence from a first moment (ms) on. Raises WrongUse for a day that some month has not."""
    if every not in EVERY:
        raise WrongUse(f"every {every[:20]!r}", f"one of {', '.join(EVERY)}")
    at = datetime.fromtimestamp(first / 1000, ZoneInfo(zone))
    if at.day > 28:
        raise WrongUse("not every month has that day", "a day from 1 to 28, or --cron")
    months = sorted((at.month - 1 + step) % 12 + 1 for step in range(0, 12, EVERY[every][0]))
    return f"{at.minute} {at.hour} {at.day} {','.join(map(str, months)) if len(months) < 12 else '*'} *"


def new_plan(
    key: str,
    playbook: str,
    cron: str,
    by: str,
    now: int,
    *,
    off: str = "next",
    units: Sequence[str] = (),
    announced: bool = True,
    notice_days: int = 3,
    unattended: bool = False,
    beside: bool = False,
) -> Plan:
    """A plan that has run never; `planned` fills its next moment. `beside`: others of its units may run meanwhile.

    Raises WrongUse.
    """
    if off not in OFF:
        raise WrongUse(f"{off[:20]!r} is no way with days off", f"one of {', '.join(OFF)}")
    if not 0 <= notice_days <= 90:
        raise WrongUse(f"announced {notice_days} days before", "0 to 90")
    return {
        "id": key, "playbook": playbook, "cron": cron, "off": off, "units": list(units), "announced": announced,
        "notice_days": notice_days, "unattended": unattended, "beside": beside, "by": by, "created": now,
        "since": now, "next": None, "wakes": None, "told_for": None, "starting": None, "log": [],
    }  # fmt: skip


def planned(plan: Plan, zone: str, days: WorkDays, blackouts: Sequence[Blackout]) -> Plan:
    """The plan with its next moment after `since`, and when it wakes: to announce, or to begin.

    Raises BadConfiguration for a cron that cannot be or never comes.
    """
    changed = deepcopy(plan)
    changed["next"] = following(changed, changed["since"], zone, days, blackouts)
    notice = changed["next"] - changed["notice_days"] * DAY_MS
    waits = changed["announced"] and changed["told_for"] != changed["next"]
    changed["wakes"] = max(notice, changed["since"]) if waits else changed["next"]
    return changed


def following(plan: Mapping[str, Any], after: int, zone: str, days: WorkDays, blackouts: Sequence[Blackout]) -> int:
    """The next moment after a time: on a day as the plan's `off` says, and in no blackout."""
    off: Off = plan["off"]
    at = after
    for _ in range(400):
        at = next_run(plan["cron"], at, zone, days, off)
        if blackout_at(at, blackouts) is None:
            return at
        if off == "skip":
            continue
        return _past(at, zone, days, blackouts, off)
    raise BadConfiguration(
        f"schedule {plan['cron']!r} falls into blackouts for ever", "another day, or shorter periods"
    )


def _past(at: int, zone: str, days: WorkDays, blackouts: Sequence[Blackout], off: Off) -> int:
    """The first moment after the blackouts, at the plan's own hour, on a working day where days off count."""
    hour = at - start_of(day_of(at, zone), zone)
    for _ in range(4000):
        free = after_blackouts(at, blackouts)
        day = day_of(free, zone)
        if off != "keep":
            day = days.on_or_after(day)
        moved = start_of(day, zone) + hour
        if moved < free:
            moved += DAY_MS
        if moved == at:
            return at
        at = moved
        if blackout_at(at, blackouts) is None and (off == "keep" or days.works(day_of(at, zone))):
            return at
    raise BadConfiguration("the blackouts leave no day", "shorter periods")


def ahead(plan: Mapping[str, Any], until: int, zone: str, days: WorkDays, blackouts: Sequence[Blackout]) -> list[int]:
    """The moments of a plan up to a time, the next one first, at most 60."""
    found: list[int] = []
    at = plan["next"]
    while at is not None and at <= until and len(found) < MOST_AHEAD:
        found.append(at)
        at = following(plan, at, zone, days, blackouts)
    return found


def step(plan: Plan, running: Iterable[Mapping[str, Any]], now: int) -> tuple[Plan, str]:
    """What a plan that is awake does: `tell`, `start`, `wait`, or nothing where its time was missed.

    A start is noted before it is made: a crash between the two loses a drill, and never begins one twice.
    """
    changed = deepcopy(plan)
    if changed["starting"]:
        # Whoever noted it has died before it began.
        changed.update(starting=None, since=now)
        return _noted(changed, now, "missed", ""), ""
    at = changed["next"]
    if at is None:
        return changed, ""
    if now < at:
        return {**changed, "told_for": at}, "tell" if changed["announced"] and changed["told_for"] != at else ""
    held = [one for one in running if collides(changed, one)]
    if now - at > (PATIENCE_MS if held or changed.get("waited") == at else GRACE_MS):
        changed["since"] = now
        return _noted(changed, now, "missed", ", ".join(str(one["id"]) for one in held)), ""
    if held:
        return {**changed, "waited": at, "wakes": now + AGAIN_MS}, "wait"
    return {**changed, "starting": now, "since": now}, "start"


def begun(plan: Plan, drill: str, now: int) -> Plan:
    """The drill that was to begin has begun."""
    return _noted({**deepcopy(plan), "starting": None}, now, "started", drill)


def refused(plan: Plan, why: str, now: int) -> Plan:
    """It could not begin."""
    return _noted({**deepcopy(plan), "starting": None}, now, "refused", why)


def collides(plan: Mapping[str, Any], drill: Mapping[str, Any]) -> bool:
    """Whether a running drill and a plan exercise the same unit; one without units is about all of them."""
    if plan["beside"]:
        return False
    mine, others = set(plan["units"]), set(drill.get("units", ())) | units_of(drill)
    return not mine or not others or bool(mine & others)


def _noted(plan: Plan, at: int, did: str, note: str) -> Plan:
    return {**plan, "log": [*plan["log"], {"at": at, "did": did, "note": note}][-MAX_LOG:]}


def coverage(
    playbooks: Iterable[Playbook],
    units: Iterable[str],
    techniques: Iterable[str],
    drills: Sequence[Mapping[str, Any]],
    now: int,
) -> dict[str, list[dict[str, Any]]]:
    """What has not been drilled: units and techniques for a year, scenarios for as long as they ask for.

    `techniques` are those that rules of ours name. `last` is when it was drilled at all, or None.
    """
    good = [one for one in drills if counts_for(one)]
    by_unit: dict[str, int] = {}
    by_technique: dict[str, int] = {}
    by_playbook: dict[str, int] = {}
    for one in good:
        at = int(one["started"])
        for unit in {*one.get("units", ()), *units_of(one)}:
            by_unit[unit] = max(at, by_unit.get(unit, at))
        for row in one.get("techniques", ()):
            if row["noticed"]:
                by_technique[row["technique"]] = max(at, by_technique.get(row["technique"], at))
        by_playbook[one["playbook"]["id"]] = max(at, by_playbook.get(one["playbook"]["id"], at))
    return {
        "units": _lacking(units, by_unit, YEAR_DAYS, now),
        "techniques": _lacking(techniques, by_technique, YEAR_DAYS, now),
        "scenarios": [
            row
            for playbook in playbooks
            if playbook.kind == "drill"
            for row in _lacking([playbook.id], by_playbook, EVERY.get(playbook.every, EVERY["year"])[1], now)
        ],
    }


def _lacking(names: Iterable[str], last: Mapping[str, int], limit: int, now: int) -> list[dict[str, Any]]:
    rows = [{"id": name, "last": last.get(name), "limit_days": limit} for name in dict.fromkeys(names)]
    return [one for one in rows if one["last"] is None or now - int(str(one["last"])) > limit * DAY_MS]
