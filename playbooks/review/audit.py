"""The audit trail of a period: who did what, what people changed by hand, and whether the chain over it is whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from playbooks.review.common import Known, Row, Text, day_marks, head
from playbooks.review.say import both

TITLE = {"zh": "审计轨迹报告", "en": "Audit trail"}
MAX_ENTRIES = 50_000
FAILED = "login.failed"


def audit_document(known: Known, zone: str) -> Row:
    """The entries of the period, newest first; overrides are decisions that set a figure by hand."""
    entries = [
        {"id": f"E-{place}", **row, "group": row["did"].split(".")[0]}
        for place, row in enumerate(known.trail[:MAX_ENTRIES], start=1)
    ]
    decisions = [one for one in known.register.get("decision", ()) if known.since <= (one.get("at") or 0) < known.until]
    return {
        **head("audit", TITLE, known),
        "entries": entries,
        "days": _days(known, entries, zone),
        "people": _counted(entries, "by"),
        "acts": _counted(entries, "did"),
        "decisions": decisions,
        "exceptions": [{"name": name, "count": count} for name, count in sorted(known.excepted.items())],
        "chain": dict(known.chain),
        "summary": {
            "entries": len(entries),
            "people": len({row["by"] for row in entries}),
            "failed": sum(row["did"] == FAILED for row in entries),
            "decisions": len(decisions),
        },
        "overrides": [
            {
                "on": f"{one['kind']}/{one['key']}/{one['field']}",
                "from": one["proposed"],
                "to": "—" if one["value"] is None else one["value"],
                "by": one["by"],
                "at": one.get("at"),
                "reason": one["reason"],
            }
            for one in decisions
            if one["verdict"] != "accept"
        ],
        "limits": _limits(known),
        "alerts": [],
        "evidence_refs": [],
    }


def _days(known: Known, entries: Sequence[Row], zone: str) -> list[Row]:
    where = ZoneInfo(zone)

    def day(at: int) -> str:
        return datetime.fromtimestamp(at / 1000, where).date().isoformat()

    counted = Counter(day(row["at"]) for row in entries)
    days = dict.fromkeys(day(at) for at in day_marks(known))
    return [{"day": one, "count": counted[one]} for one in days]


def _counted(entries: Sequence[Row], key: str) -> list[Row]:
    counted = Counter(str(row[key]) for row in entries)
    return [{"name": name, "count": count} for name, count in sorted(counted.items(), key=lambda i: (-i[1], i[0]))]


def _limits(known: Known) -> list[Text]:
    found = [both("limit.actors")]
    if len(known.trail) > MAX_ENTRIES:
        found.append(both("limit.entries", n=len(known.trail), kept=MAX_ENTRIES))
    return found
