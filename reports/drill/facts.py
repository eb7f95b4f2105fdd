"""What a drill document says, with times as seconds and minutes since its start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.shared.draft import Draft
from reports.shared.plain import figure, half_up, mapping, mappings, number, pick, row_title, visible
from reports.spec import Cell

STATE_TONE = {
    "met": "good",
    "late": "warn",
    "missed": "bad",
    "done": "good",
    "unanswered": "bad",
    "aborted": "bad",
    "paused": "warn",
}
SCORE_TONE = {1: "bad", 3: "warn", 5: "good"}


class Facts:
    """One drill, read tolerantly."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.document: Mapping[str, Any] = draft.document
        self.playbook = mapping(draft.document, "playbook")
        self.steps = mappings(draft.document, "steps")
        self.expectations = mappings(draft.document, "expectations")
        self.metrics = mapping(draft.document, "metrics")
        self.timeline = sorted(mappings(draft.document, "timeline"), key=lambda row: number(row.get("at")) or 0)
        self.evaluation = mappings(draft.document, "evaluation")
        self.problems = mappings(draft.document, "problems")
        self.improvements = mappings(draft.document, "improvements")
        self.start = self._start()
        for row in self.expectations:
            draft.ledger.know(row.get("alert"))

    def _start(self) -> float | None:
        """The first planned moment, or the start of the drill."""
        planned = [at for step in self.steps if (at := number(step.get("planned"))) is not None]
        return min(planned, default=number(self.document.get("started")))

    @property
    def alerts_expected(self) -> list[dict[str, Any]]:
        """What should have been noticed by the product."""
        return [row for row in self.expectations if row.get("type") != "acknowledged"]

    def minutes(self, at: object) -> float | None:
        """Minutes since the start; nothing before it."""
        found = number(at)
        if found is None or self.start is None:
            return None
        return max(0.0, (found - self.start) / 60_000)

    def expected(self, row: Mapping[str, Any]) -> str:
        """What was expected, in words: its own title, the alert's, the rule's name, or who was to take it."""
        words = self.draft.words
        alert = self.draft.ledger.alerts.get(visible(row.get("alert") or ""), {})
        taken = row.get("type") == "acknowledged"
        if taken and not row.get("title"):
            return words("expectation.by", post=words.term("person", row.get("post")) or words("person.on_call"))
        return words.say(row.get("title")) or row_title(alert, words.language) or words.say(row.get("rule")) or "—"

    def limit(self, row: Mapping[str, Any]) -> float | None:
        """The time allowed for an expectation, in seconds."""
        found = number(row.get("within"))
        return None if found is None else found / 1000

    def metric(self, name: str, part: str) -> float | None:
        """One number of a time metric, in seconds."""
        return number(pick(self.metrics, name, part))

    def score(self) -> tuple[float | None, int]:
        """Mean of the rated items and how many are rated."""
        scores = [score for row in self.evaluation if (score := number(row.get("score"))) is not None]
        return (sum(scores) / len(scores) if scores else None), len(scores)


def seconds(first: object, last: object) -> float | None:
    """Seconds between two times in milliseconds; a negative difference is an error in the data and gives None."""
    start, end = number(first), number(last)
    if start is None or end is None or end < start:
        return None
    return (end - start) / 1000


def spell(draft: Draft, value: object) -> str:
    """Seconds as `2 min 20 s`; text as it stands."""
    found = number(value)
    if found is None:
        return draft.words.say(value) or "—"
    whole = int(half_up(found))
    minutes, rest = divmod(whole, 60)
    if minutes == 0:
        return draft.words("span.seconds", seconds=figure(found, 1))
    return (
        draft.words("span.minutes", minutes=minutes, seconds=rest)
        if rest
        else draft.words("span.whole", minutes=minutes)
    )


def state(draft: Draft, value: object) -> Cell:
    """A state in words with its tone."""
    return Cell(draft.words.term("state", value) or "—", tone=STATE_TONE.get(str(value), ""))
