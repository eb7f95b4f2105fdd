"""A scorecard document to a report: the city, its units, every indicator with numerator and denominator."""

from __future__ import annotations

from typing import Any

from reports.shared.charts import bars
from reports.shared.draft import Draft, Shown
from reports.shared.outline import Outline, ending, laws, sources
from reports.shared.plain import figure, half_up, mappings, number, percent, pick, visible, whole
from reports.spec import Block, Cell, Figure, Sub, Table, Tile, Tiles
from yunshao.model.scorecard import SUMS

INDICATORS = ("migration", "coverage", "response", "controls", "rectification", "posture", "drills")
GRADES = ("A", "B", "C", "D")
GRADE_TONE = {"A": "good", "B": "l2", "C": "warn", "D": "bad"}
CITY = {"unit": ""}
MOST_BARS = 15


def _indicator(draft: Draft, unit: object) -> list[dict[str, Any]]:
    return [row for row in mappings(draft.document, "indicators") if row.get("unit") == unit]


def _scores(draft: Draft) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The city's score, and those of the units in their order."""
    rows = mappings(draft.document, "scores")
    city = next((row for row in rows if row.get("unit") == ""), {})
    return city, [row for row in rows if row.get("unit") != ""]


def _points(value: object) -> str:
    found = number(value)
    return "—" if found is None else f"{half_up(found, 2):.2f}"


def _grade(value: object) -> Cell:
    return Cell(visible(value or "—"), tone=GRADE_TONE.get(str(value), ""))


def _score_refs(draft: Draft, score: float | None) -> tuple[str, ...]:
    recipe = {"op": "sum", "of": "indicators", "field": "points", "where": CITY}
    applies = [row for row in _indicator(draft, "") if number(row.get("value")) is not None]
    return draft.sure("score", _points(score), [] if score is None else [score], recipe, n=len(applies))


def summary(draft: Draft) -> tuple[Block | None, ...]:
    """The city's score and grade, how the units fare, and every indicator of the city."""
    words = draft.words
    city, units = _scores(draft)
    score = number(city.get("score"))
    refs = _score_refs(draft, score)
    before = number(pick(draft.document, "previous", "summary", "score"))
    change = (
        words("summary.first")
        if before is None or score is None
        else words("summary.change", before=_points(before), by=_signed(score - before))
    )
    graded = {name: sum(row.get("grade") == name for row in units) for name in GRADES}
    tiles = [
        Tile(words("tile.score"), _points(score), change, GRADE_TONE.get(str(city.get("grade")), ""), refs),
        Tile(
            words("tile.grade"),
            visible(city.get("grade") or "—"),
            words("tile.grades"),
            GRADE_TONE.get(str(city.get("grade")), ""),
            refs,
        ),
    ]
    for name in ("A", "D"):
        counted = draft.sure(
            f"grade_{name.lower()}",
            str(graded[name]),
            [graded[name]],
            {"op": "count", "of": "scores", "where": {"grade": name, "unit": [row.get("unit") for row in units]}},
            n=len(units),
        )
        tiles.append(
            Tile(words("tile.units", grade=name), str(graded[name]), words("shared.unit_n", n=len(units)), "", counted)
        )
    return (
        draft.text(
            "summary.lead", refs=refs, score=_points(score), grade=visible(city.get("grade") or "—"), units=len(units)
        ),
        Tiles(tuple(tiles)),
        _city(draft),
        _bars(draft, refs),
    )


def _signed(value: float) -> str:
    shown = f"{half_up(abs(value), 2):.2f}"
    return f"+{shown}" if value > 0 else f"−{shown}" if value < 0 else "0"


def _recipe(name: str) -> dict[str, Any]:
    """How an indicator follows from its rows: numerator (or what is missing from it) over denominator."""
    of = SUMS[name]
    whole_of = {"op": "sum", "of": of.rows, "field": of.whole} if of.whole else {"op": "count", "of": of.rows}
    return {"op": "ratio", "num": {"op": "sum", "of": of.rows, "field": of.counted}, "den": whole_of}


def _city(draft: Draft) -> Table:
    words = draft.words
    rows = []
    for row in _indicator(draft, ""):
        name = str(row.get("indicator"))
        value = number(row.get("value"))
        refs: tuple[str, ...] = ()
        if name in SUMS:
            shown = [] if value is None else [1 - value if SUMS[name].missing else value]
            refs = draft.sure(name, percent(value), shown, _recipe(name), n=figure(row.get("den")))
        rows.append(
            (
                Cell(words.term("shared.indicator", name), refs=refs),
                f"{figure(row.get('num'))} / {figure(row.get('den'))}",
                percent(value, words("not_applicable")),
                percent(row.get("target")),
                figure(row.get("weight")),
                _points(row.get("points")),
            )
        )
    columns = draft.columns(
        "shared.",
        ("indicator", 2.6),
        ("num_den", 1.4, "end"),
        ("value", 1, "end"),
        ("target", 1, "end"),
        ("weight", 0.8, "end"),
        ("points", 1, "end"),
    )
    return draft.table("city", columns, rows)


def _bars(draft: Draft, refs: tuple[str, ...]) -> Figure:
    words = draft.words
    rows = [row for row in _indicator(draft, "") if number(row.get("value")) is not None]
    names = [words.term("shared.indicator", row.get("indicator")) for row in rows]
    reached = [100 * (number(row.get("value")) or 0) for row in rows]
    wanted = [100 * (number(row.get("target")) or 0) for row in rows]
    said = ", ".join(
        f"{name} {figure(got, 1)} / {figure(aim, 1)}" for name, got, aim in zip(names, reached, wanted, strict=True)
    )
    alt = words("alt.city", said=said or "—")
    svg = bars(names, {words("figure.target"): wanted, words("figure.value"): reached}, alt, digits=1)
    return draft.figure("city", svg, alt, note=words("figure.percent"), width=85, refs=refs)


def units(draft: Draft) -> tuple[Block | None, ...]:
    """Every unit with its chief's post, score and grade."""
    words = draft.words
    _, found = _scores(draft)
    rows = [
        (
            str(place),
            words.say(row.get("name")),
            words.say(row.get("post")) or "—",
            _points(row.get("score")),
            _grade(row.get("grade")),
            f"{whole(row.get('applies'))} / {len(INDICATORS)}",
        )
        for place, row in enumerate(found, start=1)
    ]
    columns = draft.columns(
        "unit",
        ("place", 0.6, "center"),
        ("name", 2.6),
        ("post", 2.6),
        ("score", 1, "end"),
        ("grade", 0.8, "center"),
        ("applies", 1.2, "center"),
    )
    return draft.text("units.lead", n=len(found)), draft.table("units", columns, rows), _unit_bars(draft, found)


def _unit_bars(draft: Draft, found: list[dict[str, Any]]) -> Figure | None:
    words = draft.words
    scored = [row for row in found if number(row.get("score")) is not None]
    shown = scored[:MOST_BARS]
    if not shown:
        return None
    scores = [number(row.get("score")) or 0.0 for row in shown]
    mean_of = draft.sure(
        "units",
        _points(max(scores)),
        [max(scores)],
        {"op": "max", "of": "scores", "field": "score", "where": {"unit": [row.get("unit") for row in shown]}},
        n=len(shown),
    )
    alt = words("alt.units", n=len(shown), best=words.say(shown[0].get("name")), score=_points(scores[0]))
    return draft.figure(
        "units",
        bars([words.say(row.get("name")) for row in shown], {words("figure.score"): scores}, alt, digits=1),
        alt,
        note=words("units.drawn", n=len(shown), all=len(scored)) if len(scored) > len(shown) else "",
        width=85,
        refs=mean_of,
    )


def indicators(draft: Draft) -> tuple[Block | None, ...]:
    """Every indicator of every unit, numerator over denominator."""
    words = draft.words
    _, found = _scores(draft)
    by_unit: dict[str, dict[str, dict[str, Any]]] = {}
    for row in mappings(draft.document, "indicators"):
        by_unit.setdefault(str(row.get("unit")), {})[str(row.get("indicator"))] = row
    rows: list[tuple[Shown, ...]] = []
    for unit in found:
        mine = by_unit.get(str(unit.get("unit")), {})
        rows.append(
            (
                words.say(unit.get("name")),
                *(_fraction(mine.get(name, {}), words("not_applicable")) for name in INDICATORS),
            )
        )
    columns = draft.columns("indicators", ("name", 2), *((name, 1.0, "center") for name in INDICATORS))
    return draft.text("indicators.lead"), draft.table("indicators", columns, rows, dense=True)


def _fraction(row: dict[str, Any], missing: str) -> Cell:
    value, target = number(row.get("value")), number(row.get("target"))
    if value is None:
        return Cell(missing, tone="quiet")
    tone = "good" if target is None or value >= target else "warn" if value >= 0.8 * target else "bad"
    return Cell(f"{figure(row.get('num'))} / {figure(row.get('den'))}", tone=tone)


def method(draft: Draft) -> tuple[Block | None, ...]:
    """How points and grades come about."""
    words = draft.words
    rows = [(words.term("shared.indicator", name), words(f"how.{name}")) for name in INDICATORS]
    grades = [(Cell(name, tone=GRADE_TONE[name]), words(f"grade.{name}")) for name in GRADES]
    return (
        Sub(words("sub.basis")),
        laws(draft, "scheme", "csl", "dsl"),
        Sub(words("sub.formula")),
        draft.text("method.formula"),
        draft.table("formulas", draft.columns("formula", ("indicator", 1), ("how", 3)), rows),
        draft.table("grades", draft.columns("grade", ("grade", 0.6, "center"), ("means", 4)), grades),
        sources(draft),
    )


def conclusion(draft: Draft) -> tuple[Block | None, ...]:
    """Who is behind, limits, signatures."""
    _, found = _scores(draft)
    behind = [draft.words.say(row.get("name")) for row in found if row.get("grade") == "D"]
    key = "behind" if behind else "good"
    return ending(draft, draft.text(f"conclusion.{key}", n=len(behind), names=draft.words.joined(behind)))


OUTLINE = Outline(
    "scorecard",
    "YS-SC",
    (
        ("summary", summary),
        ("units", units),
        ("indicators", indicators),
        ("method", method),
        ("conclusion", conclusion),
    ),
)
