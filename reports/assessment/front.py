"""Chapters 0 and 1: summary and overview."""

from __future__ import annotations

from collections import Counter
from typing import Any

from reports.assessment.facts import ACCEPTING, HIGH, LEVELS, Facts, level_of, tone
from reports.assessment.objects import business, systems_of
from reports.shared.charts import bars
from reports.shared.draft import Draft
from reports.shared.plain import figure, mapping, mappings, moment, pick, strings, visible, whole
from reports.spec import Block, Cell, Figure, Items, Sub, Table, Tile, Tiles

TOP_BUSINESS = 5


def summary(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """What a chief reads: counts, change, top five, decisions wanted."""
    words = draft.words
    current, inherent = facts.counted("current"), facts.counted("inherent")
    total = len(facts.risks)
    refs = draft.ledger.basis(
        words("basis.counts"),
        _counts_text(current),
        total,
        words("basis.counts_method"),
        words("basis.counts_inputs"),
        facts.evidence_of(facts.risks),
        [current[level] for level in LEVELS],
        {"op": "levels", "of": "risks", "field": "current.level"},
    )
    lead = draft.text(
        "summary.lead",
        refs=refs,
        assets=len(facts.assets),
        threats=len(facts.threats),
        weaknesses=len(facts.weaknesses),
        risks=total,
        l5=current[5],
        l4=current[4],
        l3=current[3],
        l2=current[2],
        l1=current[1],
    )
    return (
        lead,
        draft.text("summary.change", change=_change_text(draft, facts)),
        _tiles(draft, facts, inherent, current),
        _levels(draft, facts, inherent, current),
        _level_bars(draft, inherent, current, refs),
        _top(draft, facts),
        business(draft, facts, "business", TOP_BUSINESS),
        Sub(words("sub.decisions")),
        _decisions(draft, facts),
    )


def _counts_text(counts: Counter[int]) -> str:
    return " / ".join(f"{level}: {counts[level]}" for level in LEVELS)


def _change_text(draft: Draft, facts: Facts) -> str:
    words, before = draft.words, facts.previous()
    if before is None:
        return words("summary.no_previous")
    key = words.say(pick(facts.summary, "previous", "id"))
    now = facts.counted("current")
    return words(
        "summary.previous",
        id=key,
        before=before[5] + before[4],
        now=now[5] + now[4],
        difference=_signed(now[5] + now[4] - before[5] - before[4]),
    )


def _signed(value: int) -> str:
    return f"+{value}" if value > 0 else f"−{-value}" if value < 0 else "0"


def _tiles(draft: Draft, facts: Facts, inherent: Counter[int], current: Counter[int]) -> Tiles:
    words, total = draft.words, len(facts.risks)
    high, before = current[4] + current[5], inherent[4] + inherent[5]
    business = max((whole(item.get("level")) for item in facts.business), default=0)
    high_refs = draft.ledger.basis(
        words("basis.high"),
        str(high),
        total,
        words("basis.high_method"),
        words("basis.counts_inputs"),
        facts.evidence_of(facts.high("current")),
        [high],
        {"op": "count", "of": "risks", "where": {"current.level": {"least": HIGH}}},
    )
    inherent_refs = draft.ledger.basis(
        words("basis.inherent"),
        str(before),
        total,
        words("basis.inherent_method"),
        words("basis.counts_inputs"),
        facts.evidence_of(facts.high("inherent")),
        [before],
        {"op": "count", "of": "risks", "where": {"inherent.level": {"least": HIGH}}},
    )
    business_refs = draft.ledger.basis(
        words("basis.business"),
        str(business),
        len(facts.business),
        words("basis.business_method"),
        words("basis.business_inputs"),
        facts.evidence_of(facts.top()),
        [business],
        {"op": "max", "of": "business", "field": "level"},
    )
    alerts, _ = draft.ledger.totals
    cited = {key for risk in facts.risks for key in strings(risk.get("evidence"))}
    alert_refs = draft.ledger.basis(
        words("basis.alerts"),
        str(len(cited)),
        alerts,
        words("basis.alerts_method"),
        words("basis.alerts_inputs"),
        facts.evidence_of(facts.risks),
        [len(cited)],
        {"op": "distinct", "of": "risks", "field": "evidence"},
    )
    n = words("shared.unit_n", n=total)
    top_business = words.level(business) if business else words("shared.none")
    return Tiles(
        (
            Tile(words("tile.high"), str(high), n, "l5" if current[5] else "l4" if high else "good", high_refs),
            Tile(words("tile.inherent"), str(before), n, "", inherent_refs),
            Tile(
                words("tile.business"),
                top_business,
                words("shared.unit_n", n=len(facts.business)),
                tone(business),
                business_refs,
            ),
            Tile(words("tile.alerts"), str(len(cited)), words("shared.unit_n", n=alerts), "", alert_refs),
        )
    )


def _levels(draft: Draft, facts: Facts, inherent: Counter[int], current: Counter[int]) -> Table:
    words, before = draft.words, facts.previous()
    rows = [
        (
            Cell(words.level(level), tone=tone(level)),
            inherent[level],
            current[level],
            "—" if before is None else before[level],
            "—" if before is None else _signed(current[level] - before[level]),
        )
        for level in LEVELS
    ]
    rows.append(
        (
            Cell(words("summary.total")),
            sum(inherent.values()),
            sum(current.values()),
            "—" if before is None else sum(before.values()),
            "—" if before is None else _signed(sum(current.values()) - sum(before.values())),
        )
    )
    columns = draft.columns(
        "levels",
        ("level", 2),
        ("inherent", 1, "end"),
        ("current", 1, "end"),
        ("previous", 1, "end"),
        ("change", 1, "end"),
    )
    return draft.table("levels", columns, rows)


def _level_bars(draft: Draft, inherent: Counter[int], current: Counter[int], refs: tuple[str, ...]) -> Figure:
    words = draft.words
    alt = words("alt.levels", inherent=_counts_text(inherent), current=_counts_text(current))
    svg = bars(
        [words.level(level) for level in LEVELS],
        {
            words("column.levels.inherent"): [inherent[level] for level in LEVELS],
            words("column.levels.current"): [current[level] for level in LEVELS],
        },
        alt,
    )
    return draft.figure("levels", svg, alt, width=80, refs=refs)


def _top(draft: Draft, facts: Facts) -> Table:
    words = draft.words
    rows = [
        (
            facts.link(risk.get("id")),
            facts.words_of(risk),
            words.say(facts.asset(risk).get("unit_name") or facts.asset(risk).get("unit")),
            Cell(words.level(level_of(risk, "inherent")), tone=tone(level_of(risk, "inherent"))),
            Cell(words.level(level_of(risk, "current")), tone=tone(level_of(risk, "current"))),
            draft.evidence(risk.get("evidence"), words("declared")),
        )
        for risk in facts.top()
    ]
    columns = draft.columns(
        "risk",
        ("ref", 0.9),
        ("risk", 4),
        ("unit", 1.8),
        ("inherent", 1.1, "center"),
        ("current", 1.1, "center"),
        ("evidence", 1.6),
    )
    return draft.table("top", columns, rows)


def _decisions(draft: Draft, facts: Facts) -> Items:
    """What only a chief can decide, found from the list."""
    words = draft.words
    undated = [risk for risk in facts.high("current") if not risk.get("due")]
    unowned = [risk for risk in facts.high("current") if not risk.get("post")]
    accepted = [risk for risk in facts.risks if level_of(risk, "current") == 3 and risk.get("treatment") in ACCEPTING]
    found = [
        Cell(words(f"decision.{key}", n=len(risks)), tuple(facts.label(risk) for risk in risks[:5]))
        for key, risks in (("undated", undated), ("unowned", unowned), ("accept", accepted))
        if risks
    ]
    gaps = [row for row in mappings(draft.document, "coverage") if row.get("gap")]
    if gaps:
        found.append(Cell(words("decision.gaps", n=len(gaps))))
    return Items(tuple(found) or (Cell(words("shared.none")),))


def overview(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """Purpose, basis, scope, team, method, data sources."""
    words, document = draft.words, draft.document
    laws = tuple(Cell(words(f"law.{place}")) for place in range(1, 8))
    return (
        Sub(words("sub.purpose")),
        draft.text("overview.purpose"),
        Sub(words("sub.basis")),
        Items(laws, ordered=True),
        Sub(words("sub.scope")),
        draft.text(
            "overview.scope", units=len(_units(facts)), systems=len(systems_of(facts)), assets=len(facts.assets)
        ),
        _unit_table(draft, facts),
        Sub(words("sub.team")),
        draft.text("overview.team"),
        Sub(words("sub.method")),
        draft.text("overview.method", method=words.term("method", document.get("method"))),
        _parameters(draft),
        Sub(words("sub.sources")),
        draft.text("overview.sources"),
        _coverage(draft),
    )


def _units(facts: Facts) -> dict[str, str]:
    """Units in scope with their names."""
    found: dict[str, str] = {key: key for key in strings(mapping(facts.document, "scope").get("units"))}
    for asset in facts.assets.values():
        key = visible(asset.get("unit") or "")
        if key:
            found[key] = facts.draft.words.say(asset.get("unit_name")) or key
    return found


def _unit_table(draft: Draft, facts: Facts) -> Table:
    """The units that have assets; how many more are in scope stands below."""
    words = draft.words
    units = _units(facts)
    held: dict[str, list[dict[str, Any]]] = {}
    for asset in facts.assets.values():
        held.setdefault(visible(asset.get("unit") or ""), []).append(asset)
    rows = [_unit_row(facts, key, units.get(key, key), assets) for key, assets in held.items()]
    rest = len(set(units) - set(held))
    columns = draft.columns(
        "unit",
        ("name", 2.6),
        ("#id", 1.6),
        ("post", 2.4),
        ("assets", 0.9, "end"),
        ("risks", 0.9, "end"),
        ("high", 0.9, "end"),
    )
    return draft.table("units", columns, rows, note=words("overview.rest", n=rest) if rest else "")


def _unit_row(facts: Facts, key: str, name: str, assets: list[dict[str, Any]]) -> tuple[str | int, ...]:
    words = facts.draft.words
    posts = list(dict.fromkeys(words.say(asset.get("post")) for asset in assets if asset.get("post")))
    risks = [risk for risk in facts.risks if visible(facts.asset(risk).get("unit") or "") == key]
    high = sum(level_of(risk, "current") >= HIGH for risk in risks)
    return name, key, words.joined(posts), len(assets), len(risks), high


def _parameters(draft: Draft) -> Table:
    words, document = draft.words, draft.document
    window = mapping(document, "window")
    playbook = mapping(document, "playbook")
    rows = [
        (words("parameter.method"), visible(document.get("method") or "—")),
        (
            words("parameter.playbook"),
            " ".join(
                part
                for part in (
                    words.say(playbook.get("title")),
                    words.say(playbook.get("id")),
                    words.say(playbook.get("version")),
                )
                if part
            ),
        ),
        (words("parameter.window"), f"{moment(window.get('since'))} — {moment(window.get('until'))}"),
        (words("parameter.days"), figure(window.get("days"))),
        (words("parameter.as_of"), moment(document.get("as_of"))),
        (words("parameter.ruleset"), visible(document.get("ruleset_version") or "—")),
        (words("parameter.efficacy"), words("parameter.efficacy_value")),
        (words("parameter.line"), words("parameter.line_value")),
    ]
    return draft.table("parameters", draft.columns("parameter", ("name", 1.4), ("value", 3)), rows)


def _coverage(draft: Draft) -> Table:
    words = draft.words
    rows: list[tuple[Any, ...]] = []
    for item in mappings(draft.document, "coverage"):
        gap = words.say(item.get("gap")) if item.get("gap") not in (None, False, True) else ""
        if item.get("gap") is True:
            gap = words("coverage.gap")
        rows.append(
            (
                words.say(item.get("source")),
                moment(item.get("last_event")),
                figure(item.get("events")),
                figure(item.get("rejected")),
                Cell(gap or words("coverage.none"), tone="warn" if gap else ""),
            )
        )
    columns = draft.columns(
        "coverage", ("source", 2), ("last", 2.4), ("events", 1, "end"), ("rejected", 0.8, "end"), ("gap", 2.6)
    )
    return draft.table("coverage", columns, rows)
