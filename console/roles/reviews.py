"""Makes review documents: gathers what the store knows of a period, lets the review reckon, keeps the document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from console.days import month_of
from console.roles.assessments import excepted_since, real_alerts
from console.roles.sealing import all_links, as_problems, check_chain
from console.wiring import Workspace
from playbooks.review.audit import audit_document
from playbooks.review.checked import data_document, mlps_document
from playbooks.review.common import Known
from playbooks.review.posture import posture_document
from playbooks.review.scorecard import scorecard_document
from yunshao.errors import WrongUse
from yunshao.model.alert import AlertQuery

DAY_MS = 86_400_000
DAYS = {"posture": 30, "scorecard": 90, "audit": 30, "mlps": 90, "data_security": 90}
REGISTERED = ("risk", "treatment", "finding", "answer", "decision")
PAGE = 5000
MONTHS = 13
Document = dict[str, Any]


def _makers(workspace: Workspace) -> dict[str, Callable[[Known], Document]]:
    zone, review = workspace.settings.timezone, workspace.settings.review
    return {
        "posture": lambda known: posture_document(known, zone, review.weights, review.targets),
        "scorecard": lambda known: scorecard_document(known, review.weights, review.targets),
        "audit": lambda known: audit_document(known, zone),
        "mlps": lambda known: mlps_document(known, review.mlps_template),
        "data_security": data_document,
    }


REVIEWS = tuple(DAYS)


def make_review(workspace: Workspace, kind: str, by: str, period: str = "") -> str:
    """Make the document of a kind: of a month (`2026-03`), or of the days before now; gives its id.

    Raises WrongUse for a kind or a period that is none.
    """
    if kind not in REVIEWS:
        raise WrongUse(f"no review {kind!r}", f"one of {', '.join(REVIEWS)}")
    now = workspace.clock()
    since, until = month_of(period, workspace.settings.timezone) if period else (now - DAYS[kind] * DAY_MS, now)
    if since >= now:
        raise WrongUse(f"the period {period} has not begun", "name a month that has, such as 2026-03")
    document = _makers(workspace)[kind](known_of(workspace, kind, since, min(until, now)))
    workspace.store.put(kind, document["id"], document)
    workspace.store.note(by, f"review.{kind}", document["id"], period)
    return str(document["id"])


def known_of(workspace: Workspace, kind: str, since: int, until: int) -> Known:
    """What the store knows of [since, until) in ms."""
    store = workspace.store
    return Known(
        estate=workspace.estate,
        since=since,
        until=until,
        promise=workspace.settings.acknowledge_within_minutes * 60_000,
        alerts=[one for one in real_alerts(workspace, since) if one.finding.time < until],
        sources=store.sources(),
        # What was set aside counts nowhere any more.
        drills=[one for one in store.find("drill", limit=200) if not one.get("set_aside")],
        assessments=[one for one in store.find("assessment", limit=10) if one["as_of"] <= until],
        register={name: _entries(workspace, name, until) for name in REGISTERED},
        heard=frozenset(store.count_events("unit", since, until)),
        heard_today=frozenset(store.count_events("unit", until - DAY_MS, until)),
        earlier=_months(workspace, until) if kind == "posture" else {},
        excepted=excepted_since(workspace, since),
        trail=list(_trail(workspace, since, until)) if kind == "audit" else (),
        chain=_chain(workspace) if kind == "audit" else {},
        previous=next((one for one in store.find(kind, limit=20) if one["as_of"] < until), None),
    )


def _entries(workspace: Workspace, kind: str, until: int) -> list[Document]:
    return [{**dict(one.body or {}), "at": one.at} for one in workspace.store.entries(kind, until)]


def _months(workspace: Workspace, until: int) -> dict[str, int]:
    """Alerts of real events by month (UTC), of the last thirteen."""
    query = AlertQuery(since=until - MONTHS * 31 * DAY_MS, drill="no", limit=1)
    counted: Counter[str] = Counter()
    for day, count in workspace.store.count_alerts(query, "day").items():
        counted[day[:7]] += count
    return dict(sorted(counted.items())[-MONTHS:])


def _trail(workspace: Workspace, since: int, until: int) -> Iterator[Document]:
    """Audit entries of the period, newest first."""
    found, after = [], 0
    while rows := workspace.store.trail_after(after, PAGE):
        found += [{"number": number, **row} for number, row in rows if since <= row["at"] < until]
        after = rows[-1][0]
    yield from reversed(found)


def _chain(workspace: Workspace) -> Document:
    """Whether the chain over audit entries, alerts and reports is whole, how long it is, and its end."""
    links = list(all_links(workspace))
    flaws = as_problems(check_chain(workspace))
    return {
        "links": len(links),
        "flaws": [{"code": one.code, "name": one.name, "text": one.text} for one in flaws[:100]],
        "end": links[-1].hash if links else "",
        "fingerprint": workspace.signer.fingerprint,
    }
