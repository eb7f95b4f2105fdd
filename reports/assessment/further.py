"""The sections on losses in money (FAIR) and on what changed since the last run."""

from __future__ import annotations

from typing import Any

from reports.assessment.facts import Facts, tone
from reports.shared.charts import lines
from reports.shared.draft import Draft, Shown
from reports.shared.plain import figure, half_up, mappings, number, percent, pick, visible, whole
from reports.spec import Block, Cell, Figure, Sub

MOST_CURVES = 4


def money(value: object) -> str:
    """Yuan without their fractions."""
    found = number(value)
    return "—" if found is None else f"{half_up(found):,.0f}"


def quantitative(draft: Draft) -> tuple[Block | None, ...]:
    """Annual losses by scenario, when a quantitative run was made, and how often each loss is exceeded."""
    words = draft.words
    found = mappings(draft.document, "quantitative")
    rows = [
        (
            words.say(item.get("name") or item.get("scenario") or item.get("risk")),
            *(money(item.get(key)) for key in ("mean", "p50", "p90", "p95", "es95")),
            percent(item.get("no_loss")),
        )
        for item in found
    ]
    columns = draft.columns(
        "quantitative", ("name", 2.6), *((key, 1.0, "end") for key in ("mean", "p50", "p90", "p95", "es95", "no_loss"))
    )
    first = found[0] if found else {}
    note = words(
        "quantitative.note",
        draws=figure(first.get("draws"), 0),
        seed=figure(first.get("seed"), 0),
        way=visible(first.get("way") or "—"),
    )
    return (
        Sub(words("sub.quantitative")),
        draft.text("quantitative.lead") if found else None,
        draft.table("quantitative", columns, rows, note=note if found else ""),
        *(_curve(draft, item) for item in found[:MOST_CURVES]),
    )


def _curve(draft: Draft, item: dict[str, Any]) -> Figure | None:
    words = draft.words
    given = item.get("curve")
    points = [
        (at, share)
        for one in (given if isinstance(given, list) else [])
        if isinstance(one, list) and len(one) == 2
        if (at := number(one[0])) is not None and (share := number(one[1])) is not None
    ]
    if len(points) < 2:
        return None
    name = words.say(item.get("name") or item.get("scenario"))
    mean = number(item.get("mean")) or 0.0
    where = {"scenario": item.get("scenario")}
    refs = draft.ledger.basis(
        words("basis.loss", name=name),
        money(mean),
        whole(item.get("draws")),
        words("basis.loss_method"),
        words("shared.rows_of", lists="`quantitative`"),
        (),
        [mean],
        {"op": "sum", "of": "quantitative", "field": "mean", "where": where},
    )
    alt = words("alt.curve", name=name, p50=money(item.get("p50")), p95=money(item.get("p95")))
    labels = [_short(at) for at, _ in points]
    svg = lines(labels, {words("figure.exceeded"): [100 * share for _, share in points]}, alt)
    return draft.figure("curve", svg, alt, note=alt, width=80, refs=refs)


def _short(value: float) -> str:
    """A loss as a label of a few characters: 10k, 2.5M."""
    for size, mark in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{figure(value / size, 1)}{mark}"
    return figure(value, 0)


def changes(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """Risks that are new, gone, higher or lower than in the last run."""
    words = draft.words
    before = pick(facts.summary, "previous", "id")
    rows: list[tuple[Shown, ...]] = []
    for one in mappings(facts.summary, "changes"):
        key = str(one.get("kind"))
        rows.append(
            (
                words.term("change", key),
                facts.link(one.get("id")) if visible(one.get("id") or "") in facts.labels else Cell("—"),
                visible(one.get("id") or "—"),
                *(
                    Cell(words.level(one[at]) if one.get(at) else "—", tone=tone(one.get(at)))
                    for at in ("before", "after")
                ),
            )
        )
    columns = draft.columns(
        "change", ("kind", 0.9), ("ref", 0.9), ("#id", 4), ("before", 1, "center"), ("after", 1, "center")
    )
    lead = "changes.lead" if before else "changes.none"
    return (
        Sub(words("sub.changes")),
        draft.text(lead, id=words.say(before), n=len(rows)),
        draft.table("changes", columns, rows, dense=True),
    )
