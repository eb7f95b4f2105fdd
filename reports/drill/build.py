"""A drill document to a report in one language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.drill import conduct, ending, front
from reports.drill.facts import Facts
from reports.shared.closing import finish, report_number
from reports.shared.draft import Draft
from reports.shared.plain import moment, pick
from reports.shared.words import NOTHING, Words
from reports.spec import Report

LIMITS_CHAPTER = "conclusion"


def build(document: Mapping[str, Any], language: str, own: Mapping[str, str] = NOTHING) -> Report:
    """The drill report, every chapter of the outline in its order."""
    words = Words("reports.drill", language, own)
    draft = Draft(words, document)
    facts = Facts(draft)
    chapters = (
        ("summary", front.summary),
        ("overview", front.overview),
        ("organisation", front.organisation),
        ("scenario", front.scenario),
        ("course", conduct.course),
        ("detection", conduct.detection),
        ("notification", conduct.notification),
        ("evaluation", ending.evaluation),
        ("problems", ending.problems),
        ("improvements", ending.improvements),
        ("revision", ending.revision),
        ("cost", ending.cost),
        (LIMITS_CHAPTER, ending.conclusion),
    )
    for number, (key, write) in enumerate(chapters):
        draft.chapter(key, number, *write(draft, facts))
    draft.chapter("annex", 0, *ending.annex(draft, facts))
    return _finished(draft, facts)


def _finished(draft: Draft, facts: Facts) -> Report:
    words, document = draft.words, dict(draft.document)
    at = document.get("ended") or document.get("started")
    forms = [words.term(f"form_{axis}", pick(facts.playbook, "forms", axis)) for axis in ("method", "scope", "content")]
    joint = "、" if words.language == "zh" else ", "
    started, ended = moment(document.get("started")), moment(document.get("ended"))
    alerts_hash, _ = draft.ledger.digest()
    return finish(
        draft,
        kind="drill",
        title=words("title"),
        subtitle=words.say(facts.playbook.get("title")),
        number=report_number("YS-DR", document, at),
        at=at,
        period=words("cover.period", started=started, ended=ended),
        cover=(
            (words("cover.started"), started),
            (words("cover.ended"), ended),
            (words("cover.forms"), joint.join(form for form in forms if form) or "—"),
            (words("cover.rating"), front.rating(facts)),
            (
                words("cover.playbook"),
                f"{words.say(facts.playbook.get('id'))} {words.say(facts.playbook.get('version'))}".strip() or "—",
            ),
            (words("cover.ruleset"), words.say(document.get("ruleset_version")) or "—"),
            (words("cover.hash"), alerts_hash),
        ),
    )
