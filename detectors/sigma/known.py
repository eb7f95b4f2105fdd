"""Which fields a source's records can have, and whether a rule that asks for others can ever fire."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from detectors.sigma.build import Builder
from detectors.sigma.field_lists import FIELDS, KIND_FIELD, OPEN
from detectors.sigma.fields import LOGON_PROCESS, NATIVE, OCSF, VIEWS
from detectors.sigma.model import Rule
from detectors.sigma.pattern import Text
from detectors.sigma.prove import RAW
from detectors.sigma.route import Feed, feeds
from detectors.sigma.tree import AllOf, AnyOf, Item, Node, Not, items
from detectors.sigma.values import MISSING
from yunshao.model.event import Event, Native

MAX_PATHS = 5_000
MAX_DEPTH = 12
ANY = "*"


@dataclass(frozen=True, slots=True)
class Unknown:
    """A field of a rule that no source of its has, and the name that was perhaps meant."""

    field: str
    sources: tuple[str, ...]
    near: str = ""


class Known:
    """The fields of every source that is described; of all others nothing is said."""

    def __init__(self, records: Iterable[tuple[str, Native]] = ()) -> None:
        """`records`: (source, native record) that show what their sources can hold."""
        self._fields: dict[str, dict[str, set[str]]] = {
            source: {kind: _with_parents(text.split()) for kind, text in kinds.items()}
            for source, kinds in FIELDS.items()
        }
        self._open = {source: text.split() for source, text in OPEN.items()}
        for source, native in records:
            self._learn(source, native)

    def _learn(self, source: str, native: Native) -> None:
        if source not in self._fields:
            return
        view = VIEWS.get(source)
        kind = str(native.get(KIND_FIELD.get(source, ""), ANY))
        fields = self._fields[source].setdefault(kind, set())
        fields.update(paths_of(native if view is None else view(native)))

    def unknown(self, rule: Rule) -> list[Unknown]:
        """The rule's fields that none of its sources can have, in order."""
        listed = feeds(rule.logsource)
        if not listed:
            return []
        found = []
        for field in rule.fields:
            if self.lacks(rule, field):
                sources = tuple(dict.fromkeys(feed.source for feed in listed))
                found.append(Unknown(field, sources, self._near(listed, field)))
        return found

    def lacks(self, rule: Rule, field: str) -> bool:
        """Whether the rule has sources, and none of them can have the field."""
        listed = feeds(rule.logsource)
        return bool(listed) and not any(self._can_have(feed, field) for feed in listed)

    def can_fire(self, rule: Rule) -> bool:
        """Whether the rule can fire on a record that lacks its unknown fields."""
        missing = {each.field for each in self.unknown(rule)}
        return not missing or can_hold(rule.tree, missing)

    def is_free(self, source: str, field: str) -> bool:
        """Whether the field is part of a branch that holds other fields with each kind of event, such as the parameters
        of a call."""
        branches = self._open.get(source, ())
        return any(field == branch or field.startswith(f"{branch}.") for branch in branches)

    def _can_have(self, feed: Feed, field: str) -> bool:
        kinds = self._fields.get(feed.source)
        if kinds is None or (feed.fields == "generic" and field in OCSF):
            return True
        if field in NATIVE.get(feed.source, {}) or (feed.fields == "logon_process" and field in LOGON_PROCESS):
            return True
        if self.is_free(feed.source, field):
            return True
        wanted = kinds_of(feed)
        if wanted and not all(kind in kinds for kind in wanted):
            return True
        return any(field in kinds.get(kind, ()) for kind in ((ANY, *wanted) if wanted else kinds))

    def _names(self, feed: Feed) -> Iterator[str]:
        kinds = self._fields.get(feed.source, {})
        for kind in (ANY, *kinds_of(feed)) if kinds_of(feed) else kinds:
            yield from kinds.get(kind, ())

    def _near(self, listed: Iterable[Feed], field: str) -> str:
        names = {name for feed in listed for name in self._names(feed)} - {field}
        folded = {name.casefold(): name for name in sorted(names)}
        close = difflib.get_close_matches(field.casefold(), folded, n=1, cutoff=0.75)
        return folded[close[0]] if close else ""


def _with_parents(fields: Iterable[str]) -> set[str]:
    found = set()
    for field in fields:
        while field:
            found.add(field)
            field = field.rpartition(".")[0]  # noqa: PLW2901
    return found


def kinds_of(feed: Feed) -> tuple[str, ...]:
    """The kinds of record that a feed's guard lets through; none where it does not say."""
    field = KIND_FIELD.get(feed.source)
    if feed.guard is None or field is None:
        return ()
    tests = [test for item in items(feed.guard) if item.field == field for test in item.tests]
    return tuple(test.literal for test in tests if isinstance(test, Text) and test.literal)


def paths_of(native: Native) -> Iterator[str]:
    """The dotted path of every field of a record; lists are looked through."""
    waiting: list[tuple[str, object, int]] = [("", native, 0)]
    given = 0
    while waiting and given < MAX_PATHS:
        path, value, depth = waiting.pop()
        if isinstance(value, list):
            waiting.extend((path, element, depth + 1) for element in value[:50] if depth < MAX_DEPTH)
        elif isinstance(value, dict):
            for key, inner in value.items():
                below = f"{path}.{key}" if path else str(key)
                given += 1
                yield below
                if depth < MAX_DEPTH:
                    waiting.append((below, inner, depth + 1))


def shown_in_tests(rules: Iterable[Rule]) -> Iterator[tuple[str, Native]]:
    """(source, record) of the test events that rules carry and say to fire on: what these hold exists."""
    for rule in rules:
        for case in rule.cases:
            feed = next(iter(feeds(rule.logsource)), None)
            source = case.source or (feed.source if feed else "")
            kind = next(iter(kinds_of(feed)), "") if feed else ""
            for native in case.events if case.fires else ():
                if RAW not in native:
                    yield source, {**({KIND_FIELD[source]: kind} if kind and source in KIND_FIELD else {}), **native}


def can_hold(tree: Node, missing: set[str]) -> bool:
    """Whether the tree can hold for a record that has none of these fields, whatever the others are."""
    return _Possible(missing).of(tree)[0]


class _Possible:
    """(can be true, can be false) of each node; an item on a missing field has one answer, the builder's own."""

    def __init__(self, missing: set[str]) -> None:
        self._missing = missing
        self._build = Builder(lambda _field: lambda _native, _event: MISSING).build
        self._nothing = Event("", "", 0, {}, lambda _native, _identity: {})
        self._known: dict[int, tuple[bool, bool]] = {}

    def of(self, node: Node) -> tuple[bool, bool]:
        known = self._known.get(id(node))
        if known is None:
            known = self._known[id(node)] = self._find(node)
        return known

    def _find(self, node: Node) -> tuple[bool, bool]:
        match node:
            case Item(field):
                if field not in self._missing:
                    return True, True
                holds = self._build(node)({}, self._nothing)
                return holds, not holds
            case Not(child):
                true, false = self.of(child)
                return false, true
            case AllOf(children):
                parts = [self.of(child) for child in children]
                return all(true for true, _ in parts), any(false for _, false in parts)
            case AnyOf(children):
                parts = [self.of(child) for child in children]
                return any(true for true, _ in parts), all(false for _, false in parts)
