"""Chapters 0 to 5: what happened to whom, of what kind and how grave, where it may go, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.shared.draft import Draft
from reports.shared.plain import brief, figure, mapping, mappings, moment, number, row_title, strings, visible
from reports.spec import Block, Cell, Items, Sub, Tile, Tiles
from yunshao.model.gbt20986 import HARMS, LOSSES, OBJECTS, category_name
from yunshao.model.incident_duty import CRITERIA, OPERATORS

CLOCK_TONE = {"sent": "good", "sent_late": "warn", "overdue": "bad", "due_soon": "warn", "not_due": ""}


def category(draft: Draft) -> str:
    """The category with its key."""
    key = visible(draft.document.get("category") or "")
    return f"{category_name(key, draft.words.language)} ({key})"


def named(draft: Draft, names: Mapping[str, Mapping[str, str]], key: object) -> str:
    """A value of one of the standard's scales in words."""
    return draft.words.say(names.get(str(key), key))


def grade_of(draft: Draft, which: str) -> str:
    """The grade by `classification` or for `reporting` in words."""
    return draft.words.term("grade", mapping(draft.document, which).get("grade"))


def units(draft: Draft) -> str:
    """The units that it touches, by name."""
    names = mapping(draft.document, "unit_names")
    return draft.words.joined([draft.words.say(names.get(one) or one) for one in strings(draft.document.get("units"))])


def systems(draft: Draft) -> str:
    """The information systems that it touches, by name."""
    names = mapping(draft.document, "system_names")
    return draft.words.joined(
        [draft.words.say(names.get(one) or one) for one in strings(draft.document.get("systems"))]
    )


def summary(draft: Draft) -> tuple[Block | None, ...]:
    """What it is, since when, how grave, what is still owed."""
    words, document = draft.words, draft.document
    clocks = mappings(document, "clocks")
    left = [one for one in clocks if one.get("sent") is None and one.get("ours")]
    return (
        draft.text(
            "summary.lead", title=words.say(document.get("title")), known=moment(document.get("known")),
            units=units(draft), category=category(draft), state=words.term("state", document.get("state")),
        ),
        Tiles(
            (
                Tile(words("tile.classification"), grade_of(draft, "classification")),
                Tile(words("tile.reporting"), grade_of(draft, "reporting")),
                Tile(words("tile.alerts"), figure(len(draft.ledger.alerts), 0)),
                Tile(
                    words("tile.reports"), f"{len(clocks) - len(left)}/{len(clocks)}",
                    tone="bad" if any(one.get("state") == "overdue" for one in left) else "",
                ),
            )
        ),
    )  # fmt: skip


def unit(draft: Draft) -> tuple[Block | None, ...]:
    """Matter 1 of the measures: the unit and its systems."""
    words, document = draft.words, draft.document
    rows = [
        (words("fact.units"), units(draft)),
        (words("fact.systems"), systems(draft)),
        (words("fact.operator"), named(draft, OPERATORS, document.get("operator"))),
        (words("fact.lead"), words.say(document.get("lead")) or "—"),
    ]
    return (draft.table("unit", draft.columns("pair", ("name", 1.2), ("value", 4)), rows),)


def course(draft: Draft) -> tuple[Block | None, ...]:
    """Matter 2: when and where it was seen, and what happened, line by line."""
    words, document = draft.words, draft.document
    alerts = list(draft.ledger.alerts.values())
    rows = [
        (words("fact.occurred"), moment(document.get("occurred"))),
        (words("fact.known"), moment(document.get("known"))),
        (words("fact.entities"), words.joined([visible(one.get("entity") or "") for one in alerts])),
        (words("fact.techniques"), words.joined(strings(document.get("techniques")))),
    ]  # fmt: skip
    seen = [
        (brief(one.get("detected")), row_title(one, words.language), visible(one.get("entity") or ""),
         words.term("shared.alert_level", one.get("level")), draft.evidence([one.get("id")]))
        for one in alerts
    ]  # fmt: skip
    log = [
        (brief(one.get("at")), words.term("did", one.get("did")), words.say(one.get("note")) or "—",
         visible(one.get("by") or ""))
        for one in mappings(document, "timeline")
    ]  # fmt: skip
    return (
        draft.table("facts", draft.columns("pair", ("name", 1.2), ("value", 4)), rows),
        Sub(words("sub.seen")),
        draft.table(
            "seen",
            draft.columns("seen", ("at", 1.6), ("title", 3), ("entity", 2), ("level", 0.8), ("evidence", 1)),
            seen,
        ),
        Sub(words("sub.log")),
        draft.table("log", draft.columns("log", ("at", 1.6), ("did", 1.2), ("note", 4), ("by", 1)), log, dense=True),
    )


def grading(draft: Draft) -> tuple[Block | None, ...]:
    """Kind and grade with what they were made of: the standard's, and the one that decides about reports."""
    words, document = draft.words, draft.document
    said = mapping(document, "classification")
    rows = [
        (words("fact.category"), category(draft), _decided(draft, document.get("category_by"))),
        (words("fact.object"), named(draft, OBJECTS, said.get("object")), _decided(draft, said.get("by"))),
        (words("fact.loss"), named(draft, LOSSES, said.get("loss")), _decided(draft, said.get("by"))),
        (words("fact.harm"), named(draft, HARMS, said.get("harm")), _decided(draft, said.get("by"))),
    ]
    owed = mapping(document, "reporting")
    facts = mapping(owed, "facts")
    met = {str(one.get("key")): one for one in mappings(owed, "criteria")}
    criteria = [_criterion(draft, key, value, met.get(key, {})) for key, value in sorted(facts.items())]
    classified, reported = words.term("grade", said.get("grade")), words.term("grade", owed.get("grade"))
    first = draft.ledger.basis(words("basis.classification"), classified, 1, words("basis.classification_method"),
                               words("basis.classification_inputs"))  # fmt: skip
    second = draft.ledger.basis(words("basis.reporting"), reported, len(facts), words("basis.reporting_method"),
                                words("basis.reporting_inputs"))  # fmt: skip
    return (
        draft.text("grading.classification", refs=first, grade=classified),
        draft.table("classification", draft.columns("decided", ("name", 1.2), ("value", 3), ("by", 1.4)), rows),
        draft.text("grading.reporting", refs=second, grade=reported),
        draft.table(
            "criteria",
            draft.columns(
                "criterion", ("name", 3), ("value", 1, "end"), ("bound", 1, "end"), ("grade", 1.4), ("text", 1)
            ),
            criteria,
            note=words("grading.note"),
        ),
    )


def _decided(draft: Draft, by: object) -> str:
    return visible(by) if by else draft.words("grading.proposed")


def _criterion(draft: Draft, key: str, value: object, met: Mapping[str, Any]) -> tuple[Any, ...]:
    row = CRITERIA.get(key)
    words = draft.words
    return (
        f"{words.say(row.name)} ({words.term('unit', row.unit)})" if row else key,
        figure(value, 2),
        figure(met.get("bound"), 0),
        words.term("grade", met.get("grade") or 4),
        words("grading.draft") if met.get("draft") else words("grading.final") if met else "—",
    )


def trend(draft: Draft) -> tuple[Block | None, ...]:
    """Matter 3: where it may go: what still comes in, and what is not contained."""
    words, document = draft.words, draft.document
    open_ = [one for one in draft.ledger.alerts.values() if one.get("status") != "closed"]
    later = sum(int(number(one.get("since_closed")) or 0) for one in draft.ledger.alerts.values())
    contained = moment(mapping(document, "stamps").get("contained"), words("trend.not_contained"))
    return (
        draft.text("trend.lead", contained=contained, n=len(open_), later=later),
        Items(said_of(draft, ("trend", "趋势")) or (Cell(words("shared.none")),)),
    )


def cause(draft: Draft) -> tuple[Block | None, ...]:
    """Matters 4 and 5: the preliminary cause, and what leads to whoever did it."""
    words = draft.words
    return (
        Items(said_of(draft, ("cause", "原因")) or (Cell(words("cause.open")),)),
        Sub(words("sub.leads")),
        Items(said_of(draft, ("lead", "线索")) or (Cell(words("shared.none")),)),
    )


def said_of(draft: Draft, tags: tuple[str, str]) -> tuple[Cell, ...]:
    """Comments that begin with `cause:` or `原因：` are the words of that chapter."""
    found = []
    for one in mappings(draft.document, "comments"):
        text = visible(one.get("text") or "")
        tag, _, rest = text.replace("：", ":", 1).partition(":")
        if rest and tag.strip().lower() in tags:
            found.append(Cell(f"{rest.strip()} ({visible(one.get('by') or '')}, {moment(one.get('at'))})"))
    return tuple(found)
