"""An incident document to a report in one language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.incident import account, handling
from reports.shared.closing import finish, report_number
from reports.shared.draft import Draft
from reports.shared.plain import mapping, moment
from reports.shared.words import NOTHING, Words
from reports.spec import Report

LIMITS_CHAPTER = "lessons"


def build(document: Mapping[str, Any], language: str, own: Mapping[str, str] = NOTHING) -> Report:
    """The incident report: the eight matters of the national measures, then how it was handled."""
    words = Words("reports.incident", language, own)
    draft = Draft(words, document)
    for number, (key, write) in enumerate(
        (
            ("summary", account.summary),
            ("unit", account.unit),
            ("course", account.course),
            ("grading", account.grading),
            ("trend", account.trend),
            ("cause", account.cause),
            ("measures", handling.measures),
            ("reports", handling.reports),
            ("times", handling.times),
            ("evidence", handling.kept),
            (LIMITS_CHAPTER, handling.lessons),
        )
    ):
        draft.chapter(key, number, *write(draft))
    draft.chapter("annex", 0, *handling.annex(draft))
    return _finished(draft)


def _finished(draft: Draft) -> Report:
    words, document = draft.words, dict(draft.document)
    at = document.get("as_of") or document.get("known")
    alerts_hash, _ = draft.ledger.digest()
    return finish(
        draft,
        kind="incident",
        title=words("title"),
        subtitle=words.say(document.get("title")),
        number=report_number("YS-IN", document, document.get("known")),
        at=at,
        period=words("cover.period", known=moment(document.get("known"))),
        cover=(
            (words("cover.id"), words.say(document.get("id"))),
            (words("cover.state"), words.term("state", document.get("state"))),
            (words("cover.category"), account.category(draft)),
            (words("cover.classification"), words.term("grade", mapping(document, "classification").get("grade"))),
            (words("cover.reporting"), words.term("grade", mapping(document, "reporting").get("grade"))),
            (words("cover.as_of"), moment(at)),
            (words("cover.hash"), alerts_hash),
        ),
    )
