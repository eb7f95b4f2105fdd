"""An MLPS document to a report: systems, families, control points, what is wanting, what is asked."""

from __future__ import annotations

from typing import Any

from reports.shared.charts import bars
from reports.shared.draft import Draft, Shown
from reports.shared.outline import Outline, ending, laws, sources
from reports.shared.plain import day, half_up, mappings, number, percent, pick, strings, visible, whole
from reports.spec import Block, Cell, Sub, Table, Tile, Tiles

STATES = ("met", "partly", "not_met", "unknown", "not_applicable")
TONES = {"met": "good", "partly": "warn", "not_met": "bad", "unknown": "", "not_applicable": ""}
ENDS = {
    "met": "good",
    "basically_met": "warn",
    "not_met": "bad",
    "excellent": "good",
    "good": "good",
    "fair": "warn",
    "poor": "bad",
}
ITEMS = {"op": "count", "of": "items", "where": {}}
RATE = {
    "op": "ratio",
    "num": {**ITEMS, "where": {"state": "met"}},
    "den": {**ITEMS, "where": {"state": ["met", "partly", "not_met", "unknown"]}},
}


def _items(draft: Draft) -> list[dict[str, Any]]:
    return mappings(draft.document, "items")


def _said(draft: Draft, key: str) -> int:
    return whole(pick(draft.document, "summary", key))


def _of(draft: Draft, *states: str) -> list[str]:
    """The alerts below the points of some states."""
    return list(
        dict.fromkeys(key for row in _items(draft) if row.get("state") in states for key in strings(row.get("alerts")))
    )


def _count(draft: Draft, key: str, *states: str) -> tuple[str, ...]:
    total = sum(_said(draft, state) for state in states)
    recipe = {**ITEMS, "where": {"state": list(states)}}
    return draft.sure(key, str(total), [total], recipe, n=_said(draft, "items"), alerts=_of(draft, *states))


def summary(draft: Draft) -> tuple[Block | None, ...]:
    """How many points are met, wanting, not known; every system with its conclusion."""
    words = draft.words
    rate = number(pick(draft.document, "summary", "rate"))
    rate_refs = draft.sure(
        "rate",
        percent(rate),
        [] if rate is None else [rate],
        RATE,
        n=_said(draft, "items"),
        alerts=_of(draft, "not_met", "partly"),
    )
    n = words("shared.unit_n", n=_said(draft, "items"))
    wanting = _said(draft, "not_met") + _said(draft, "partly")
    systems = draft.sure(
        "systems",
        str(_said(draft, "systems")),
        [_said(draft, "systems")],
        {"op": "count", "of": "systems"},
        n=_said(draft, "systems"),
    )
    return (
        draft.text(
            "summary.lead",
            refs=systems,
            systems=_said(draft, "systems"),
            items=_said(draft, "items"),
            met=_said(draft, "met"),
            wanting=wanting,
            unknown=_said(draft, "unknown"),
        ),
        Tiles(
            (
                Tile(words("tile.rate"), percent(rate), n, "bad" if rate is not None and rate < 0.6 else "", rate_refs),
                Tile(words("tile.met"), str(_said(draft, "met")), n, "good", _count(draft, "met", "met")),
                Tile(
                    words("tile.wanting"),
                    str(wanting),
                    n,
                    "warn" if wanting else "good",
                    _count(draft, "wanting", "not_met", "partly"),
                ),
                Tile(
                    words("tile.unknown"),
                    str(_said(draft, "unknown")),
                    n,
                    "warn" if _said(draft, "unknown") else "good",
                    _count(draft, "unknown", "unknown"),
                ),
            )
        ),
        _systems(draft),
        draft.text(f"summary.template_{'2021' if draft.document.get('template') == '2021' else '2025'}"),
    )


def _systems(draft: Draft) -> Table:
    words = draft.words
    rows: list[tuple[Shown, ...]] = []
    for one in mappings(draft.document, "systems"):
        score = number(one.get("score"))
        result = percent(one.get("rate")) if score is None else f"{half_up(score, 1):.1f}"
        rows.append(
            (
                words.say(one.get("name")),
                words.say(one.get("unit_name")),
                whole(one.get("level")),
                *(whole(one.get(state)) for state in STATES),
                result,
                whole(one.get("high")),
                Cell(words.term("conclusion_of", one.get("conclusion")), tone=ENDS.get(str(one.get("conclusion")), "")),
            )
        )
    columns = draft.columns(
        "system",
        ("name", 2.3),
        ("unit", 2.3),
        ("level", 0.6, "center"),
        *((state, 0.7, "end") for state in STATES),
        ("result", 0.9, "end"),
        ("high", 0.7, "end"),
        ("conclusion", 1.1, "center"),
    )
    return draft.table("systems", columns, rows, note=words("systems.note"), dense=True)


def overview(draft: Draft) -> tuple[Block | None, ...]:
    """Basis, method, how much is automatic."""
    words = draft.words
    items = _items(draft)
    rows = []
    for how in ("auto", "semi", "manual"):
        mine = [row for row in items if row.get("how") == how]
        rows.append(
            (
                words.term("shared.how", how),
                words(f"how_means.{how}"),
                len(mine),
                sum(row.get("state") == "unknown" for row in mine),
            )
        )
    columns = draft.columns("how", ("how", 1), ("means", 3.4), ("items", 0.9, "end"), ("unknown", 0.9, "end"))
    return (
        Sub(words("sub.basis")),
        laws(draft, "csl", "mlps", "scheme"),
        Sub(words("sub.method")),
        draft.text("overview.method"),
        draft.table("how", columns, rows),
        sources(draft),
    )


def families(draft: Draft) -> tuple[Block | None, ...]:
    """The ten families by state."""
    words = draft.words
    items = _items(draft)
    given = mappings(draft.document, "families")
    rows: list[tuple[Shown, ...]] = []
    met: list[int] = []
    wanting: list[int] = []
    for one in given:
        mine = [row for row in items if row.get("family") == one.get("id")]
        counted = [sum(row.get("state") == state for row in mine) for state in STATES]
        rows.append((words.say(one.get("title")), len(mine), *counted))
        met.append(counted[0])
        wanting.append(counted[1] + counted[2])
    names = [words.say(one.get("title")) for one in given]
    alt = words(
        "alt.families",
        said=", ".join(f"{name} {a} / {b}" for name, a, b in zip(names, met, wanting, strict=True)) or "—",
    )
    columns = draft.columns("family", ("name", 2.6), ("items", 0.8, "end"), *((state, 0.9, "end") for state in STATES))
    refs = draft.sure(
        "families",
        str(sum(met)),
        [sum(met)],
        {**ITEMS, "where": {"state": "met"}},
        n=len(items),
        alerts=_of(draft, "met"),
    )
    drawn = bars(names, {words("figure.wanting"): [*wanting], words("figure.met"): [*met]}, alt) if given else ""
    return (
        draft.table("families", columns, rows),
        draft.figure("families", drawn, alt, width=90, refs=refs) if given else None,
    )


def points(draft: Draft) -> tuple[Block | None, ...]:
    """Every control point over all systems."""
    words = draft.words
    by_point: dict[str, list[dict[str, Any]]] = {}
    for row in _items(draft):
        by_point.setdefault(visible(row.get("control") or "—"), []).append(row)
    rows = []
    for mine in by_point.values():
        first = max(mine, key=lambda row: visible(row.get("clause") or ""))
        counted = [sum(row.get("state") == state for row in mine) for state in STATES]
        rows.append(
            (
                visible(first.get("clause") or "—"),
                words.say(first.get("title")),
                words.term("shared.how", first.get("how")),
                *counted,
            )
        )
    columns = draft.columns(
        "point", ("#clause", 1), ("title", 2.6), ("how", 0.9, "center"), *((state, 0.8, "end") for state in STATES)
    )
    return draft.text("points.lead", n=len(rows)), draft.table("points", columns, rows, dense=True)


def wanting(draft: Draft) -> tuple[Block | None, ...]:
    """What is not met or met in part, with the evidence."""
    words = draft.words
    order = {"not_met": 0, "partly": 1}
    found = [row for row in _items(draft) if row.get("state") in order]
    found.sort(key=lambda row: (order[row["state"]], -whole(row.get("weight")), visible(row.get("id") or "")))
    rows = [
        (
            words.say(row.get("system_name")),
            visible(row.get("clause") or "—"),
            words.say(row.get("title")),
            Cell(words.term("shared.state", row.get("state")), tone=TONES[row["state"]]),
            words.say(row.get("reason")) if row.get("basis") == "said" else words.say(row.get("why")),
            draft.evidence(row.get("alerts")),
            words.say(row.get("post")) or "—",
        )
        for row in found
    ]
    columns = draft.columns(
        "wanting",
        ("system", 1.6),
        ("#clause", 0.9),
        ("title", 1.3),
        ("state", 0.9, "center"),
        ("why", 2.4),
        ("evidence", 1.4),
        ("post", 1.5),
    )
    return draft.text("wanting.lead", n=len(rows)), draft.table("wanting", columns, rows, dense=True)


def answered(draft: Draft) -> tuple[Block | None, ...]:
    """What people said, and what is still asked of which unit."""
    words = draft.words
    said = [
        (
            words.say(row.get("system_name")),
            visible(row.get("clause") or "—"),
            words.say(row.get("title")),
            Cell(words.term("shared.state", row.get("state")), tone=TONES.get(str(row.get("state")), "")),
            visible(row.get("by") or "—"),
            day(row.get("at")),
            day(row.get("until")),
            visible(row.get("reason") or "—"),
        )
        for row in _items(draft)
        if row.get("basis") == "said"
    ]
    asked: dict[str, list[dict[str, Any]]] = {}
    for row in _items(draft):
        if row.get("state") == "unknown":
            asked.setdefault(visible(row.get("system") or "—"), []).append(row)
    open_ = [
        (
            words.say(mine[0].get("system_name")),
            words.say(mine[0].get("post")) or "—",
            len(mine),
            sum(bool(row.get("lapsed")) for row in mine),
        )
        for mine in asked.values()
    ]
    columns = draft.columns(
        "answer",
        ("system", 1.5),
        ("#clause", 0.9),
        ("title", 1.5),
        ("state", 0.9, "center"),
        ("by", 1),
        ("at", 1),
        ("until", 1),
        ("reason", 2),
    )
    return (
        draft.text("answered.lead"),
        draft.table("answers", columns, said, dense=True),
        draft.table(
            "asked",
            draft.columns("asked", ("system", 2.4), ("post", 2.4), ("n", 0.8, "end"), ("lapsed", 1, "end")),
            open_,
        ),
    )


def conclusion(draft: Draft) -> tuple[Block | None, ...]:
    """What follows, limits, signatures."""
    bad = [
        draft.words.say(one.get("name"))
        for one in mappings(draft.document, "systems")
        if one.get("conclusion") in ("not_met", "poor")
    ]
    key = "bad" if bad else "good"
    return ending(draft, draft.text(f"conclusion.{key}", n=len(bad), unknown=_said(draft, "unknown")))


OUTLINE = Outline(
    "mlps",
    "YS-ML",
    (
        ("summary", summary),
        ("overview", overview),
        ("families", families),
        ("points", points),
        ("wanting", wanting),
        ("answered", answered),
        ("conclusion", conclusion),
    ),
)
