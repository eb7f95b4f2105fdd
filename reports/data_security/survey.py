"""Chapters 2 to 5: handlers, systems, data, processing activities."""

from __future__ import annotations

from typing import Any

from reports.shared.draft import Draft, Shown
from reports.shared.outline import sources
from reports.shared.plain import figure, mappings, strings, visible, whole
from reports.spec import Block, Cell

IMPORTANT = ("core", "important")
STAGES = ("collection", "storage", "transmission", "use", "provision", "disclosure", "deletion")


def handler(draft: Draft) -> tuple[Block | None, ...]:
    """Units that hold data, by post."""
    words = draft.words
    by_unit: dict[str, list[dict[str, Any]]] = {}
    for row in mappings(draft.document, "data_assets"):
        by_unit.setdefault(visible(row.get("unit") or "—"), []).append(row)
    rows = [
        (
            words.say(mine[0].get("unit_name")),
            words.say(mine[0].get("post")) or "—",
            len(mine),
            figure(sum(whole(row.get("records")) for row in mine), 0),
            words("shared.yes_no.yes" if any(row.get("level") in IMPORTANT for row in mine) else "shared.yes_no.no"),
        )
        for mine in by_unit.values()
    ]
    columns = draft.columns(
        "handler",
        ("unit", 2.2),
        ("post", 2.4),
        ("data", 0.8, "end"),
        ("records", 1.2, "end"),
        ("important", 1.2, "center"),
    )
    return draft.text("handler.lead", units=len(rows)), draft.table("handlers", columns, rows)


def systems(draft: Draft) -> tuple[Block | None, ...]:
    """Business and systems that hold the data."""
    words = draft.words
    rows = [
        (
            words.say(one.get("name")),
            words.say(one.get("unit_name")),
            words.say(one.get("business")),
            whole(one.get("level")) or "—",
            words.say(one.get("cloud")) or "—",
            whole(one.get("data")),
        )
        for one in mappings(draft.document, "systems")
    ]
    columns = draft.columns(
        "system",
        ("name", 2),
        ("unit", 2.2),
        ("business", 1.8),
        ("level", 0.8, "center"),
        ("cloud", 2),
        ("data", 0.8, "end"),
    )
    return draft.table("systems", columns, rows), sources(draft)


def assets(draft: Draft) -> tuple[Block | None, ...]:
    """Data by level, volume, personal information."""
    words = draft.words
    found = mappings(draft.document, "data_assets")
    rows = [
        (
            words.say(one.get("name")),
            words.say(one.get("system_name")),
            words.term("data_level", one.get("level")),
            words.term("personal", one.get("personal")),
            figure(one.get("records"), 0),
            words("shared.yes_no.yes" if one.get("abroad") else "shared.yes_no.no"),
            whole(one.get("value")) or "—",
        )
        for one in found
    ]
    columns = draft.columns(
        "data",
        ("name", 2.2),
        ("system", 2.2),
        ("level", 1.7),
        ("personal", 1.7),
        ("records", 1.2, "end"),
        ("abroad", 0.8, "center"),
        ("value", 0.7, "center"),
    )
    records = sum(whole(row.get("records")) for row in found)
    refs = draft.sure(
        "records", figure(records, 0), [records], {"op": "sum", "of": "data_assets", "field": "records"}, n=len(found)
    )
    return draft.text("assets.lead", refs=refs, n=len(found), records=figure(records, 0)), draft.table(
        "assets", columns, rows
    )


def activities(draft: Draft) -> tuple[Block | None, ...]:
    """Which data pass through which processing activity."""
    words = draft.words
    rows: list[tuple[Shown, ...]] = []
    for one in mappings(draft.document, "data_assets"):
        stages = strings(one.get("stages"))
        rows.append(
            (
                words.say(one.get("name")),
                *(Cell("●" if stage in stages else "—", tone="" if stage in stages else "quiet") for stage in STAGES),
            )
        )
    columns = draft.columns("stage", ("name", 2.4), *((stage, 0.9, "center") for stage in STAGES))
    return draft.text("activities.lead"), draft.table("activities", columns, rows)
