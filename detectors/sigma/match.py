"""All rules against one event: by source, then by the values that the event holds, then by the rule itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from detectors.sigma.anchors import KeySet, anchor_sets, choose
from detectors.sigma.build import Builder, Find, Holds
from detectors.sigma.fields import LOGON_PROCESS, OCSF, VIEWS, find_generic, find_native, is_flat
from detectors.sigma.index import Index
from detectors.sigma.model import Rule
from detectors.sigma.route import Feed, feeds
from detectors.sigma.tree import AllOf, Node
from yunshao.model.event import Event, Native

Match = Callable[[Event], Sequence[Rule]]


def finder_of(feed: Feed) -> Find:
    """How the fields of a rule are read in the events of a feed."""
    if feed.fields == "generic":
        return find_generic(feed.source)
    return find_native(feed.source, LOGON_PROCESS if feed.fields == "logon_process" else None)


class Matcher:
    """Compiled rules. `matches` is what the stream asks for each event."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        fed: dict[str, list[tuple[Rule, Feed]]] = {}
        unread = []
        for rule in rules:
            found = feeds(rule.logsource)
            for feed in found:
                fed.setdefault(feed.source, []).append((rule, feed))
            if not found:
                unread.append(rule)
        self.unread: tuple[Rule, ...] = tuple(unread)
        self._of: Mapping[str, Match] = {source: _SourceMatcher(source, pairs).matches for source, pairs in fed.items()}

    def matches(self, event: Event) -> Sequence[Rule]:
        """The rules that fire on the event, each once, in the order they were loaded."""
        match = self._of.get(event.source)
        return match(event) if match is not None else ()


def view_of(event: Event) -> Native:
    """The record of an event as rules read it."""
    view = VIEWS.get(event.source)
    return event.native if view is None else view(event.native)


class _SourceMatcher:
    """The rules of one source."""

    def __init__(self, source: str, pairs: Sequence[tuple[Rule, Feed]]) -> None:
        self._view = VIEWS.get(source)
        self._rules = tuple(rule for rule, _feed in pairs)
        builders: dict[str, Builder] = {}
        finds: dict[str, Find] = {}
        self._holds: list[Holds] = []
        candidates: list[list[KeySet]] = []
        for rule, feed in pairs:
            if feed.fields not in finds:
                finds[feed.fields] = finder_of(feed)
                builders[feed.fields] = Builder(finds[feed.fields])
            tree: Node = rule.tree if feed.guard is None else AllOf((feed.guard, rule.tree))
            self._holds.append(builders[feed.fields].build(tree))
            candidates.append(_indexable(anchor_sets(tree), feed))
        standard = any(_reads_standard(feed) for _rule, feed in pairs)
        find = find_generic(source) if standard else find_native(source)
        self._index = Index(choose(candidates), find, lambda field: is_flat(source, field) and not standard)
        self._candidates = self._index.candidates

    def matches(self, event: Event) -> Sequence[Rule]:
        native: Native = event.native if self._view is None else self._view(event.native)
        numbers = self._candidates(native, event)
        if not numbers:
            return ()
        holds, rules = self._holds, self._rules
        fired = [number for number in numbers if holds[number](native, event)]
        if len(fired) < 2:
            return [rules[number] for number in fired]
        fired.sort()
        return list({id(rule): rule for rule in (rules[number] for number in fired)}.values())


def _reads_standard(feed: Feed) -> bool:
    """Whether the rules of this feed look at the OCSF form of every event of the source."""
    return feed.fields == "generic" and feed.guard is None


def _indexable(sets: list[KeySet], feed: Feed) -> list[KeySet]:
    """The sets that the index may read: never the OCSF form of an event that the guard keeps out."""
    if feed.fields == "native" or _reads_standard(feed):
        return sets
    renamed = OCSF if feed.fields == "generic" else LOGON_PROCESS
    return [keys for keys in sets if not any(key.field in renamed for key in keys)]
