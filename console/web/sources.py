"""Sources: what each has sent, when last, and what could not be taken, with its reason."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from console.web.assessments import whole_city
from console.web.frame import Visit, answer, page_route, visit_of
from console.web.overview import source_states
from yunshao.model.event import Rejected

router = APIRouter()
HOUR_MS = 3_600_000
SHOWN_BYTES = 400
MOST_FLOODS = 50
SILENT_MS = 60_000
MOST_PARTITIONS, WORST = 36, 4


@page_route(router, "/sources")
def sources(request: Request) -> Response:
    """Health, the balance of each source, and the newest dead letters."""
    visit = whole_city(visit_of(request))
    store, now = visit.desk.store, visit.desk.clock()
    hours = store.count_events("hour", now - 48 * HOUR_MS, now)
    data: dict[str, Any] = {
        "sources": source_states(visit, now),
        "configured": [
            {
                "name": one.name,
                "source": one.source,
                "kind": one.kind,
                "place": one.path or one.udp or one.tcp or "/intake/…",
            }
            for one in visit.desk.settings.sources
        ],
        "hours": [
            {"hour": int(hour), "count": count} for hour, count in sorted(hours.items(), key=lambda i: int(i[0]))
        ],
        "floods": _floods(visit, now),
        "flood_limit": visit.desk.settings.detect.flood,
        "excepted": _excepted(visit, now),
        "cluster": _cluster(visit),
        "rejects": [_reject(number, one) for number, one in store.rejects(limit=50)],
    }
    return answer(visit, "sources", data)


def _cluster(visit: Visit) -> dict[str, Any] | None:
    """Broker, workers, node and lag; None where one process does all."""
    if visit.desk.cluster is None:
        return None
    state = visit.desk.cluster()
    now = visit.desk.clock()
    beats = [one for one in visit.desk.store.find("worker", 256) if now - one["at"] < SILENT_MS]
    reading = [
        {**one, "share": 100 * (one["of"] - one["left"]) // one["of"]} for one in beats if one["left"] and one["of"]
    ]
    return {**state, "topics": _shown(state["topics"]), "reading": reading}


def _shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every partition while there are few; else a row a topic, and the partitions that are furthest behind."""
    if len(rows) <= MOST_PARTITIONS:
        return rows
    found: list[dict[str, Any]] = []
    for topic in dict.fromkeys(row["topic"] for row in rows):
        mine = [row for row in rows if row["topic"] == topic]
        last = max((row["last"] for row in mine if row["last"] is not None), default=None)
        sums = {name: sum(row[name] for row in mine) for name in ("end", "done", "lag")}
        worst = sorted((row for row in mine if row["lag"]), key=lambda row: -int(row["lag"]))[:WORST]
        found += [{"topic": topic, "partition": f"0-{len(mine) - 1}", **sums, "last": last}, *worst]
    return found


def _floods(visit: Visit, now: int) -> list[dict[str, Any]]:
    """The floods of the last day: which rule, of which source, how much of it."""
    query = visit.query(flood=True, staged="any", since=now - 24 * HOUR_MS, limit=MOST_FLOODS)
    return [
        {
            "id": one.id,
            "rule": one.finding.rule_name,
            "title": one.finding.title,
            "source": one.finding.source,
            "first": one.first,
            "groups": one.groups,
            "count": one.count,
        }
        for one in visit.desk.store.alerts(query)
    ]


def _excepted(visit: Visit, now: int) -> list[dict[str, Any]]:
    """What each exception hid, today (UTC) and in all."""
    today = datetime.fromtimestamp(now / 1000, UTC).date().isoformat()
    found: dict[str, dict[str, Any]] = {}
    for row in visit.desk.store.excepted():
        one = found.setdefault(row["exception"], {"exception": row["exception"], "today": 0, "total": 0})
        one["total"] += row["count"]
        one["today"] += row["count"] if row["day"] == today else 0
    return list(found.values())


def _reject(number: int, one: Rejected) -> dict[str, Any]:
    head = one.raw[:SHOWN_BYTES]
    try:
        shown = head.decode("utf-8")
    except UnicodeDecodeError:
        shown = base64.b64encode(head).decode("ascii")
    return {
        "number": number,
        "source": one.source,
        "file": one.hint,
        "position": one.position,
        "reason": one.reason,
        "detail": one.detail,
        "received": one.received,
        "size": len(one.raw),
        "head": shown,
    }
