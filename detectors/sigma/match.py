"""All rules against a block of events: by source, then by what kind of record it is, then by what the records hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, overload

from detectors.sigma.build import Builder, Find, Holds
from detectors.sigma.fields import LOGON_PROCESS, VIEWS, find_generic, find_native, is_flat, only_path
from detectors.sigma.group import Group
from detectors.sigma.model import Rule
from detectors.sigma.route import Feed, feeds
from detectors.sigma.tree import AllOf, Item, Node, Not, items
from yunshao.model.block import Block
from yunshao.model.event import Event, Native

MAX_REMEMBERED = 4_096
_PLAIN = frozenset({str, int, type(None)})
Part = tuple[Sequence[int], Sequence[Native], Sequence[Event]]


def finder_of(feed: Feed) -> Find:
    """How the fields of a rule are read in the events of a feed."""
    if feed.fields == "generic":
        return find_generic(feed.source)
    return find_native(feed.source, LOGON_PROCESS if feed.fields == "logon_process" else None)


class Matcher:
    """Compiled rules. `fired` is what the stream asks for each block of events."""

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
        self._of: Mapping[str, _SourceMatcher] = {name: _SourceMatcher(name, pairs) for name, pairs in fed.items()}

    def fired(self, events: Sequence[Event]) -> dict[int, Sequence[Rule]]:
        """The rules that fire on each event, by its place; each rule once, in the order they were loaded."""
        if isinstance(events, Block):
            only = self._of.get(events.source)
            return dict(only.fired(range(len(events)), events.columns.natives, events)) if only else {}
        by_source: dict[str, list[int]] = {}
        for place, event in enumerate(events):
            by_source.setdefault(event.source, []).append(place)
        found: dict[int, Sequence[Rule]] = {}
        for source, places in by_source.items():
            matcher = self._of.get(source)
            if matcher is not None:
                chosen = [events[place] for place in places]
                found.update(matcher.fired(places, [event.native for event in chosen], chosen))
        return found

    def matches(self, event: Event) -> Sequence[Rule]:
        """The rules that fire on one event."""
        return self.fired((event,)).get(0, ())

    def candidates(self, event: Event) -> int:
        """How many rules are tried on the event."""
        matcher = self._of.get(event.source)
        return 0 if matcher is None else matcher.candidates(event)


def view_of(event: Event) -> Native:
    """The record of an event as rules read it."""
    view = VIEWS.get(event.source)
    return event.native if view is None else view(event.native)


class _SourceMatcher:
    """The rules of one source, in groups that read the same kind of record."""

    def __init__(self, source: str, pairs: Sequence[tuple[Rule, Feed]]) -> None:
        self._view = VIEWS.get(source)
        self._rules = tuple(rule for rule, _feed in pairs)
        grouped: dict[Any, list[tuple[int, Node]]] = {}
        first: dict[Any, Feed] = {}
        for number, (rule, feed) in enumerate(pairs):
            key = (_shape(feed.guard), feed.fields)
            first.setdefault(key, feed)
            grouped.setdefault(key, []).append((number, rule.tree))
        self._groups = [_group(first[key], members) for key, members in grouped.items()]
        self._route = _Route(source, [first[key].guard for key in grouped])

    def fired(
        self, places: Sequence[int], natives: Sequence[Native], events: Sequence[Event]
    ) -> Iterator[tuple[int, Sequence[Rule]]]:
        """The place of each event on which rules fire, with them. The three go side by side."""
        view = self._view
        seen = natives if view is None else [view(native) for native in natives]
        numbers: dict[int, list[int]] = {}
        for group, part in zip(self._groups, self._route.split(places, seen, events), strict=True):
            for place, fired in group.fired(*part) if part[0] else ():
                numbers.setdefault(place, []).extend(fired)
        for place, fired in numbers.items():
            yield place, self._in_order(fired)

    def candidates(self, event: Event) -> int:
        """How many rules are tried on the event."""
        native = event.native if self._view is None else self._view(event.native)
        split = self._route.split((0,), [native], [event])
        return sum(group.candidates(native, event) for group, part in zip(self._groups, split, strict=True) if part[0])

    def _in_order(self, fired: list[int]) -> Sequence[Rule]:
        if len(fired) == 1:
            return (self._rules[fired[0]],)
        fired.sort()
        return list({id(rule): rule for rule in (self._rules[number] for number in fired)}.values())


_NOBODY: Part = ((), (), ())


class _Picked(Sequence[Event]):
    """Some of the events, each looked up when it is asked for."""

    def __init__(self, events: Sequence[Event], chosen: Sequence[int]) -> None:
        self._events = events
        self._chosen = chosen

    def __len__(self) -> int:
        return len(self._chosen)

    @overload
    def __getitem__(self, place: int) -> Event: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Event]: ...
    def __getitem__(self, place: int | slice) -> Event | Sequence[Event]:
        if isinstance(place, slice):
            return _Picked(self._events, self._chosen[place])
        return self._events[self._chosen[place]]


class _Route:
    """Which groups an event belongs to: those whose guard it meets. Remembered for the values that guards read."""

    def __init__(self, source: str, guards: Sequence[Node | None]) -> None:
        build = Builder(find_native(source)).build
        self._guards: list[Holds | None] = [None if guard is None else build(guard) for guard in guards]
        read = dict.fromkeys(item.field for guard in guards if guard for item in items(guard) if item.field)
        self._fields: tuple[str, ...] = tuple(read)
        self._flat = all(is_flat(source, field) for field in self._fields)
        self._known: dict[tuple[Any, ...], tuple[int, ...]] = {}

    def split(self, places: Sequence[int], natives: Sequence[Native], events: Sequence[Event]) -> list[Part]:
        """For each group the events that belong to it, in order."""
        whole: Part = (places, natives, events)
        if not self._fields:
            return [whole for _ in self._guards]
        met = self._met(natives, events)
        if len(set(met)) == 1:
            return [whole if group in met[0] else _NOBODY for group in range(len(self._guards))]
        chosen: list[list[int]] = [[] for _ in self._guards]
        for at, groups in enumerate(met):
            for group in groups:
                chosen[group].append(at)
        return [([places[at] for at in some], [natives[at] for at in some], _Picked(events, some)) for some in chosen]

    def _met(self, natives: Sequence[Native], events: Sequence[Event]) -> list[tuple[int, ...]]:
        """The groups of each event."""
        columns = [[native.get(field) for native in natives] for field in self._fields] if self._flat else []
        # True and 1.0 equal 1 as keys, but not as what a rule asks for.
        if not columns or not all(_PLAIN.issuperset(map(type, column)) for column in columns):
            return [self._judged(native, events[at]) for at, native in enumerate(natives)]
        known = self._known
        met = []
        for at, key in enumerate(zip(*columns, strict=True)):
            groups = known.get(key)
            if groups is None:
                if len(known) >= MAX_REMEMBERED:
                    known.clear()
                groups = known[key] = self._judged(natives[at], events[at])
            met.append(groups)
        return met

    def _judged(self, native: Native, event: Event) -> tuple[int, ...]:
        return tuple(number for number, guard in enumerate(self._guards) if guard is None or guard(native, event))


def _group(feed: Feed, members: Sequence[tuple[int, Node]]) -> Group:
    return Group(members, finder_of(feed), partial(_path, feed))


def _path(feed: Feed, field: str) -> str | None:
    """Where a field stands, if the feed reads it in one place of the record."""
    return only_path(feed.source, field) if feed.fields == "native" else None


def _shape(node: Node | None) -> Any:
    """Equal for guards that ask the same."""
    match node:
        case None:
            return None
        case Item():
            return (node.field, node.tests, node.every, node.negated)
        case AllOf(children):
            return ("all", *map(_shape, children))
        case Not(child):
            return ("not", _shape(child))
        case _:
            return id(node)
