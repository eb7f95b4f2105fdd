"""The overview: are we all right, and what needs me now?"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import Response

from console.web.frame import Visit, alert_row, answer, page_route, visit_of
from playbooks.incident.book import OVER, clocks
from yunshao.model.alert import Alert
from yunshao.model.finding import LEVELS
from yunshao.model.rectification import counts
from yunshao.model.skew import ahead_of

router = APIRouter()
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
OPEN = ("new", "acknowledged")
RECENT = 500
LATEST = 8


@page_route(router, "/")
def overview(request: Request) -> Response:
    """Alerts by level, promises kept, sources, units that need attention, the last assessment and drill."""
    visit = visit_of(request)
    now = visit.desk.clock()
    store = visit.desk.store
    awake: dict[str, Any] = {"status": OPEN, "snoozed": "no", "at": now}
    by_level = store.count_alerts(visit.query(**awake, limit=1), "level")
    asleep = store.count_alerts(visit.query(**awake | {"snoozed": "only"}, limit=1), "status")
    data = {
        "as_of": now,
        "open": {level: by_level.get(level, 0) for level in reversed(LEVELS)},
        "waiting": store.count_alerts(visit.query(**awake | {"status": ("new",)}, limit=1), "status").get("new", 0),
        "snoozed": sum(asleep.values()),
        "promise": promise(visit, now),
        "units": _units(visit, awake),
        "sources": [] if visit.units else source_states(visit, now),
        "days": _days(visit, now),
        "latest": _severest(visit, awake),
        "techniques": _top(store.count_alerts(visit.query(since=now - 14 * DAY_MS, limit=1), "technique"), 6),
        "assessment": None if visit.units else _last(visit, "assessment"),
        "drill": None if visit.units else _last(visit, "drill"),
        "overdue": counts(visit.desk.rectify.find(visit.units), now)["overdue"],
        "incidents": _incidents(visit),
        "running": [] if visit.units else running_drills(visit),
    }
    return answer(visit, "overview", data)


def promise(visit: Visit, now: int) -> dict[str, Any]:
    """How many of the last day's alerts were taken within the promised time, and how long the oldest one waits."""
    limit = visit.desk.settings.acknowledge_within_minutes * 60_000
    recent = [one for one in visit.desk.store.alerts(visit.query(limit=RECENT)) if now - one.detected <= DAY_MS]
    taken = [one.acknowledged - one.detected for one in recent if one.acknowledged is not None]
    due = [one for one in recent if one.acknowledged is not None or now - one.detected > limit]
    kept = sum(1 for waited in taken if waited <= limit)
    waiting = [now - one.detected for one in recent if one.acknowledged is None]
    taken.sort()
    return {
        "minutes": visit.desk.settings.acknowledge_within_minutes,
        "due": len(due),
        "kept": kept,
        "share": round(100 * kept / len(due)) if due else None,
        "median_seconds": taken[len(taken) // 2] / 1000 if taken else None,
        "oldest_minutes": max(waiting) // 60_000 if waiting else None,
    }


def source_states(visit: Visit, now: int) -> list[dict[str, Any]]:
    """Each source with its state: ok, quiet (nothing for an hour), or rejecting (more than 1 %)."""
    found = []
    for row in visit.desk.store.sources():
        last = row["last_received"]
        quiet = last is None or now - last > HOUR_MS
        rejecting = row["rejected"] * 100 > max(row["received"], 1)
        found.append({**row, "skew": ahead_of(row), "state": "rejecting" if rejecting else "quiet" if quiet else "ok"})
    return found


def _incidents(visit: Visit) -> dict[str, int]:
    """How many real incidents are open in sight, and how many of them owe a report that is late."""
    now = visit.desk.clock()
    found = [one for one in visit.desk.incidents.find(500) if one["state"] not in OVER]
    mine = [one for one in found if not visit.units or any(visit.may_see(unit) for unit in one["units"])]
    late = sum(any(duty["state"] == "overdue" and duty["ours"] for duty in clocks(one, now)) for one in mine)
    return {"open": len(mine), "late": late}


def running_drills(visit: Visit) -> list[dict[str, Any]]:
    """Drills at work: the pages say so in a colour of their own."""
    drills = visit.desk.store.waking("drill", visit.desk.clock(), 20)
    return [{"id": one["id"], "title": one["playbook"]["title"]} for one in drills]


def _units(visit: Visit, awake: dict[str, Any]) -> list[dict[str, Any]]:
    counts: dict[str, Counter[str]] = {}
    for level in LEVELS[1:]:
        found = visit.desk.store.count_alerts(visit.query(**awake, level=(level,), limit=1), "unit")
        for unit, number in found.items():
            counts.setdefault(unit, Counter())[level] += number
    weights = {"critical": 10, "high": 5, "medium": 2, "low": 1}
    rows = [
        {
            "unit": unit,
            "counts": dict(by),
            "total": sum(by.values()),
            "weight": sum(weights[k] * n for k, n in by.items()),
        }
        for unit, by in counts.items()
    ]
    return sorted(rows, key=lambda row: (-int(str(row["weight"])), str(row["unit"])))[:8]


def _days(visit: Visit, now: int) -> list[dict[str, Any]]:
    """Alerts a day over two weeks (days of the workspace's time zone), by level from high up; a day without any is
    there with nothing."""
    zone = ZoneInfo(visit.desk.settings.timezone)
    today = datetime.fromtimestamp(now / 1000, zone).date()
    rows = []
    for day in (today - timedelta(days=back) for back in range(13, -1, -1)):
        since, until = (_midnight(each, zone) for each in (day, day + timedelta(days=1)))
        counts = visit.desk.store.count_alerts(visit.query(since=since, until=until, limit=1), "level")
        high, total = counts.get("critical", 0) + counts.get("high", 0), sum(counts.values())
        rows.append({"day": day.isoformat(), "high": high, "other": total - high, "total": total})
    return rows


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time.min, zone).timestamp() * 1000)


def _top(counts: dict[str, int], most: int) -> list[dict[str, Any]]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [{"name": name, "count": count} for name, count in ordered[:most] if name]


def _severest(visit: Visit, awake: dict[str, Any]) -> list[dict[str, Any]]:
    """Open alerts from the highest level down, newest first within one."""
    found: list[Alert] = []
    for level in reversed(LEVELS):
        if len(found) < LATEST:
            found += visit.desk.store.alerts(visit.query(**awake, level=(level,), limit=LATEST - len(found)))
    return [alert_row(visit, one) for one in found]


def _last(visit: Visit, kind: str) -> dict[str, Any] | None:
    found = visit.desk.store.find(kind, limit=1)
    if not found:
        return None
    one = found[0]
    kept: dict[str, Any] = {"id": one["id"], "title": one["playbook"]["title"]}
    if kind == "assessment":
        return kept | {"as_of": one["as_of"], "counts": one["summary"]["counts"], "risks": len(one["risks"])}
    return kept | {"started": one["started"], "state": one["state"], "metrics": one["metrics"]}
