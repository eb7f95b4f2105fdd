"""A data-security document to a report, in the eleven chapters of its outline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from reports.data_security import survey
from reports.shared.charts import Square, bars, heat_map
from reports.shared.draft import Draft, Shown
from reports.shared.outline import Outline, ending, laws
from reports.shared.plain import day, mapping, mappings, pick, strings, visible, whole
from reports.spec import Block, Cell, Figure, Sub, Table, Tile, Tiles

LEVELS = (5, 4, 3, 2, 1)
STATES = ("met", "partly", "not_met", "unknown", "not_applicable")
TONES = {"met": "good", "partly": "warn", "not_met": "bad"}
AREAS = ("data.management", "data.activities", "data.technology", "data.personal")
IMPORTANT = ["core", "important"]
PERSONAL = ["ordinary", "sensitive"]
HIGH = 4


def _rows(draft: Draft, key: str) -> list[dict[str, Any]]:
    return mappings(draft.document, key)


def _levels(draft: Draft) -> Counter[int]:
    return Counter(whole(row.get("level")) for row in _rows(draft, "risk_sources"))


def _named(draft: Draft, level: object) -> Cell:
    found = whole(level)
    return Cell(
        draft.words.term("risk_level", found) if found in LEVELS else "—", tone=f"l{found}" if found in LEVELS else ""
    )


def _alerts(draft: Draft, least: int = 1) -> list[str]:
    rows = [row for row in _rows(draft, "risk_sources") if whole(row.get("level")) >= least]
    return list(dict.fromkeys(key for row in rows for key in strings(row.get("alerts"))))


def overview(draft: Draft) -> tuple[Block | None, ...]:
    """Purpose, basis, scope, key figures, method."""
    words = draft.words
    assets, found, counted = _rows(draft, "data_assets"), _rows(draft, "risk_sources"), _levels(draft)
    numbers = [counted[level] for level in LEVELS]
    said = ", ".join(f"{words.term('risk_level', level)} {counted[level]}" for level in LEVELS)
    refs = draft.sure(
        "levels",
        said,
        numbers,
        {"op": "levels", "of": "risk_sources", "field": "level"},
        n=len(found),
        alerts=_alerts(draft),
    )
    return (
        draft.text("overview.lead", refs=refs, data=len(assets), sources=len(found), said=said),
        _tiles(draft),
        Sub(words("sub.purpose")),
        draft.text("overview.purpose"),
        Sub(words("sub.basis")),
        laws(draft, "csl", "dsl", "pipl", "ndsr", "data_risk", "data_level", "scheme"),
        Sub(words("sub.method")),
        draft.text("overview.method"),
        draft.text("overview.form"),
    )


def _tiles(draft: Draft) -> Tiles:
    assets, found, items = _rows(draft, "data_assets"), _rows(draft, "risk_sources"), _rows(draft, "items")
    important = sum(row.get("level") in IMPORTANT for row in assets)
    personal = sum(row.get("personal") in PERSONAL for row in assets)
    high = sum(whole(row.get("level")) >= HIGH for row in found)
    unknown = sum(row.get("state") == "unknown" for row in items)
    least = {"level": {"least": HIGH}}
    return Tiles(
        (
            _tile(draft, "important", important, "data_assets", {"level": IMPORTANT}, ""),
            _tile(draft, "personal", personal, "data_assets", {"personal": PERSONAL}, ""),
            _tile(draft, "high", high, "risk_sources", least, "l4" if high else "good", _alerts(draft, HIGH)),
            _tile(draft, "unknown", unknown, "items", {"state": "unknown"}, "warn" if unknown else "good"),
        )
    )


def _tile(
    draft: Draft, key: str, value: int, rows: str, where: dict[str, Any], tone: str, alerts: Sequence[str] = ()
) -> Tile:
    n = len(_rows(draft, rows))
    refs = draft.sure(key, str(value), [value], {"op": "count", "of": rows, "where": where}, n=n, alerts=alerts)
    return Tile(draft.words(f"tile.{key}"), str(value), draft.words("shared.unit_n", n=n), tone, refs)


def measures(draft: Draft) -> tuple[Block | None, ...]:
    """What is in place: items that are met, with their basis."""
    words = draft.words
    rows = [
        (
            words.say(row.get("system_name")),
            words.term("area", row.get("family")),
            words.say(row.get("title")),
            words.term("shared.how", row.get("how")),
            words.say(row.get("reason")) or words("measures.said", by=visible(row.get("by") or "—"))
            if row.get("basis") == "said"
            else words.say(row.get("why")),
        )
        for row in _rows(draft, "items")
        if row.get("state") == "met"
    ]
    columns = draft.columns(
        "measure", ("system", 1.8), ("area", 1.5), ("title", 2.6), ("how", 0.9, "center"), ("why", 2.6)
    )
    return draft.text("measures.lead", n=len(rows)), draft.table("measures", columns, rows, dense=True)


def identified(draft: Draft) -> tuple[Block | None, ...]:
    """The four areas, item by item over all systems."""
    words = draft.words
    items = _rows(draft, "items")
    areas = []
    for area in AREAS:
        mine = [row for row in items if row.get("family") == area]
        areas.append(
            (words.term("area", area), len(mine), *(sum(row.get("state") == state for row in mine) for state in STATES))
        )
    by_item: dict[str, list[dict[str, Any]]] = {}
    for row in items:
        by_item.setdefault(visible(row.get("control") or "—"), []).append(row)
    rows = []
    for mine in by_item.values():
        counted = [sum(row.get("state") == state for row in mine) for state in STATES]
        alerts = list(dict.fromkeys(key for row in mine for key in strings(row.get("alerts"))))
        rows.append(
            (
                visible(mine[0].get("clause") or "—"),
                words.term("area", mine[0].get("family")),
                words.say(mine[0].get("title")),
                *counted,
                draft.evidence(alerts),
            )
        )
    columns = draft.columns(
        "item",
        ("#clause", 0.6),
        ("area", 1.4),
        ("title", 2.6),
        *((state, 0.75, "end") for state in STATES),
        ("evidence", 1.5),
    )
    return (
        draft.table(
            "areas",
            draft.columns("area", ("area", 2), ("items", 0.9, "end"), *((state, 0.9, "end") for state in STATES)),
            areas if items else [],
        ),
        draft.table("items", columns, rows, dense=True),
    )


def risk_sources(draft: Draft) -> tuple[Block | None, ...]:
    """The list of sources of risk, the highest first."""
    words = draft.words
    rows = [
        (
            Cell(f"S-{place:03d}"),
            words.term("area", row.get("area")),
            words.say(row.get("data_name")),
            words.say(row.get("title")),
            Cell(words.term("shared.state", row.get("state")), tone=TONES.get(str(row.get("state")), "")),
            words.term("harm", row.get("harm")),
            words.term("possibility", row.get("possibility")),
            _named(draft, row.get("level")),
            draft.evidence(row.get("alerts")),
        )
        for place, row in enumerate(_rows(draft, "risk_sources"), start=1)
    ]
    columns = draft.columns(
        "source",
        ("ref", 0.75),
        ("area", 1.2),
        ("data", 1.4),
        ("title", 2),
        ("state", 0.9, "center"),
        ("harm", 0.7, "center"),
        ("possibility", 0.7, "center"),
        ("level", 0.8, "center"),
        ("evidence", 1.3),
    )
    return (
        draft.text("sources.lead", n=len(rows)),
        draft.table("risk_sources", columns, rows, dense=True),
        _asked(draft),
    )


def _asked(draft: Draft) -> Table:
    """Items that nobody knows of, with the systems that they are asked of."""
    words = draft.words
    by_item: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(draft, "items"):
        if row.get("state") == "unknown":
            by_item.setdefault(visible(row.get("control") or "—"), []).append(row)
    rows = [
        (
            words.term("area", mine[0].get("family")),
            words.say(mine[0].get("title")),
            words.joined([words.say(row.get("system_name")) for row in mine]),
            len(mine),
        )
        for mine in by_item.values()
    ]
    columns = draft.columns("asked", ("area", 1.2), ("title", 2.4), ("systems", 3.4), ("n", 0.7, "end"))
    return draft.table("asked", columns, rows, dense=True)


def analysis(draft: Draft) -> tuple[Block | None, ...]:
    """Matrix, counts by level, comparison with the assessment before."""
    words = draft.words
    counted = _levels(draft)
    before = pick(draft.document, "previous", "summary", "levels")
    earlier = mapping({"b": before}, "b") if isinstance(before, dict) else None
    rows = []
    for level in LEVELS:
        old = None if earlier is None else whole(earlier.get(str(level)))
        rows.append((_named(draft, level), counted[level], old, None if old is None else _signed(counted[level] - old)))
    total = sum(counted[level] for level in LEVELS)
    refs = draft.sure(
        "matrix",
        str(total),
        _pairs(draft),
        {"op": "pairs", "of": "risk_sources", "fields": ["possibility", "harm"]},
        n=total,
        alerts=_alerts(draft),
    )
    said = ", ".join(f"{words.term('risk_level', level)} {counted[level]}" for level in LEVELS)
    alt = words("alt.levels", said=said)
    drawn = bars(
        [words.term("risk_level", level) for level in LEVELS],
        {words("figure.sources"): [counted[level] for level in LEVELS]},
        alt,
    )
    return (
        draft.text("analysis.lead"),
        _matrix_table(draft),
        _heat(draft, refs),
        draft.table(
            "levels",
            draft.columns("level", ("level", 2), ("count", 1, "end"), ("before", 1, "end"), ("change", 1, "end")),
            rows,
        ),
        draft.figure("levels", drawn, alt, width=75, refs=refs),
    )


def _signed(value: int) -> str:
    return f"+{value}" if value > 0 else f"−{-value}" if value < 0 else "0"


def _pairs(draft: Draft) -> list[float]:
    paired = Counter((whole(row.get("possibility")), whole(row.get("harm"))) for row in _rows(draft, "risk_sources"))
    return [float(part) for key in sorted(paired) for part in (*key, paired[key])]


def _table(draft: Draft) -> list[list[int]]:
    given = next((one.get("table") for one in _rows(draft, "criteria") if one.get("key") == "data"), None)
    rows = given if isinstance(given, list) else []
    return [[whole(cell) for cell in row] for row in rows if isinstance(row, list)][:3]


def _matrix_table(draft: Draft) -> Table:
    words = draft.words
    rows: list[tuple[Shown, ...]] = []
    for place, row in enumerate(_table(draft), start=1):
        if len(row) == len(LEVELS):
            rows.insert(0, (words.term("possibility", place), *(_named(draft, level) for level in reversed(row))))
    columns = draft.columns("matrix", ("possibility", 1.2), *((f"h{harm}", 1.0, "center") for harm in LEVELS))
    return draft.table("matrix", columns, rows)


def _heat(draft: Draft, refs: tuple[str, ...]) -> Figure:
    words = draft.words
    paired = Counter((whole(row.get("possibility")), whole(row.get("harm"))) for row in _rows(draft, "risk_sources"))
    table = _table(draft)

    def level(row: int, column: int) -> int:
        return (
            table[row][column] if row < len(table) and column < len(table[row]) and table[row][column] in LEVELS else 0
        )

    squares = [[Square(paired[row + 1, column + 1], level(row, column)) for column in range(5)] for row in range(3)]
    alt = words("alt.heat", n=sum(paired.values()))
    drawn = heat_map(
        squares,
        [words.term("possibility", n) for n in (1, 2, 3)],
        [words.term("harm", n) for n in (1, 2, 3, 4, 5)],
        words("figure.possibility"),
        words("figure.harm"),
        alt,
    )
    return draft.figure("heat", drawn, alt, note=words("figure.heat_note"), width=62, refs=refs)


def rectification(draft: Draft) -> tuple[Block | None, ...]:
    """What is to be done, by which post, until when."""
    words = draft.words
    rows = [
        (
            Cell(f"S-{place:03d}"),
            words.say(row.get("data_name")),
            words(
                "rectify.ask" if row.get("state") == "unknown" else "rectify.mend", title=words.say(row.get("title"))
            ),
            _named(draft, row.get("level")),
            words.say(row.get("post")) or "—",
            day(row.get("due")),
        )
        for place, row in enumerate(_rows(draft, "risk_sources"), start=1)
        if whole(row.get("level")) >= 3
    ]
    columns = draft.columns(
        "plan", ("ref", 0.8), ("data", 1.6), ("action", 3.4), ("level", 0.8, "center"), ("post", 2), ("due", 1.2)
    )
    return draft.text("rectify.lead"), draft.table("plan", columns, rows, dense=True)


def conclusion(draft: Draft) -> tuple[Block | None, ...]:
    """Overall statement, limits, signatures."""
    counted = _levels(draft)
    unknown = sum(row.get("state") == "unknown" for row in _rows(draft, "items"))
    key = "bad" if counted[5] else "watch" if counted[4] else "good"
    said = draft.text(f"conclusion.{key}", critical=counted[5], high=counted[4], n=sum(counted.values()))
    return ending(draft, said, draft.text("conclusion.open", unknown=unknown) if unknown else None)


OUTLINE = Outline(
    "data_security",
    "YS-DS",
    (
        ("overview", overview),
        ("handler", survey.handler),
        ("systems", survey.systems),
        ("assets", survey.assets),
        ("activities", survey.activities),
        ("measures", measures),
        ("identified", identified),
        ("sources", risk_sources),
        ("analysis", analysis),
        ("rectification", rectification),
        ("conclusion", conclusion),
    ),
    first=1,
)
