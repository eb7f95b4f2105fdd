"""Rules as values: what a file said, checked and ready to be compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from detectors.sigma.tree import Node
from yunshao.model.finding import HOURLY, Grouping


@dataclass(frozen=True, slots=True)
class LogSource:
    """What a rule says about where its events come from; empty parts say nothing."""

    product: str = ""
    category: str = ""
    service: str = ""

    def __str__(self) -> str:
        return "/".join(part or "*" for part in (self.product, self.category, self.service))

    def covers(self, other: LogSource) -> bool:
        """Whether each part said here is said alike there."""
        pairs = (
            (self.product, other.product),
            (self.category, other.category),
            (self.service, other.service),
        )
        return all(not mine or mine == theirs for mine, theirs in pairs)


@dataclass(frozen=True, slots=True)
class Case:
    """One of a rule's own proofs: these native records, and whether the rule fires on them."""

    fires: bool
    events: tuple[dict[str, Any], ...]
    source: str = ""
    hint: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Words:
    """What people read when the rule fires, zh and en; empty where the rule does not say."""

    title_zh: str = ""
    description_zh: str = ""
    why: str = ""
    why_zh: str = ""
    triage: tuple[str, ...] = ()
    triage_zh: tuple[str, ...] = ()
    falsepositives_zh: tuple[str, ...] = ()
    gbt20986: str = ""
    mlps: str = ""
    weakness: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What every kind of rule carries."""

    id: str
    title: str
    level: str
    name: str = ""
    status: str = ""
    description: str = ""
    author: str = ""
    license: str = ""
    tags: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    falsepositives: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    words: Words = Words()
    cases: tuple[Case, ...] = ()
    grouping: Grouping = HOURLY
    stage: str = "production"
    enabled: bool = True
    file: str = ""
    line: int = 0

    @property
    def titles(self) -> dict[str, str]:
        """The title in zh and en; the English one twice where the rule has no other."""
        return {"zh": self.words.title_zh or self.title, "en": self.title}

    @property
    def triage(self) -> dict[str, tuple[str, ...]]:
        """What to do first, in zh and en."""
        if not (self.words.triage or self.words.triage_zh):
            return {}
        return {
            "zh": self.words.triage_zh or self.words.triage,
            "en": self.words.triage or self.words.triage_zh,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Head):
    """A detection: it fires on an event of its log source for which the tree holds.

    `condition` and `selections` are what the file calls the parts of the tree.
    """

    logsource: LogSource
    tree: Node
    fields: tuple[str, ...] = ()
    condition: str = ""
    selections: Mapping[str, Node] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A condition that is joined to the rules it names (none: all of its log source)."""

    title: str
    logsource: LogSource
    tree: Node
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation(Head):
    """A rule over the findings of other rules: how many, which, in which order, within `timespan` milliseconds."""

    kind: str
    rules: tuple[str, ...]
    timespan: int
    group_by: tuple[str, ...] = ()
    aliases: dict[str, dict[str, str]] = field(default_factory=dict)
    bounds: tuple[tuple[str, float], ...] = ()
    fields: tuple[str, ...] = ()
    percentile: float = 50.0
    condition: Node | None = None
    generate: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """A document that did not become a rule: where, why, and the id it claims (empty where it has none)."""

    file: str
    line: int
    reason: str
    rule_id: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Everything that a set of files holds. Rules and correlations have unique ids."""

    rules: tuple[Rule, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    refused: tuple[Refused, ...] = ()

    def by_name(self) -> dict[str, Rule | Correlation]:
        """Every rule and correlation by its id and by its name; of one name the first."""
        entries: list[Rule | Correlation] = [*self.rules, *self.correlations]
        return {**{each.name: each for each in reversed(entries) if each.name}, **{each.id: each for each in entries}}

    def __add__(self, other: Loaded) -> Loaded:
        """Both sets; a rule of `other` replaces the one with its id, so that a site overrides what ships."""
        mine = {rule.id for rule in (*other.rules, *other.correlations)}
        return Loaded(
            (*(rule for rule in self.rules if rule.id not in mine), *other.rules),
            (*(rule for rule in self.correlations if rule.id not in mine), *other.correlations),
            (*self.refused, *other.refused),
        )
