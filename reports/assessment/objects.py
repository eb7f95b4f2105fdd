"""Chapters 2 and 3: the object, its business and its assets."""

from __future__ import annotations

from collections import Counter
from typing import Any

from reports.assessment.facts import Facts, tone
from reports.shared.draft import Draft
from reports.shared.plain import figure, number, visible, whole
from reports.spec import Block, Cell, Table


def systems_of(facts: Facts) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for asset in facts.assets.values():
        found.setdefault(facts.draft.words.say(asset.get("system")) or "—", []).append(asset)
    return found


def described(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """Systems, clouds and protection levels."""
    words = draft.words
    rows = []
    for system, assets in systems_of(facts).items():
        rows.append(
            (
                facts.name("assets", system),
                words.joined([words.say(a.get("unit_name") or a.get("unit")) for a in assets]),
                words.joined([words.say(a.get("cloud")) for a in assets]),
                words.joined([words.say(a.get("business")) for a in assets]),
                words.joined([words.say(a.get("mlps_level")) for a in assets]),
                len(assets),
            )
        )
    columns = draft.columns(
        "system",
        ("name", 2.2),
        ("unit", 2.2),
        ("cloud", 1.8),
        ("business", 2),
        ("mlps", 0.8, "center"),
        ("assets", 0.8, "end"),
    )
    return (
        draft.text("described.lead", systems=len(rows), n=len(facts.assets)),
        draft.table("systems", columns, rows),
        draft.text("described.topology"),
    )


def assets(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """Business with its importance, assets with their values, and how these come about."""
    words = draft.words
    importance: dict[str, int] = {}
    held: Counter[str] = Counter()
    for asset in facts.assets.values():
        name = words.say(asset.get("business")) or "—"
        importance[name] = max(importance.get(name, 0), whole(asset.get("importance")))
        held[name] += 1
    business = [
        (name, Cell(words.level(level), tone=tone(level)), held[name])
        for name, level in sorted(importance.items(), key=lambda item: (-item[1], item[0]))
    ]
    rows = [
        (
            words.say(asset.get("name")),
            key,
            words.say(asset.get("unit_name") or asset.get("unit")),
            words.say(asset.get("business")),
            "/".join(figure(asset.get(part)) for part in ("c", "i", "a")),
            figure(asset.get("v_cia")),
            figure(asset.get("importance")),
            _carry(draft, asset.get("carry")),
            Cell(figure(asset.get("value")), tone=tone(asset.get("value"))),
        )
        for key, asset in facts.assets.items()
    ]
    columns = draft.columns(
        "asset",
        ("name", 2.6),
        ("#id", 1.7),
        ("unit", 2),
        ("business", 1.7),
        ("cia", 0.9, "center"),
        ("v_cia", 0.7, "center"),
        ("importance", 0.9, "center"),
        ("carry", 0.9, "center"),
        ("value", 0.8, "center"),
    )
    return (
        draft.table(
            "importance",
            draft.columns("importance", ("name", 3), ("level", 1, "center"), ("assets", 1, "end")),
            business,
        ),
        draft.text("assets.basis"),
        draft.table("assets", columns, rows, dense=True),
    )


def _carry(draft: Draft, value: object) -> str:
    if isinstance(value, int | float):
        return figure(value)
    return draft.words.term("carry", value) or "—"


def business(draft: Draft, facts: Facts, key: str, most: int) -> Table:
    """Businesses by level, the worst first, and what sets the level of each."""
    words = draft.words
    worst = sorted(facts.business, key=lambda item: (-whole(item.get("level")), -(number(item.get("value")) or 0)))
    rows = [
        (
            words.say(item.get("name")),
            Cell(words.level(item.get("level")), tone=tone(item.get("level"))),
            figure(item.get("value")),
            _set_by(facts, item.get("set_by")),
        )
        for item in worst[:most]
    ]
    columns = draft.columns(
        "business", ("name", 2.4), ("level", 1.2, "center"), ("value", 0.8, "center"), ("set_by", 4)
    )
    return draft.table(key, columns, rows)


def _set_by(facts: Facts, key: object) -> Cell:
    """What sets a business's level: a risk, an asset, or something in words."""
    shown = facts.draft.words.say(key)
    if shown in facts.labels:
        return Cell(
            facts.words_of(next(r for r in facts.risks if visible(r.get("id", "")) == shown)), (facts.labels[shown],)
        )
    return Cell(facts.name("assets", shown) if shown in facts.assets else shown or "—")
