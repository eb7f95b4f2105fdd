"""The chapters that are lists: response by unit, scorecard, risk, drills, coverage."""

from __future__ import annotations

from reports.shared.draft import Draft
from reports.shared.outline import sources
from reports.shared.plain import day, figure, half_up, mapping, mappings, number, percent, pick, visible, whole
from reports.spec import Block, Cell, Table


def signed(value: int) -> str:
    """A change with its sign."""
    return f"+{value}" if value > 0 else f"−{-value}" if value < 0 else "0"


def minutes_of(draft: Draft) -> int:
    """The promised time to take an alert, in minutes."""
    return whole(draft.document.get("promise")) // 60_000


def response(draft: Draft) -> tuple[Block | None, ...]:
    """The promise, by unit."""
    words = draft.words
    rows = []
    for one in mappings(draft.document, "units"):
        due, kept = whole(one.get("due")), whole(one.get("kept"))
        share = kept / due if due else None
        tone = "" if share is None else "good" if share >= 0.95 else "warn" if share >= 0.6 else "bad"
        rows.append(
            (
                words.unit(one.get("name")),
                words.say(one.get("post")),
                whole(one.get("alerts")),
                whole(one.get("severe")),
                whole(one.get("open")),
                f"{kept} / {due}",
                Cell(percent(share), tone=tone),
            )
        )
    columns = draft.columns(
        "unit",
        ("name", 2.4),
        ("post", 2.2),
        ("alerts", 0.8, "end"),
        ("severe", 0.8, "end"),
        ("open", 0.8, "end"),
        ("kept", 1, "end"),
        ("share", 1, "end"),
    )
    return draft.text("response.lead", minutes=minutes_of(draft)), draft.table("units", columns, rows)


def scorecard(draft: Draft) -> tuple[Block | None, ...]:
    """The city's indicators in short; the scorecard has a report of its own."""
    words = draft.words
    rows = [
        (
            words.term("shared.indicator", one.get("indicator")),
            f"{figure(one.get('num'))} / {figure(one.get('den'))}",
            percent(one.get("value")),
            percent(one.get("target")),
            figure(one.get("points")),
        )
        for one in mappings(draft.document, "indicators")
    ]
    score = number(pick(draft.document, "score", "score"))
    columns = draft.columns(
        "shared.",
        ("indicator", 2.4),
        ("num_den", 1.2, "end"),
        ("value", 1, "end"),
        ("target", 1, "end"),
        ("points", 1, "end"),
    )
    shown = "—" if score is None else f"{half_up(score, 2):.2f}"
    return draft.text(
        "scorecard.lead", score=shown, grade=visible(pick(draft.document, "score", "grade") or "—")
    ), draft.table("scorecard", columns, rows)


def risk(draft: Draft) -> tuple[Block | None, ...]:
    """The last assessment beside the one before, the highest risks, plans that are overdue."""
    words = draft.words
    assessed = mappings(draft.document, "assessments")
    rows = []
    for level in (5, 4, 3, 2, 1):
        counts = [whole(mapping(one, "counts").get(str(level))) for one in assessed[:2]]
        now = counts[0] if counts else None
        before = counts[1] if len(counts) > 1 else None
        rows.append(
            (
                Cell(words.level(level), tone=f"l{level}"),
                now,
                before,
                "—" if now is None or before is None else signed(now - before),
            )
        )
    columns = draft.columns("risk", ("level", 2), ("now", 1, "end"), ("before", 1, "end"), ("change", 1, "end"))
    return draft.table("risk_levels", columns, rows if assessed else []), _high(draft), _plans(draft)


def _high(draft: Draft) -> Table:
    words = draft.words
    rows = [
        (
            words.say(one.get("system")),
            visible(one.get("id") or "—"),
            Cell(words.level(one.get("level")), tone=f"l{whole(one.get('level'))}"),
            words.term("shared.action", one.get("treatment")),
            words.say(one.get("post")) or "—",
            day(one.get("due")),
        )
        for one in mappings(draft.document, "risks")
    ]
    columns = draft.columns(
        "top", ("system", 2), ("#id", 3), ("level", 1, "center"), ("treatment", 1.4), ("post", 2), ("due", 1.2)
    )
    return draft.table("risks", columns, rows, dense=True)


def _plans(draft: Draft) -> Table:
    words = draft.words
    rows = [
        (
            visible(one.get("risk") or "—"),
            words.term("shared.action", one.get("action")),
            words.say(one.get("post")),
            day(one.get("due")),
            words.level(one.get("level")) if one.get("level") else "—",
            Cell(
                words("shared.yes_no.yes" if one.get("overdue") else "shared.yes_no.no"),
                tone="bad" if one.get("overdue") else "",
            ),
        )
        for one in mappings(draft.document, "plans")
    ]
    columns = draft.columns(
        "plan",
        ("#id", 3),
        ("action", 1.2),
        ("post", 2),
        ("due", 1.2),
        ("level", 1, "center"),
        ("overdue", 0.8, "center"),
    )
    return draft.table("plans", columns, rows, dense=True)


def drills(draft: Draft) -> tuple[Block | None, ...]:
    """Drills that ended in the period."""
    words = draft.words
    rows = [
        (
            day(one.get("ended")),
            words.say(one.get("title")),
            words("shared.yes_no.no" if one.get("unattended") else "shared.yes_no.yes"),
            percent(one.get("rate")),
            words("drills.seconds", n=figure(one.get("mttd"), 1)) if number(one.get("mttd")) is not None else "—",
            words.term("rating", one.get("rating")) or "—",
        )
        for one in mappings(draft.document, "drills")
    ]
    columns = draft.columns(
        "drill",
        ("day", 1.2),
        ("title", 3),
        ("people", 0.9, "center"),
        ("rate", 1, "end"),
        ("mttd", 1.1, "end"),
        ("rating", 1),
    )
    return draft.text("drills.lead"), draft.table("drills", columns, rows)


def coverage(draft: Draft) -> tuple[Block | None, ...]:
    """Sources, and units that sent nothing in the last day."""
    words = draft.words
    silent = [one for one in mappings(draft.document, "units") if not one.get("heard")]
    rows = [(words.say(one.get("name")), words.say(one.get("post"))) for one in silent]
    return sources(draft), draft.table("silent", draft.columns("silent", ("name", 2), ("post", 3)), rows)
