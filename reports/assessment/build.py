"""An assessment document to a report in one language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.assessment import analysis, ending, front, objects
from reports.assessment.facts import Facts
from reports.shared.closing import finish, report_number
from reports.shared.draft import Draft
from reports.shared.plain import day, mapping
from reports.shared.words import NOTHING, Words
from reports.spec import Report

LIMITS_CHAPTER = "conclusion"


def build(document: Mapping[str, Any], language: str, own: Mapping[str, str] = NOTHING) -> Report:
    """The risk-assessment report, every chapter of the outline in its order."""
    words = Words("reports.assessment", language, own)
    draft = Draft(words, document)
    facts = Facts(draft)
    chapters = (
        ("summary", front.summary),
        ("overview", front.overview),
        ("described", objects.described),
        ("assets", objects.assets),
        ("threats", analysis.threats),
        ("measures", analysis.measures),
        ("weaknesses", analysis.weaknesses),
        ("analysis", analysis.analysis),
        ("evaluation", analysis.evaluation),
        ("data", ending.data_security),
        ("compliance", ending.compliance),
        ("treatment", ending.treatment),
        ("residual", ending.residual),
        (LIMITS_CHAPTER, ending.conclusion),
    )
    for number, (key, write) in enumerate(chapters):
        draft.chapter(key, number, *write(draft, facts))
    draft.chapter("annex", 0, *ending.annex(draft, facts))
    return _finished(draft, facts)


def _finished(draft: Draft, facts: Facts) -> Report:
    words, document = draft.words, draft.document
    window = mapping(document, "window")
    period = words("cover.period", since=day(window.get("since")), until=day(window.get("until")))
    units = list(
        dict.fromkeys(words.say(asset.get("unit_name") or asset.get("unit")) for asset in facts.assets.values())
    )
    scope = words("cover.scope_value", first=units[0], n=len(units)) if units else words("shared.none")
    alerts_hash, _ = draft.ledger.digest()
    return finish(
        draft,
        kind="assessment",
        title=words("title"),
        subtitle=words.say(mapping(document, "playbook").get("title")),
        number=report_number("YS-RA", dict(document), document.get("as_of")),
        at=document.get("as_of"),
        period=period,
        cover=(
            (words("cover.period_name"), period),
            (words("cover.scope"), scope),
            (words("cover.method"), words.term("method", document.get("method"))),
            (words("cover.ruleset"), words.say(document.get("ruleset_version")) or "—"),
            (words("cover.hash"), alerts_hash),
        ),
    )
