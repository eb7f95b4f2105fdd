"""Chapters 0 to 3: summary, overview, organisation, scenario."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.drill.facts import SCORE_TONE, Facts, spell
from reports.shared.draft import Draft
from reports.shared.plain import brief, figure, mappings, moment, number, percent, pick, strings
from reports.spec import Block, Cell, Items, Paragraph, Sub, Table, Tile, Tiles

ALERTS = {"type": "alert"}
RATE = {
    "op": "ratio",
    "num": {"op": "count", "of": "expectations", "where": {**ALERTS, "detected": {"least": 0}}},
    "den": {"op": "count", "of": "expectations", "where": ALERTS},
    "digits": 4,
}
AXES = ("method", "scope", "content")


def summary(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """Rating, three key numbers, top problems."""
    words = draft.words
    met = sum(row.get("state") == "met" for row in facts.expectations)
    refs = draft.ledger.basis(
        words("basis.met"),
        f"{met}",
        len(facts.expectations),
        words("basis.met_method"),
        words("basis.expectations"),
        alerts_of(facts),
        [met],
        {"op": "count", "of": "expectations", "where": {"state": "met"}},
    )
    return (
        draft.text(
            "summary.lead",
            refs=refs,
            title=words.say(facts.playbook.get("title")),
            started=moment(facts.document.get("started")),
            ended=moment(facts.document.get("ended")),
            state=words.term("state", facts.document.get("state")),
            n=len(facts.expectations),
            met=met,
            rating=rating(facts),
        ),
        _tiles(draft, facts),
        _forms(draft, facts),
        Sub(words("sub.top_problems")),
        _top_problems(draft, facts),
    )


def rating(facts: Facts) -> str:
    """The overall rating in words, the document's own or the one that the scores give."""
    words = facts.draft.words
    given = facts.document.get("rating")
    given = given.get("grade") if isinstance(given, Mapping) and "grade" in given else given
    if given:
        return words.term("rating", given)
    mean, rated = facts.score()
    if mean is None or not rated:
        return words("shared.unknown")
    return words("rating.excellent" if mean >= 4.5 else "rating.qualified" if mean >= 3 else "rating.unqualified")


def alerts_of(facts: Facts) -> tuple[str, ...]:
    """The first few alerts that met an expectation."""
    keys = [key for row in facts.expectations for key in strings(row.get("alert"))]
    return facts.draft.ledger.cite(list(dict.fromkeys(keys)))[0]


def _tiles(draft: Draft, facts: Facts) -> Tiles:
    words = draft.words
    made = []
    for name in ("mttd", "mtta"):
        n, left = figure(facts.metric(name, "n"), 0), figure(facts.metric(name, "unfinished"), 0)
        value = spell(draft, facts.metric(name, "mean"))
        refs = draft.ledger.basis(
            words(f"basis.{name}"),
            value,
            n,
            words(f"basis.{name}_method"),
            words("basis.expectations"),
            alerts_of(facts),
            *_mean_recipe(facts, name),
        )
        made.append(Tile(words(f"tile.{name}"), value, words("tile.n_left", n=n, left=left), "", refs))
    rate = number(facts.metrics.get("detection_rate"))
    expected = len(facts.alerts_expected)
    refs = draft.ledger.basis(
        words("basis.rate"),
        percent(rate),
        expected,
        words("basis.rate_method"),
        words("basis.expectations"),
        alerts_of(facts),
        [] if rate is None else [rate],
        RATE,
    )
    tone = "" if rate is None else "good" if rate >= 0.95 else "warn" if rate >= 0.6 else "bad"
    made.append(Tile(words("tile.rate"), percent(rate), words("shared.unit_n", n=expected), tone, refs))
    return Tiles(tuple(made))


def _mean_recipe(facts: Facts, name: str) -> tuple[list[float], dict[str, Any]]:
    """The mean of a time and how it follows from the expectations.

    People are timed without the pauses, which no recipe over rows can say: with pauses there is none for them.
    """
    mean = facts.metric(name, "mean")
    if name == "mtta" and facts.document.get("pauses"):
        return [], {}
    begin, end = ("injected", "detected") if name == "mttd" else ("detected", "acknowledged")
    recipe = {"op": "gap", "of": "expectations", "from": begin, "to": end, "where": ALERTS, "digits": 3}
    return ([] if mean is None else [mean]), recipe


def _forms(draft: Draft, facts: Facts) -> Table:
    words = draft.words
    forms = facts.playbook.get("forms")
    rows = [(words(f"form.{axis}"), words.term(f"form_{axis}", pick({"f": forms}, "f", axis)) or "—") for axis in AXES]
    rows.extend(
        (
            (words("summary.rating"), rating(facts)),
            (words("summary.speed"), words("summary.speed_value", speed=figure(facts.document.get("speed")))),
            (words("summary.unattended"), words("yes" if facts.document.get("unattended") else "no")),
        )
    )
    return draft.table("forms", draft.columns("pair", ("name", 1), ("value", 3)), rows)


def _top_problems(draft: Draft, facts: Facts) -> Items:
    found = [Cell(draft.words.say(problem.get("text"))) for problem in facts.problems[:3]]
    missed = [row for row in facts.expectations if row.get("state") == "missed"]
    if missed:
        names = [facts.expected(row) for row in missed[:3]]
        joint = "、" if draft.words.language == "zh" else ", "
        found.insert(0, Cell(draft.words("summary.missed", n=len(missed), names=joint.join(names))))
    return Items(tuple(found) or (Cell(draft.words("shared.none")),))


def overview(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """Basis, purposes, objectives, scope."""
    words = draft.words
    objectives = facts.playbook.get("objectives")
    said = [words.say(item) for item in objectives] if isinstance(objectives, list) else []
    return (
        Sub(words("sub.basis")),
        Items(tuple(Cell(words(f"law.{place}")) for place in range(1, 6)), ordered=True),
        Sub(words("sub.purpose")),
        draft.text("overview.purpose"),
        Sub(words("sub.objectives")),
        Items(tuple(Cell(text) for text in said) or (Cell(words("shared.none")),), ordered=bool(said)),
        Sub(words("sub.scope")),
        draft.text("overview.scope", steps=len(facts.steps), n=len(facts.expectations)),
    )


def organisation(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """Groups and posts. Head-counts and observers come from the sign-in form."""
    words = draft.words
    given = {str(row.get("group")): row for row in mappings(facts.document, "groups")}
    groups = (
        "command",
        "planning",
        "supervision",
        "advisers",
        "implementation",
        "support",
        "evaluation",
        "technical",
        "observers",
    )
    rows = [
        (
            words(f"group.{group}"),
            words(f"duty.{group}"),
            words.say(given.get(group, {}).get("post")) or _default_post(facts, group),
            figure(given.get(group, {}).get("count"), 0),
        )
        for group in groups
    ]
    by = words.term("person", facts.document.get("by")) or "—"
    columns = draft.columns("group", ("name", 1.2), ("duty", 3), ("post", 1.6), ("count", 0.8, "end"))
    return draft.text("organisation.lead", by=by), draft.table("groups", columns, rows, note=words("organisation.note"))


def _default_post(facts: Facts, group: str) -> str:
    if group == "implementation":
        asked = (step.get("post") or step.get("by") for step in facts.steps if step.get("type") == "ask")
        posts = dict.fromkeys(facts.draft.words.term("person", post) for post in asked if post)
        return ", ".join(posts) or "—"
    return "—"


def scenario(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """Background, assumptions, the injects as planned, when to stop."""
    words = draft.words
    rows = [
        (
            str(place),
            _offset(draft, facts, step),
            brief(step.get("planned")),
            words.term("step", step.get("type")),
            words.say(step.get("title")),
            words.say(step.get("source")) or words.term("person", step.get("post") or step.get("by")) or "—",
            str(len(mappings(step, "injected")) or "—"),
        )
        for place, step in enumerate(facts.steps, start=1)
    ]
    columns = draft.columns(
        "inject",
        ("place", 0.5, "center"),
        ("offset", 1.1),
        ("planned", 1.9),
        ("type", 0.9),
        ("title", 3),
        ("source", 1.5),
        ("sample", 0.9, "end"),
    )
    stop = tuple(Cell(words(f"stop.{place}")) for place in range(1, 5))
    return (
        Sub(words("sub.background")),
        Paragraph(words.say(facts.playbook.get("summary")) or words("shared.none")),
        Sub(words("sub.assumptions")),
        draft.text("scenario.assumptions"),
        Sub(words("sub.injects")),
        draft.table("injects", columns, rows, dense=True),
        Sub(words("sub.stop")),
        Items(stop, ordered=True),
    )


def _offset(draft: Draft, facts: Facts, step: Mapping[str, object]) -> str:
    """When a step is due after the start: as the playbook says, at the drill's speed; a pause moves nothing here."""
    at, speed = number(step.get("at")), number(facts.document.get("speed")) or 1
    if at is None:
        minutes = facts.minutes(step.get("planned"))
        at, speed = None if minutes is None else minutes * 60_000, 1
    if at is None:
        return draft.words.say(step.get("at")) or "—"
    return f"+{spell(draft, at / speed / 1000)}" if at else "+0"


def score_cell(draft: Draft, score: object) -> Cell:
    """1, 3 or 5 with its name, or that the item was not rated."""
    found = number(score)
    if found is None:
        return Cell(draft.words("score.none"), tone="quiet")
    whole = int(found)
    return Cell(f"{whole} {draft.words.term('score', whole)}", tone=SCORE_TONE.get(whole, ""))
