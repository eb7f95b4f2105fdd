"""Which correlations a rule takes part in, and what of an event they ask for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from detectors.sigma.build import Find
from detectors.sigma.fields import find_generic
from detectors.sigma.match import finder_of
from detectors.sigma.model import Correlation, Rule
from detectors.sigma.route import feeds
from detectors.sigma.values import MISSING, Get, leaves, text_of
from detectors.words import visible
from yunshao.model.event import Event, Native

MAX_GROUP_VALUE = 256
MAX_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Link:
    """A rule's place in a correlation: its number there, and the readers of the group and of the value."""

    correlation: Correlation
    number: int
    group: tuple[Get, ...]
    value: tuple[Get, ...]

    def grouped(self, native: Native, event: Event) -> list[str] | None:
        """The group that the event belongs to; None when it lacks a field of it."""
        found = []
        for get in self.group:
            text = _group_text(get(native, event))
            if text is None:
                return None
            found.append(text)
        return found

    def valued(self, native: Native, event: Event) -> Any:
        """The value that the correlation counts: a text, a list of texts for several fields, or None."""
        texts = [_group_text(get(native, event)) for get in self.value]
        if not texts or None in texts:
            return None
        return texts[0] if len(texts) == 1 else texts


@dataclass(frozen=True, slots=True)
class Links:
    """The correlations that name a rule, and those that name these correlations, and so on up."""

    direct: tuple[Link, ...]
    outer: tuple[Link, ...]


def group_key(correlation: str, group: list[str]) -> str:
    """The key of a group's memory; begins with the correlation's id."""
    return f"{correlation}|{hashlib.sha256(orjson.dumps(group)).hexdigest()[:32]}"


def _group_text(value: Any) -> str | None:
    if value is MISSING or value is None:
        return None
    texts = [text for leaf in leaves(value) if (text := text_of(leaf)) is not None]
    if not texts:
        return None
    whole = texts[0] if len(texts) == 1 else ", ".join(texts)
    if len(whole) <= MAX_GROUP_VALUE:
        return visible(whole, MAX_GROUP_VALUE)
    # Two long values that begin alike are two values.
    return f"{visible(whole, MAX_SHOWN)} {hashlib.sha256(whole.encode('utf-8', 'replace')).hexdigest()[:16]}"


class Chains:
    """Every correlation by what it names."""

    def __init__(self, correlations: Iterable[Correlation]) -> None:
        self.by_id: Mapping[str, Correlation] = {each.id: each for each in correlations}
        self._named_by: dict[str, list[Correlation]] = {}
        self._depths: dict[str, int] = {}
        for correlation in self.by_id.values():
            for name in dict.fromkeys(correlation.rules):
                self._named_by.setdefault(name, []).append(correlation)

    def above(self, rule_id: str) -> list[Correlation]:
        """The correlations that name this rule or correlation."""
        return self._named_by.get(rule_id, [])

    def depth(self, rule_id: str) -> int:
        """How many correlations stand below this one, on the longest way down; 0 for a rule or its first one."""
        if rule_id not in self._depths:
            correlation = self.by_id.get(rule_id)
            below = [name for name in correlation.rules if name in self.by_id] if correlation else []
            self._depths[rule_id] = 1 + max(map(self.depth, below)) if below else 0
        return self._depths[rule_id]

    def family(self, rule_id: str) -> str:
        """One name for all correlations that are joined by naming each other; empty for one that stands alone."""
        found, waiting = {rule_id}, [rule_id]
        while waiting:
            here = waiting.pop()
            below = [name for name in self.by_id[here].rules if name in self.by_id] if here in self.by_id else []
            near = [*below, *(each.id for each in self.above(here))]
            waiting += [name for name in near if name not in found]
            found.update(near)
        return min(found) if len(found) > 1 else ""

    def sources(self, correlation: Correlation, rules: Mapping[str, Rule]) -> tuple[str, ...]:
        """The sources of every rule that a correlation stands on, however far down."""
        found: set[str] = set()
        seen, waiting = {correlation.id}, [correlation]
        while waiting:
            for name in waiting.pop().rules:
                if name in rules:
                    found.update(feed.source for feed in feeds(rules[name].logsource))
                elif name in self.by_id and name not in seen:
                    seen.add(name)
                    waiting.append(self.by_id[name])
        return tuple(sorted(found))

    def alerts_alone(self, rule_id: str) -> bool:
        """Whether it alerts by itself: nobody names it, or somebody who wants that."""
        naming = self.above(rule_id)
        return not naming or any(correlation.generate for correlation in naming)

    def links(self, rule: Rule, source: str) -> Links:
        """The rule's places, its fields read as the source writes them."""
        find = _find(rule, source)
        direct = tuple(_link(correlation, rule.id, (rule.id,), find) for correlation in self.above(rule.id))
        outer = tuple(_link(above, below, path, find) for above, below, path in self._climb(rule.id))
        return Links(direct, outer)

    def _climb(self, rule_id: str) -> Iterator[tuple[Correlation, str, tuple[str, ...]]]:
        """Each correlation two or more steps above, what it names, and the path up to it."""
        waiting: list[tuple[Correlation, tuple[str, ...]]] = [
            (each, (rule_id, each.id)) for each in self.above(rule_id)
        ]
        seen = set()
        while waiting:
            below, path = waiting.pop(0)
            for above in self.above(below.id):
                if (above.id, below.id) not in seen and above.id not in path:
                    seen.add((above.id, below.id))
                    yield above, below.id, path
                    waiting.append((above, (*path, above.id)))


def _find(rule: Rule, source: str) -> Find:
    feed = next((feed for feed in feeds(rule.logsource) if feed.source == source), None)
    return find_generic(source) if feed is None else finder_of(feed)


def fields_of(rule: Rule, source: str) -> Readers:
    """The readers of every field that the rule or its words name."""
    return Readers(_find(rule, source))


class Readers(dict[str, Get]):
    """Readers of fields, each made when `[field]` first asks for it."""

    def __init__(self, find: Find) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, field: str) -> Get:
        self[field] = self._find(field)
        return self[field]


def _link(correlation: Correlation, below: str, path: tuple[str, ...], find: Find) -> Link:
    """The place of `below` in the correlation; an alias may be given for any step of the path."""

    def read(field: str) -> Get:
        names = correlation.aliases.get(field, {})
        return find(next((names[step] for step in (below, *path) if step in names), field))

    return Link(
        correlation,
        correlation.rules.index(below),
        tuple(read(field) for field in correlation.group_by),
        tuple(read(field) for field in correlation.fields),
    )
