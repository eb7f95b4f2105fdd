"""Chapters 9 to 13 and the annex: data security, compliance, treatment, residual risk, conclusion."""

from __future__ import annotations

from reports.assessment.facts import ACCEPTING, LEVELS, Facts, level_of, tone
from reports.shared.closing import evidence, limits, overrides, sign_off
from reports.shared.draft import Draft
from reports.shared.plain import day, mappings, visible
from reports.spec import Block, Cell, Sub, Table


def data_security(draft: Draft, _: Facts) -> tuple[Block | None, ...]:
    """Risk sources of data processing, and the list of core and important data, when supplied."""
    words, document = draft.words, draft.document
    sources = [
        (
            words.say(item.get("id")),
            words.say(item.get("area")),
            words.say(item.get("data")),
            words.say(item.get("description")),
            words.say(item.get("harm")),
            words.say(item.get("possibility")),
            words.say(item.get("level")),
        )
        for item in mappings(document, "data_security")
    ]
    data = [
        (words.say(item.get("name")), words.term("data_level", item.get("level")), words.say(item.get("unit")))
        for item in mappings(document, "data_assets")
    ]
    source_columns = draft.columns(
        "risk_source",
        ("#id", 1),
        ("area", 1.4),
        ("data", 1.6),
        ("description", 3),
        ("harm", 0.9, "center"),
        ("possibility", 0.9, "center"),
        ("level", 0.9, "center"),
    )
    return (
        draft.text("data.lead"),
        draft.table("risk_sources", source_columns, sources),
        draft.table("data_assets", draft.columns("data", ("name", 3), ("level", 1), ("unit", 2)), data),
        None if sources else draft.text("data.not_run"),
    )


def compliance(draft: Draft, _: Facts) -> tuple[Block | None, ...]:
    """Requirements with their evidence; what nothing measured is said to need a person."""
    words = draft.words
    rows = [
        (
            words.say(item.get("framework")),
            words.say(item.get("clause") or item.get("id")),
            words.say(item.get("title")),
            Cell(words.term("state", item.get("state")), tone=_STATE_TONE.get(str(item.get("state")), "")),
            draft.evidence(item.get("alerts"), words.say(item.get("evidence")) or words("compliance.manual")),
        )
        for item in mappings(draft.document, "compliance")
    ]
    columns = draft.columns(
        "compliance", ("framework", 1.6), ("clause", 1.2), ("title", 3), ("state", 1.1, "center"), ("evidence", 2)
    )
    return (
        draft.text("compliance.lead"),
        draft.table("compliance", columns, rows),
        None if rows else draft.text("compliance.not_run"),
    )


_STATE_TONE = {"met": "good", "partly": "warn", "not_met": "bad"}


def treatment(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """What is to be done about every risk above the acceptance line, by which post, until when."""
    words = draft.words
    above = [risk for risk in facts.risks if level_of(risk, "current") >= 3]
    rows = [
        (
            facts.link(risk.get("id")),
            facts.words_of(risk),
            Cell(words.level(level_of(risk, "current")), tone=tone(level_of(risk, "current"))),
            words.term("action", risk.get("treatment")) or "—",
            words.say(risk.get("post") or facts.asset(risk).get("post")) or "—",
            Cell(day(risk.get("due")), tone="warn" if level_of(risk, "current") >= 4 and not risk.get("due") else ""),
            words.say(risk.get("residual")) or "—",
        )
        for risk in above
    ]
    columns = draft.columns(
        "treatment",
        ("ref", 0.85),
        ("risk", 3.6),
        ("current", 1, "center"),
        ("treatment", 1.7),
        ("post", 1.7),
        ("due", 1.2),
        ("residual", 0.9, "center"),
    )
    below = len(facts.risks) - len(above)
    return (
        draft.text("treatment.lead", above=len(above), below=below),
        draft.table("treatment", columns, rows, dense=True),
    )


def residual(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """What is accepted, by whom, until when."""
    words = draft.words
    accepted = [risk for risk in facts.risks if risk.get("treatment") in ACCEPTING and level_of(risk, "current") >= 3]
    rows = [
        (
            facts.link(risk.get("id")),
            facts.words_of(risk),
            Cell(words.level(level_of(risk, "current")), tone=tone(level_of(risk, "current"))),
            words.say(risk.get("post")) or "—",
            day(risk.get("expires") or risk.get("due")),
            "",
        )
        for risk in accepted
    ]
    columns = draft.columns(
        "residual", ("ref", 0.85), ("risk", 4), ("current", 1, "center"), ("post", 1.8), ("expires", 1.3), ("sign", 1.6)
    )
    counts = facts.counted("current")
    return (
        draft.text("residual.lead", low=counts[1] + counts[2]),
        draft.table("residual", columns, rows),
    )


def conclusion(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """What follows, what this report does not know, and who signs."""
    words = draft.words
    counts = facts.counted("current")
    state = "bad" if counts[5] else "watch" if counts[4] else "good"
    return (
        draft.text(f"conclusion.{state}", l5=counts[5], l4=counts[4], n=len(facts.risks)),
        Sub(words("sub.limits")),
        limits(draft, _found(draft, facts)),
        Sub(words("sub.overrides")),
        overrides(draft),
        Sub(words("sub.disclaimer")),
        draft.text("conclusion.disclaimer"),
        sign_off(draft),
    )


def _found(draft: Draft, facts: Facts) -> list[str]:
    """What was noticed while the report was written."""
    words = draft.words
    found = []
    for side, key in (("current", "counts"), ("inherent", "inherent_counts")):
        stated, counted = facts.stated(key), facts.counted(side)
        if stated is not None and any(stated[level] != counted[level] for level in LEVELS):
            found.append(words(f"limit.counts_{side}"))
    gaps = sum(bool(row.get("gap")) for row in mappings(draft.document, "coverage"))
    if gaps:
        found.append(words("limit.gaps", n=gaps))
    declared = sum(not risk.get("evidence") for risk in facts.risks)
    if declared:
        found.append(words("limit.declared", n=declared, total=len(facts.risks)))
    untested = sum(bool(measure.get("untested")) for measure in facts.measures.values())
    if untested:
        found.append(words("limit.untested", n=untested, total=len(facts.measures)))
    return found


def annex(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """Where the lists stand, and the evidence."""
    return (_lists(draft), *evidence(draft), Sub(draft.words("sub.ids")), _ids(draft, facts))


def _ids(draft: Draft, facts: Facts) -> Table:
    """The numbers of this report against the ids of the register."""
    rows = [(facts.link(risk.get("id")), visible(risk.get("id") or "")) for risk in facts.risks]
    return draft.table("ids", draft.columns("id", ("ref", 1), ("#id", 9)), rows, dense=True)


def _lists(draft: Draft) -> Table:
    words = draft.words
    rows = [
        (words(f"list.{key}"), draft.captions.get(key, "—"))
        for key in ("assets", "threats", "weaknesses", "measures", "sheet", "treatment")
    ]
    return draft.table("lists", draft.columns("list", ("name", 2), ("place", 3)), rows)
