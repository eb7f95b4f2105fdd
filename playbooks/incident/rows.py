"""Incidents as rows of lists, and how long they took: figures of what is real, drills never among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playbooks.incident import book

Row = Mapping[str, Any]


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
