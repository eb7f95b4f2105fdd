"""Chapters 7 to 12 and the annex: evaluation, problems, improvements, conclusion."""

from __future__ import annotations

from typing import Any

from reports.drill.facts import Facts, spell
from reports.drill.front import alerts_of, rating, score_cell
from reports.shared.charts import bars
from reports.shared.closing import evidence, limits, overrides, sign_off
from reports.shared.draft import Draft
from reports.shared.plain import day, figure, mapping, mappings, number, percent, pick, visible
from reports.spec import Block, Cell, Figure, Items, Paragraph, Sub, Table

NINE = range(1, 10)


def evaluation(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """The nine items, the objectives, the comparison with the drill before."""
    words = draft.words
    mean, rated = facts.score()
    refs = draft.ledger.basis(
        words("basis.score"),
        figure(mean),
        rated,
        words("basis.score_method"),
        words("basis.items"),
        alerts_of(facts),
        [] if mean is None else [mean],
        {"op": "mean", "of": "evaluation", "field": "score"},
    )
    return (
        draft.text("evaluation.lead", refs=refs, mean=figure(mean), n=rated, rating=rating(facts)),
        _items(draft, facts),
        _scores(draft, facts, refs),
        Sub(words("sub.objectives_rated")),
        _objectives(draft, facts),
        Sub(words("sub.comparison")),
        _comparison(draft, facts),
    )


def _item_of(row: dict[str, Any], place: int) -> int:
    """The number of an evaluation item, as given or by its place."""
    given = number(row.get("item"))
    return int(given) if given is not None and 1 <= given <= 9 else place


def _items(draft: Draft, facts: Facts) -> Table:
    """All nine items, rated or not."""
    words = draft.words
    given = {_item_of(row, place): row for place, row in enumerate(facts.evaluation, start=1)}
    rows = []
    for item in NINE:
        row = given.get(item, {})
        rows.append(
            (
                str(item),
                words.say(row.get("title")) or words(f"item.{item}"),
                score_cell(draft, row.get("score")),
                words.say(row.get("reason")) or "—",
            )
        )
    columns = draft.columns("item", ("place", 0.5, "center"), ("title", 2.4), ("score", 1.2, "center"), ("reason", 4))
    return draft.table("items", columns, rows, note=words("evaluation.note"))


def _scores(draft: Draft, facts: Facts, refs: tuple[str, ...]) -> Figure | None:
    words = draft.words
    rated = [(row, score) for row in facts.evaluation if (score := number(row.get("score"))) is not None]
    if not rated:
        return None
    alt = words("alt.scores", n=len(rated))
    names = [f"{_item_of(row, place)}. {words.say(row.get('title'))}" for place, (row, _) in enumerate(rated, start=1)]
    svg = bars(names, {words("column.item.score"): [score for _, score in rated]}, alt)
    return draft.figure("scores", svg, alt, width=72, refs=refs)


def _objectives(draft: Draft, facts: Facts) -> Table:
    words = draft.words
    objectives = facts.playbook.get("objectives")
    results = mappings(facts.document, "objectives")
    said = [words.say(item) for item in objectives] if isinstance(objectives, list) else []
    rows = []
    for place, text in enumerate(said):
        result = results[place] if place < len(results) else {}
        rows.append((str(place + 1), text, words.term("hseep", result.get("rating")) or words("evaluation.open")))
    columns = draft.columns("objective", ("place", 0.5, "center"), ("text", 4), ("rating", 2.4))
    return draft.table("objectives", columns, rows)


def _comparison(draft: Draft, facts: Facts) -> Table:
    words = draft.words
    before = mapping(facts.document, "previous")
    rows = []
    if before:
        for name in ("mttd", "mtta", "mttt", "mttc", "mttr"):
            rows.append(
                (
                    words(f"metric.{name}"),
                    spell(draft, pick(before, "metrics", name, "mean")),
                    spell(draft, facts.metric(name, "mean")),
                )
            )
        rows.append(
            (
                words("metric.rate"),
                percent(pick(before, "metrics", "detection_rate")),
                percent(facts.metrics.get("detection_rate")),
            )
        )
    return draft.table(
        "comparison", draft.columns("comparison", ("name", 3), ("before", 1, "end"), ("now", 1, "end")), rows
    )


def problems(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """Each problem with its class of cause."""
    words = draft.words
    rows = [
        (
            f"P-{place:02d}",
            words.say(problem.get("text")),
            words.term("cause", problem.get("cause")) or "—",
            words.say(problem.get("technique") or problem.get("rule")) or "—",
            _proof(draft, facts, problem),
        )
        for place, problem in enumerate(facts.problems, start=1)
    ]
    columns = draft.columns("problem", ("ref", 0.7), ("text", 4), ("cause", 1.1), ("technique", 1.1), ("evidence", 1.3))
    return draft.text("problems.lead", n=len(rows)), draft.table("problems", columns, rows)


def _proof(draft: Draft, facts: Facts, problem: dict[str, Any]) -> Cell:
    """The alerts of a problem: its own, or those of the expectation about the same rule."""
    keys = problem.get("alerts") or [
        row["alert"]
        for row in facts.expectations
        if row.get("alert") and problem.get("rule") and row.get("rule") == problem["rule"]
    ]
    return draft.evidence(keys)


def improvements(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """Actions with post, date and the way to check them."""
    words = draft.words
    rows = [
        (
            f"I-{place:02d}",
            words.say(action.get("action")),
            words.say(action.get("post")) or "—",
            Cell(day(action.get("due")), tone="" if action.get("due") else "warn"),
            words.say(action.get("verify")) or words("improvements.verify"),
            words.say(action.get("issue")) or "—",
        )
        for place, action in enumerate(facts.improvements, start=1)
    ]
    columns = draft.columns(
        "improvement", ("ref", 0.7), ("action", 3.4), ("post", 1.6), ("due", 1.2), ("verify", 2), ("#issue", 1)
    )
    return draft.text("improvements.lead", n=len(rows)), draft.table("improvements", columns, rows)


def revision(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """What should change in the plan."""
    words = draft.words
    rows = [
        (words.say(row.get("clause")), words.say(row.get("present")), words.say(row.get("proposed")))
        for row in mappings(facts.document, "revisions")
    ]
    return draft.text("revision.lead"), draft.table(
        "revisions", draft.columns("revision", ("clause", 1.2), ("present", 3), ("proposed", 3)), rows
    )


def cost(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """Budget against actual."""
    words = draft.words
    rows = [
        (
            words.say(row.get("item")),
            figure(row.get("budget")),
            figure(row.get("actual")),
            words.say(row.get("note")) or "—",
        )
        for row in mappings(facts.document, "costs")
    ]
    return draft.text("cost.lead"), draft.table(
        "costs", draft.columns("cost", ("item", 3), ("budget", 1, "end"), ("actual", 1, "end"), ("note", 3)), rows
    )


def conclusion(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """Whether the goals were met, what this report does not know, and who signs."""
    words = draft.words
    met = sum(row.get("state") == "met" for row in facts.expectations)
    total = len(facts.expectations)
    verdict = "all" if total and met == total else "part" if met else "none"
    return (
        draft.text(f"conclusion.{verdict}", met=met, n=total, rating=rating(facts)),
        draft.text("conclusion.readiness"),
        Sub(words("sub.limits")),
        limits(draft, _found(facts)),
        Sub(words("sub.overrides")),
        overrides(draft),
        Sub(words("sub.signatures")),
        draft.text("conclusion.statement"),
        sign_off(draft),
    )


def _found(facts: Facts) -> list[str]:
    words = facts.draft.words
    found = [words("limit.synthetic")]
    if facts.document.get("state") in ("aborted", "running", "paused"):
        found.append(words("limit.unfinished", state=words.term("state", facts.document.get("state"))))
    unfinished = int(facts.metric("mttd", "unfinished") or 0)
    if unfinished:
        found.append(words("limit.censored", n=unfinished))
    if number(facts.document.get("speed")) not in (None, 1.0):
        found.append(words("limit.speed", speed=figure(facts.document.get("speed"))))
    unrated = 9 - facts.score()[1]
    if unrated > 0:
        found.append(words("limit.unrated", n=unrated))
    return found


def annex(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """Forms kept with the report, injected events, and the evidence."""
    words = draft.words
    forms = tuple(Cell(words(f"annex.{place}")) for place in range(1, 5))
    injected = [
        (str(place), words.say(one.get("source")), visible(one.get("uid") or ""), figure(step.get("index")))
        for place, (step, one) in enumerate(
            ((step, one) for step in facts.steps for one in mappings(step, "injected")), start=1
        )
    ]
    columns = draft.columns("injected", ("place", 0.6, "center"), ("source", 2), ("#uid", 4), ("step", 1, "end"))
    return (
        Items(forms, ordered=True),
        *evidence(draft),
        Sub(words("sub.injected")),
        Paragraph(words("annex.injected")),
        draft.table("injected", columns, injected, dense=True),
    )
