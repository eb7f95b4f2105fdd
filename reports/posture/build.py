"""A posture document to a report: trend, alerts, response, scorecard, risk, drills, coverage, decisions."""

from __future__ import annotations

from typing import Any

from reports.posture import lists
from reports.shared.charts import bars, lines
from reports.shared.draft import Draft
from reports.shared.outline import Outline, ending
from reports.shared.plain import day, mappings, number, percent, pick, strings, visible, whole
from reports.spec import Block, Cell, Items, Sub, Table, Tile, Tiles

LEVELS = ("critical", "high", "medium", "low", "informational")
TONES = {"critical": "l5", "high": "l4", "medium": "l3", "low": "l2", "informational": ""}
SEVERE = ["critical", "high"]
OPEN = ["new", "acknowledged"]
KEPT = {
    "op": "ratio",
    "num": {"op": "sum", "of": "alerts", "field": "kept"},
    "den": {"op": "sum", "of": "alerts", "field": "due"},
}
ALERTS = {"op": "count", "of": "alerts", "where": {}}


def _counts(draft: Draft) -> dict[str, int]:
    return {level: whole(pick(draft.document, "summary", level)) for level in LEVELS}


def _said(draft: Draft, key: str) -> int:
    return whole(pick(draft.document, "summary", key))


def _before(draft: Draft, key: str) -> int | None:
    found = number(pick(draft.document, "previous", "summary", key))
    return None if found is None else int(found)


def _all(draft: Draft, **where: Any) -> list[str]:
    """The ids of the alerts that meet a condition, for the evidence of a figure."""
    rows = draft.ledger.alerts
    return [
        key
        for key, row in rows.items()
        if all(row.get(k) in (v if isinstance(v, list) else [v]) for k, v in where.items())
    ]


def summary(draft: Draft) -> tuple[Block | None, ...]:
    """What a chief reads: key figures, change, decisions wanted."""
    words = draft.words
    total, counts = _said(draft, "alerts"), _counts(draft)
    severe = counts["critical"] + counts["high"]
    refs = draft.sure("alerts", str(total), [total], ALERTS, n=total, alerts=_all(draft))
    before = _before(draft, "alerts")
    change = (
        words("summary.first")
        if before is None
        else words("summary.change", before=before, now=total, by=lists.signed(total - before))
    )
    return (
        draft.text(
            "summary.lead",
            refs=refs,
            total=total,
            severe=severe,
            units=sum(whole(u.get("alerts")) > 0 for u in mappings(draft.document, "units")),
        ),
        draft.text("summary.compared", change=change),
        _tiles(draft, severe),
        Sub(words("sub.decisions")),
        _decisions(draft),
    )


def _tiles(draft: Draft, severe: int) -> Tiles:
    words = draft.words
    due, kept = _said(draft, "due"), _said(draft, "kept")
    overdue, still = _said(draft, "overdue"), _said(draft, "open")
    share = kept / due if due else None
    kept_refs = draft.sure(
        "kept", percent(share), [] if share is None else [share], KEPT, n=due, alerts=_all(draft, due=1)
    )
    plans = len(mappings(draft.document, "plans"))
    overdue_refs = draft.sure(
        "overdue", str(overdue), [overdue], {"op": "sum", "of": "plans", "field": "overdue"}, n=plans
    )
    tone = "" if share is None else "good" if share >= 0.95 else "warn" if share >= 0.6 else "bad"
    n, label = words("shared.unit_n", n=due), words("tile.kept", minutes=lists.minutes_of(draft))
    late = words("shared.unit_n", n=plans)
    return Tiles(
        (
            _counted(draft, "severe", severe, {"level": SEVERE}, "l4"),
            Tile(label, percent(share), n, tone, kept_refs),
            _counted(draft, "open", still, {"status": OPEN}, "warn"),
            Tile(words("tile.overdue"), str(overdue), late, "bad" if overdue else "good", overdue_refs),
        )
    )


def _counted(draft: Draft, key: str, value: int, where: dict[str, list[str]], tone: str) -> Tile:
    total = _said(draft, "alerts")
    refs = draft.sure(key, str(value), [value], {**ALERTS, "where": where}, n=total, alerts=_all(draft, **where))
    n = draft.words("shared.unit_n", n=total)
    return Tile(draft.words(f"tile.{key}"), str(value), n, tone if value else "good", refs)


def _decisions(draft: Draft) -> Items:
    given = draft.document.get("decisions")
    said = [draft.words.say(one) for one in given] if isinstance(given, list | tuple) else []
    return Items(tuple(Cell(text) for text in said if text) or (Cell(draft.words("shared.none")),), ordered=bool(said))


def trend(draft: Draft) -> tuple[Block | None, ...]:
    """By month and by day."""
    words = draft.words
    months = mappings(draft.document, "months")
    days = mappings(draft.document, "days")
    total = sum(whole(one.get("count")) for one in months)
    month_refs = draft.sure(
        "months", str(total), [total], {"op": "sum", "of": "months", "field": "count"}, n=len(months)
    )
    counted = sum(whole(one.get("high")) + whole(one.get("other")) for one in days)
    high = sum(whole(one.get("high")) for one in days)
    day_refs = draft.sure(
        "days", f"{high} / {counted}", [high], {"op": "sum", "of": "days", "field": "high"}, n=counted
    )
    names = [visible(one.get("month") or "—") for one in months]
    month_alt = words(
        "alt.months",
        said=", ".join(f"{name} {whole(one.get('count'))}" for name, one in zip(names, months, strict=True)) or "—",
    )
    day_alt = words("alt.days", n=counted, high=high)
    labels = [visible(one.get("day") or "—")[5:] for one in days]
    series = {
        words("figure.high"): [whole(one.get("high")) for one in days],
        words("figure.other"): [whole(one.get("other")) for one in days],
    }
    return (
        draft.text("trend.lead", months=len(months)),
        draft.figure(
            "months",
            bars(names, {words("figure.alerts"): [whole(one.get("count")) for one in months]}, month_alt),
            month_alt,
            note=month_alt,
            width=80,
            refs=month_refs,
        )
        if months
        else None,
        draft.figure("days", lines(labels, series, day_alt), day_alt, note=day_alt, width=90, refs=day_refs)
        if days
        else None,
    )


def alerts(draft: Draft) -> tuple[Block | None, ...]:
    """By level, unit and technique."""
    words = draft.words
    counts, total = _counts(draft), _said(draft, "alerts")
    rows = [
        (
            Cell(words.term("shared.alert_level", level), tone=TONES[level]),
            counts[level],
            percent(counts[level] / total if total else None),
            "—" if _before(draft, level) is None else _before(draft, level),
        )
        for level in LEVELS
    ]
    alt = words(
        "alt.levels", said=", ".join(f"{words.term('shared.alert_level', level)} {counts[level]}" for level in LEVELS)
    )
    refs = draft.sure("levels", str(total), [total], ALERTS, n=total, alerts=_all(draft))
    drawn = bars(
        [words.term("shared.alert_level", level) for level in LEVELS],
        {words("figure.alerts"): [counts[level] for level in LEVELS]},
        alt,
    )
    techniques = [
        (visible(one.get("technique") or "—"), whole(one.get("count")))
        for one in mappings(draft.document, "techniques")
    ]
    return (
        draft.table(
            "levels",
            draft.columns("level", ("level", 2), ("count", 1, "end"), ("share", 1, "end"), ("before", 1, "end")),
            rows,
        ),
        draft.figure("levels", drawn, alt, width=75, refs=refs),
        _severest(draft),
        draft.table("techniques", draft.columns("technique", ("technique", 2), ("count", 1, "end")), techniques),
    )


def _severest(draft: Draft) -> Table:
    words = draft.words
    rows = []
    for label, _, row in draft.ledger.printed_alerts()[:20]:
        if row.get("level") not in SEVERE:
            continue
        title = words.say({"zh": row.get("title_zh"), "en": row.get("title")})
        rows.append(
            (
                Cell("", refs=(label,)),
                day(row.get("time")),
                title,
                Cell(words.term("shared.alert_level", row.get("level")), tone=TONES.get(str(row.get("level")), "")),
                words.unit(row.get("unit") or "—"),
                words.term("status", row.get("status")),
            )
        )
    columns = draft.columns(
        "severe", ("ref", 0.8), ("day", 1.2), ("title", 3), ("level", 0.9, "center"), ("unit", 1.5), ("status", 1.1)
    )
    return draft.table("severest", columns, rows)


def conclusion(draft: Draft) -> tuple[Block | None, ...]:
    """Limits and signatures."""
    counts = _counts(draft)
    state = "bad" if counts["critical"] else "watch" if counts["high"] else "good"
    return ending(
        draft,
        draft.text(
            f"conclusion.{state}",
            critical=counts["critical"],
            high=counts["high"],
            units=len(strings([one.get("unit") for one in mappings(draft.document, "units")])),
        ),
    )


OUTLINE = Outline(
    "posture",
    "YS-PO",
    (
        ("summary", summary),
        ("trend", trend),
        ("alerts", alerts),
        ("response", lists.response),
        ("scorecard", lists.scorecard),
        ("risk", lists.risk),
        ("drills", lists.drills),
        ("coverage", lists.coverage),
        ("conclusion", conclusion),
    ),
)
