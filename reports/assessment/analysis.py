"""Chapters 4 to 8: threats, measures, weaknesses, analysis, evaluation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from reports.assessment import further
from reports.assessment.facts import ARROW, LEVELS, Facts, level_of, share, tone, value_of
from reports.assessment.objects import business
from reports.shared.charts import Square, heat_map, lines
from reports.shared.draft import Draft, Shown
from reports.shared.plain import figure, local, mapping, mappings, pick, strings, visible, whole
from reports.spec import Align, Block, Cell, Figure, Pair, Paragraph, Sub, Table
from yunshao.model.risk import METHODS

AXIS = (1, 2, 3, 4, 5)
FEW = 4
MAX_DAYS = 800
MAX_DOTS = 45


def threats(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """Sources and kinds of threats with measured frequencies."""
    words = draft.words
    rows = [
        (
            words.say(threat.get("name")),
            words.term("source", threat.get("source")),
            words.term("threat_kind", threat.get("kind")),
            ", ".join(strings(threat.get("techniques"))),
            f"{figure(threat.get('episodes'))} / {figure(threat.get('window_days'))}",
            share(threat.get("precision")),
            figure(threat.get("per_year"), 1),
            Cell(words.level(threat.get("frequency")), tone=tone(threat.get("frequency"))),
            _basis(draft, threat),
        )
        for threat in facts.threats.values()
    ]
    columns = draft.columns(
        "threat",
        ("name", 2.2),
        ("source", 1.5),
        ("kind", 1.05),
        ("techniques", 2.1),
        ("episodes", 1.05, "end"),
        ("precision", 0.95, "end"),
        ("per_year", 0.85, "end"),
        ("frequency", 1.05, "center"),
        ("basis", 1.7),
    )
    table = draft.table("threats", columns, rows, dense=True, note=words("threats.note"))
    return draft.text("threats.lead", n=len(rows)), table, _alerts_by_day(draft)


def _basis(draft: Draft, row: dict[str, Any]) -> Cell:
    """Alerts as evidence, or that the value was declared."""
    return draft.evidence(
        row.get("alerts"), draft.words.term("basis_kind", row.get("basis")) or draft.words("declared")
    )


def _alerts_by_day(draft: Draft) -> Figure | None:
    """Alerts per day (per week in a long window); left out where nothing was counted."""
    words, window = draft.words, mapping(draft.document, "window")
    first, last = local(window.get("since")), local(window.get("until"))
    times = [at for row in draft.ledger.alerts.values() if (at := local(row.get("time"))) is not None]
    if first is None or last is None or not times or not 0 < (last - first).days <= MAX_DAYS:
        return None
    step = 7 if (last - first).days > MAX_DOTS else 1
    counts = Counter((at - first).days // step for at in times if first <= at <= last)
    spans = range((last - first).days // step + 1)
    days = [f"{first + timedelta(days=span * step):%m-%d}" for span in spans]
    total = sum(counts.values())
    refs = draft.ledger.basis(
        words("basis.days"),
        words("basis.days_value", n=total),
        total,
        words("basis.days_method"),
        words("basis.alerts_inputs"),
        draft.ledger.cite(list(draft.ledger.alerts))[0],
        [total],
        {"op": "count", "of": "alerts", "where": {"time": {"least": window.get("since"), "most": window.get("until")}}},
    )
    busiest = max(spans, key=lambda span: counts[span])
    alt = words("alt.days", n=total, step=step, busiest=days[busiest], most=counts[busiest])
    svg = lines(days, {words("figure.days"): [counts[span] for span in spans]}, alt)
    return draft.figure("days", svg, alt, note=alt, width=85, refs=refs)


def _first(names: tuple[str, ...]) -> str:
    """The first few and how many there are: the full list stands in the JSON of the bundle."""
    shown = ", ".join(names[:FEW])
    return shown if len(names) <= FEW else f"{shown} … ({len(names)})"


def measures(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """Existing measures: deployed, healthy, effective; what many systems have alike stands once, with their number."""
    words = draft.words
    alike: dict[tuple[str, ...], list[str]] = {}
    for measure in facts.measures.values():
        said = (
            words.say(measure.get("name")),
            words.term("measure_kind", measure.get("kind")),
            share(measure.get("deployed")),
            share(measure.get("health")),
            words("measures.untested") if measure.get("untested") else share(measure.get("efficacy")),
            figure(measure.get("effectiveness")),
            _first(strings(measure.get("techniques"))),
        )
        alike.setdefault(said, []).append(facts.name("assets", measure.get("system")))
    rows = [(said[0], _systems(draft, names), *said[1:]) for said, names in alike.items()]
    columns = draft.columns(
        "measure",
        ("name", 2.6),
        ("system", 2),
        ("kind", 1.2),
        ("deployed", 1, "end"),
        ("health", 1, "end"),
        ("efficacy", 1, "end"),
        ("effectiveness", 0.8, "end"),
        ("techniques", 1.6),
    )
    return draft.text("measures.lead", n=len(rows)), draft.table(
        "measures", columns, rows, dense=True, note=words("measures.note")
    )


def _systems(draft: Draft, names: list[str]) -> str:
    return names[0] if len(names) == 1 else draft.words("measures.systems", first=names[0], n=len(names))


def weaknesses(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """Weak points, technical and managerial."""
    words = draft.words
    rows = [
        (
            words.say(weakness.get("name")),
            key,
            facts.name("assets", weakness.get("system")),
            words.term("weakness_kind", weakness.get("kind")),
            Cell(words.level(weakness.get("severity")), tone=tone(weakness.get("severity"))),
            _yes(draft, weakness.get("exposed")),
            _first(strings(weakness.get("techniques"))),
            _basis(draft, weakness),
        )
        for key, weakness in facts.weaknesses.items()
    ]
    columns = draft.columns(
        "weakness",
        ("name", 2.6),
        ("#id", 1.5),
        ("system", 1.7),
        ("kind", 1.2),
        ("severity", 1.1, "center"),
        ("exposed", 0.8, "center"),
        ("techniques", 1.3),
        ("basis", 1.6),
    )
    return draft.text("weaknesses.lead", n=len(rows)), draft.table("weaknesses", columns, rows, dense=True)


def _yes(draft: Draft, value: object) -> str:
    return draft.words("yes" if value else "no") if isinstance(value, bool) else draft.words.say(value) or "—"


def analysis(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """Every calculation: T, A, V, L, F, R before and after existing measures."""
    words = draft.words
    method = words.term("formula", draft.document.get("method"))
    return (
        draft.text("analysis.lead"),
        Paragraph(method),
        draft.text("analysis.measures"),
        *_criteria(draft),
        Sub(words("sub.sheets")),
        _sheet(draft, facts),
        *_worked(draft, facts),
    )


def _criteria(draft: Draft) -> list[Block]:
    """The tables and cuts of the method, as they stood when the risks were scored."""
    blocks: list[Block] = [Sub(draft.words("sub.criteria"))]
    ranges = []
    for one in _sealed_criteria(draft):
        key = str(one["key"])
        if one["table"]:
            across = range(1, len(one["table"][0]) + 1)
            rows = [(str(place), *(str(value) for value in line)) for place, line in enumerate(one["table"], start=1)]
            axes: list[tuple[str, float, Align]] = [(str(at), 1.0, "center") for at in across]
            columns = draft.columns("matrix", (f"{key}_axis", 1.6, "center"), *axes)
            blocks.append(draft.table(f"matrix_{key}", columns, rows))
        if one["cuts"]:
            ranges.append((draft.words(f"cut.{key}"), *_ranges(one["cuts"])))
    columns = draft.columns("cut", ("of", 2), *((str(at), 1.0, "center") for at in AXIS))
    blocks.append(draft.table("cuts", columns, ranges))
    return blocks


def _sealed_criteria(draft: Draft) -> list[dict[str, Any]]:
    """The criteria of the document; for one that has none, those of its method as they are now."""
    known = {"L", "F", "R", "iso", "likelihood", "impact", "data"}
    given = [one for one in mappings(draft.document, "criteria") if one.get("key") in known]
    if given:
        return given
    method = METHODS.get(visible(draft.document.get("method") or ""))
    return [{"key": one.key, "table": one.table, "cuts": one.cuts} for one in method.criteria] if method else []


def _ranges(ends: Sequence[int]) -> tuple[str, ...]:
    """Upper ends of the levels as ranges: (5, 11, 16, 21, 25) gives 1–5, 6–11 and so on."""
    starts = (1, *(end + 1 for end in ends))
    return tuple(f"{start}–{end}" for start, end in zip(starts, ends, strict=False))


def _sheet(draft: Draft, facts: Facts) -> Table:
    words = draft.words
    rows: list[tuple[Shown, ...]] = [
        (
            Cell(facts.label(risk), anchor=facts.label(risk)),
            facts.words_of(risk),
            *(_pair(risk, key) for key in ("A", "T", "V")),
            _graded(risk, "L"),
            _graded(risk, "F"),
            _pair(risk, "R"),
            *(
                Cell(figure(level_of(risk, side) or None), tone=tone(level_of(risk, side)))
                for side in ("inherent", "current")
            ),
            draft.evidence(risk.get("evidence"), words("declared")),
        )
        for risk in facts.risks
    ]
    columns = draft.columns(
        "sheet",
        ("ref", 0.9),
        ("risk", 4),
        ("A", 0.5, "center"),
        ("T", 0.5, "center"),
        ("V", 0.8, "center"),
        ("L", 1.8, "center"),
        ("F", 1.8, "center"),
        ("R", 1.15, "center"),
        ("inherent", 0.9, "center"),
        ("current", 0.9, "center"),
        ("evidence", 1.7),
    )
    return draft.table("sheet", columns, rows, dense=True, note=words("analysis.sheet_note"))


def _pair(risk: dict[str, Any], key: str) -> str:
    before, after = figure(value_of(risk, "inherent", key)), figure(value_of(risk, "current", key))
    return before if before == after else f"{before}{ARROW}{after}"


def _graded(risk: dict[str, Any], key: str) -> str:
    """A value with its level in brackets, before and after."""
    sides = [
        f"{figure(value_of(risk, side, key))}({figure(value_of(risk, side, f'{key}_level'))})"
        for side in ("inherent", "current")
    ]
    return sides[0] if sides[0] == sides[1] else ARROW.join(sides)


def _worked(draft: Draft, facts: Facts) -> list[Block]:
    """One calculation in words, for whoever checks the others."""
    words = draft.words
    if not facts.risks:
        return []
    risk = facts.risks[0]
    values = {
        key: figure(pick(risk, "current", key)) for key in ("T", "A", "V", "L", "L_level", "F", "F_level", "R", "level")
    }
    before = figure(pick(risk, "inherent", "V"))
    text = words("analysis.worked", risk=facts.words_of(risk), before=before, **values)
    return [Sub(words("sub.worked")), Paragraph(text, (facts.label(risk),))]


def evaluation(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """Heat maps, risk by asset and by business, the acceptance line."""
    words = draft.words
    refs = draft.ledger.basis(
        words("basis.heat"),
        words("basis.heat_value", n=len(facts.risks)),
        len(facts.risks),
        words("basis.heat_method"),
        words("basis.counts_inputs"),
        facts.evidence_of(facts.high("inherent")),
        _fields(facts, "current"),
        {"op": "pairs", "of": "risks", "fields": ["current.L_level", "current.F_level"]},
    )
    pair = Pair(_heat(draft, facts, "inherent", refs), _heat(draft, facts, "current", refs))
    return (
        draft.text("evaluation.line"),
        pair,
        draft.text("evaluation.heat_note"),
        Sub(words("sub.by_asset")),
        _by_asset(draft, facts),
        Sub(words("sub.by_business")),
        draft.text("evaluation.business"),
        business(draft, facts, "business_all", len(facts.business)),
        *further.quantitative(draft),
        *further.changes(draft, facts),
    )


def _fields(facts: Facts, side: str) -> list[float]:
    """The fields of a heat map in order: possibility level, loss level, how many."""
    counted = Counter((whole(pick(risk, side, "L_level")), whole(pick(risk, side, "F_level"))) for risk in facts.risks)
    return [part for place in sorted(counted) for part in (*place, counted[place])]


def _heat(draft: Draft, facts: Facts, side: str, refs: tuple[str, ...]) -> Figure:
    words = draft.words
    fields: dict[tuple[int, int], list[int]] = {}
    for risk in facts.risks:
        place = whole(pick(risk, side, "L_level")), whole(pick(risk, side, "F_level"))
        fields.setdefault(place, []).append(level_of(risk, side))
    squares = [
        [Square(len(fields.get((row, column), ())), max(fields.get((row, column), (0,)))) for column in AXIS]
        for row in AXIS
    ]
    said = ", ".join(f"L{row}×F{column}: {len(found)}" for (row, column), found in sorted(fields.items(), reverse=True))
    alt = words(f"alt.heat_{side}", fields=said or words("shared.none"))
    names = [str(level) for level in AXIS]
    svg = heat_map(squares, names, names, words("axis.L"), words("axis.F"), alt)
    return draft.figure(f"heat_{side}", svg, alt, refs=refs)


def _by_asset(draft: Draft, facts: Facts) -> Table:
    words = draft.words
    rows = []
    for key, asset in facts.assets.items():
        risks = [risk for risk in facts.risks if visible(risk.get("asset") or "") == key]
        counts = Counter(level_of(risk, "current") for risk in risks)
        worst = max(counts, default=0)
        first = tuple(facts.label(risk) for risk in risks[:5])
        rows.append(
            (
                words.say(asset.get("name")),
                words.say(asset.get("unit_name") or asset.get("unit")),
                Cell(words.level(worst) if worst else "—", tone=tone(worst)),
                *(counts[level] for level in LEVELS),
                Cell("", refs=first) if first else "—",
            )
        )
    columns = draft.columns(
        "by_asset",
        ("name", 2.6),
        ("unit", 2),
        ("worst", 1.1, "center"),
        *((f"l{level}", 0.6, "end") for level in LEVELS),
        ("top", 2.2),
    )
    return draft.table("by_asset", columns, rows, dense=True)
