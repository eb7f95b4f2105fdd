"""What an assessment document says, with names in place of ids and risks in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from reports.shared.draft import Draft
from reports.shared.plain import mapping, mappings, number, percent, pick, strings, visible, whole
from reports.spec import Cell

LEVELS = (5, 4, 3, 2, 1)
SIDES = ("inherent", "current")
HIGH = 4
ARROW = "→"
ACCEPTING = ("accept", "accepted", "treat_or_accept")


class Facts:
    """One assessment, read tolerantly: a missing key is an empty list or a dash."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.document: Mapping[str, Any] = draft.document
        self.assets = self._by_id("assets")
        self.threats = self._by_id("threats")
        self.weaknesses = self._by_id("weaknesses")
        self.measures = self._by_id("measures")
        self.business = mappings(draft.document, "business")
        self.summary = mapping(draft.document, "summary")
        self.risks = in_order(draft.document)
        self.labels = labels_of(self.risks)
        for key in ("threats", "weaknesses", "risks"):
            for row in mappings(draft.document, key):
                draft.ledger.know(row.get("alerts") or row.get("evidence"))

    def _by_id(self, key: str) -> dict[str, dict[str, Any]]:
        return {visible(row.get("id", "")): row for row in mappings(self.document, key)}

    def name(self, kind: str, key: object) -> str:
        """The name of an asset, threat, weakness or measure, or its id where nothing is known of it."""
        found: dict[str, dict[str, Any]] = getattr(self, kind)
        row = found.get(visible(key or ""))
        return (self.draft.words.say(row.get("name")) if row else "") or visible(key or "—")

    def label(self, risk: Mapping[str, Any]) -> str:
        """The number of a risk in this report."""
        return self.labels[visible(risk.get("id", ""))]

    def link(self, key: object) -> Cell:
        """A reference to a risk by its own id."""
        label = self.labels.get(visible(key or ""))
        return Cell("", refs=(label,)) if label else Cell(visible(key or "—"))

    def words_of(self, risk: Mapping[str, Any]) -> str:
        """A risk in one line: asset × threat × weakness."""
        return " × ".join(
            self.name(kind, risk.get(part))
            for kind, part in (("assets", "asset"), ("threats", "threat"), ("weaknesses", "weakness"))
        )

    def asset(self, risk: Mapping[str, Any]) -> dict[str, Any]:
        """The asset that a risk is about."""
        return self.assets.get(visible(risk.get("asset") or ""), {})

    def counted(self, side: str) -> Counter[int]:
        """How many risks there are of each level, counted from the list."""
        return Counter(level_of(risk, side) for risk in self.risks)

    def stated(self, key: str) -> Counter[int] | None:
        """The counts that the document itself states, or None."""
        counts = self.summary.get(key)
        if not isinstance(counts, Mapping):
            return None
        return Counter({level: whole(counts.get(str(level), 0)) for level in LEVELS})

    def previous(self) -> Counter[int] | None:
        """The counts of the assessment before, or None."""
        counts = pick(self.summary, "previous", "counts")
        if not isinstance(counts, Mapping):
            return None
        return Counter({level: whole(counts.get(str(level), 0)) for level in LEVELS})

    def high(self, side: str) -> list[dict[str, Any]]:
        """The risks of level 4 and 5."""
        return [risk for risk in self.risks if level_of(risk, side) >= HIGH]

    def top(self) -> list[dict[str, Any]]:
        """The document's own top risks, or the first five."""
        wanted = strings(self.summary.get("top"))
        by_id = {visible(risk.get("id", "")): risk for risk in self.risks}
        return [by_id[key] for key in wanted if key in by_id][:5] or self.risks[:5]

    def evidence_of(self, risks: list[dict[str, Any]]) -> tuple[str, ...]:
        """The first few alert labels below some risks."""
        keys = [key for risk in risks for key in strings(risk.get("evidence"))]
        return self.draft.ledger.cite(list(dict.fromkeys(keys)))[0]


def in_order(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The risks of a document, the worst first: the order of their numbers."""
    return sorted(mappings(document, "risks"), key=_weight)


def labels_of(risks: list[dict[str, Any]]) -> dict[str, str]:
    """The printed numbers of risks in this order, by their ids."""
    return {visible(risk.get("id", "")): f"R-{place:03d}" for place, risk in enumerate(risks, start=1)}


def level_of(risk: Mapping[str, Any], side: str) -> int:
    """The risk's level, inherent or current; 0 where there is none."""
    return whole(pick(risk, side, "level"))


def value_of(risk: Mapping[str, Any], side: str, key: str) -> float | None:
    """One number of the calculation."""
    return number(pick(risk, side, key))


def tone(level: object) -> str:
    """The tone of a level from 1 to 5."""
    found = whole(level)
    return f"l{found}" if found in LEVELS else ""


def _weight(risk: Mapping[str, Any]) -> tuple[float, float, float, str]:
    """Worst first, by current level and value, then inherent value, then id."""
    return (
        -level_of(risk, "current"),
        -(value_of(risk, "current", "R") or 0),
        -(value_of(risk, "inherent", "R") or 0),
        visible(risk.get("id", "")),
    )


def share(value: object) -> str:
    """A share of one as per cent; anything else as it stands."""
    return percent(value) if isinstance(value, int | float) else visible(value or "—")
