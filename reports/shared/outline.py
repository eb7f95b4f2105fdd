"""A report as a list of chapters: what a new kind has to say, and nothing else.

    OUTLINE = Outline("posture", "YS-PO", (("summary", summary), ..., ("conclusion", conclusion)))

Each writer takes the draft and gives blocks; the texts stand beside it, in `text.zh.yml` and `text.en.yml`: `title`,
`chapter.<key>`, `table.<key>`, `column.<group>.<key>`, `basis.<key>`, `how.<key>`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reports.shared.closing import evidence, finish, limits, overrides, report_number, sign_off
from reports.shared.draft import Draft
from reports.shared.plain import day, mapping, mappings, moment, visible, whole
from reports.shared.words import NOTHING, Words
from reports.spec import Block, Cell, Items, Paragraph, Report, Sub, Table

Writer = Callable[[Draft], Iterable[Block | None]]
Facts = Callable[[Draft], tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Outline:
    """One kind of report: its name, the prefix of its numbers, its chapters in order, and more facts for the cover."""

    kind: str
    prefix: str
    chapters: tuple[tuple[str, Writer], ...]
    cover: Facts = lambda _: ()
    first: int = 0

    @property
    def limits(self) -> str:
        """The chapter that holds the limits: the last one."""
        return self.chapters[-1][0]

    def build(self, document: Mapping[str, Any], language: str, own: Mapping[str, str] = NOTHING) -> Report:
        """A document of this kind to a report in one language; `own` are the site's texts."""
        words = Words(f"reports.{self.kind}", language, own)
        draft = Draft(words, document)
        for number, (key, write) in enumerate(self.chapters, start=self.first):
            draft.chapter(key, number, *write(draft))
        draft.chapter("annex", 0, *evidence(draft))
        window = mapping(document, "window")
        period = words("shared.period", since=day(window.get("since")), until=day(_last(window)))
        alerts_hash, _ = draft.ledger.digest()
        return finish(
            draft,
            kind=self.kind,
            title=words("title"),
            subtitle=words("subtitle"),
            number=report_number(self.prefix, dict(document), document.get("as_of")),
            at=document.get("as_of"),
            period=period,
            cover=(
                (words("shared.cover.period"), period),
                *self.cover(draft),
                (words("shared.cover.ruleset"), visible(document.get("ruleset_version") or "—")),
                (words("shared.cover.hash"), alerts_hash),
            ),
        )


def _last(window: Mapping[str, Any]) -> object:
    """The last moment of a period: a month ends with the last day and not with the first of the next."""
    until = whole(window.get("until"))
    return until - 1 if until else None


def ending(draft: Draft, *said: Block | None, found: Iterable[str] = ()) -> tuple[Block | None, ...]:
    """The last chapter: what follows, limits, what people set by hand, the statement, signatures."""
    words = draft.words
    return (
        *said,
        Sub(words("shared.limits")),
        limits(draft, list(found)),
        Sub(words("shared.overrides_title")),
        overrides(draft),
        Sub(words("shared.statement")),
        Paragraph(words("shared.disclaimer")),
        sign_off(draft),
    )


def sources(draft: Draft) -> Table:
    """The sources of logs with their coverage and gaps."""
    words = draft.words
    rows = [
        (
            words.say(row.get("source")),
            moment(row.get("last_event")),
            whole(row.get("events")),
            whole(row.get("rejected")),
            Cell(words("shared.gap" if row.get("gap") else "shared.no_gap"), tone="bad" if row.get("gap") else "good"),
        )
        for row in mappings(draft.document, "coverage")
    ]
    columns = draft.columns(
        "shared.", ("source", 2), ("last_event", 2.2), ("events_n", 1, "end"), ("rejected", 1, "end"), ("gap", 1.4)
    )
    return draft.table("shared.sources", columns, rows)


def laws(draft: Draft, *keys: str) -> Block:
    """The basis of a report: laws, standards and the city's own scheme."""
    return Items(tuple(Cell(draft.words(f"shared.law.{key}")) for key in keys), ordered=True)
