"""The rules that read the same events in the same way, compiled together and asked about a block of events."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import orjson

from detectors.sigma.anchors import Anchors, Chances
from detectors.sigma.build import Builder, Find
from detectors.sigma.compiled import Check, Compiler, Sifter
from detectors.sigma.facts import INSIDE, Ask, Known, Table, ask_of
from detectors.sigma.pattern import Test
from detectors.sigma.tree import Node, items
from detectors.sigma.values import column_reader, every_text
from yunshao.model.event import Event, Native

ANYWHERE = ""
Column = Callable[[Sequence[Native], Sequence[Event]], list[Any]]
Paths = Callable[[str], str | None]
Sifted = tuple[tuple[int, ...], tuple[int, ...]]
MAX_SIFTED = 4_096
_NOTHING: frozenset[int] = frozenset()


class _Numbers:
    """The number of each test that is a fact: one for each field and test, whoever asks it."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Test], int | None] = {}
        self.asks: dict[int, Ask] = {}
        self.field_of: dict[int, str] = {}

    def of(self, field: str | None, test: Test) -> int | None:
        key = (field or ANYWHERE, test)
        if key not in self._known:
            number = len(self.asks)
            ask = ask_of(number, test)
            if ask is not None and field is None:
                ask = Ask(number, INSIDE, as_written(ask.literal)) if ask.literal else None
            if ask is not None:
                self.asks[number], self.field_of[number] = ask, key[0]
            self._known[key] = None if ask is None else number
        return self._known[key]


class Group:
    """`fired` gives, for a block of events, the rules that fire. Compiled when first asked."""

    def __init__(self, members: Sequence[tuple[int, Node]], find: Find, path: Paths) -> None:
        """`members` are the rules' numbers and trees; `path` says where a field stands if that is one place."""
        self._members = members
        self._find = find
        self._path = path
        self._ready = False

    def fired(
        self, places: Sequence[int], natives: Sequence[Native], events: Sequence[Event]
    ) -> Iterator[tuple[int, list[int]]]:
        """The place of each event on which rules fire, with their numbers. The three go side by side."""
        if not self._ready:
            self._compile()
        asked = (table.resolve(column(natives, events)) for column, table in self._fronts)
        found = [known for known in asked if known is not None]
        called: Iterable[int] = range(len(places))
        if not self._always:
            called = sorted({at for known in found for at, each in enumerate(known) if each and each.rules})
        for at in called:
            numbers = self._judge([each for known in found if (each := known[at])], natives[at], events[at])
            if numbers:
                yield places[at], numbers

    def candidates(self, native: Native, event: Event) -> int:
        """How many rules are tried on an event: what the bench and the cost of a rule are measured by."""
        if not self._ready:
            self._compile()
        found = [known for column, table in self._fronts if (known := table.of(column([native], [event])[0]))]
        return len({rule for known in found for rule in known.rules}) + len(self._always)

    def _judge(self, found: Sequence[Known], native: Native, event: Event) -> list[int]:
        front = _union(found)
        sifted = self._sifted.get(front)
        if sifted is None:
            if len(self._sifted) >= MAX_SIFTED:
                self._sifted.clear()
            sifted = self._sifted[front] = self._sift(front, found)
        sure, open_ = sifted
        return [*sure, *self._ask(open_, set(front), native, event)] if open_ else list(sure)

    def _sift(self, front: frozenset[int], found: Sequence[Known]) -> Sifted:
        """What these facts decide: the numbers of rules that fire, and the places of those that must look further.

        The same few sets of facts come again and again, whatever the texts were that met them.
        """
        tried = {*self._always, *(place for known in found for place in known.rules)}
        verdicts = {place: self._sifts[place](front) for place in tried}
        sure = tuple(self._checks[place][0] for place, verdict in verdicts.items() if verdict)
        return sure, tuple(place for place, verdict in verdicts.items() if verdict is None)

    def _ask(self, places: Sequence[int], facts: set[int], native: Native, event: Event) -> Iterator[int]:
        checks, sides = self._checks, self._sides
        read: set[str] = set()
        for place in places:
            number, check, needs = checks[place]
            for field in needs:
                if field not in read:
                    read.add(field)
                    get, table = sides[field]
                    more = table.of(get(native, event))
                    if more is not None:
                        facts |= more.facts
            if check(facts, native, event):
                yield number

    def _compile(self) -> None:
        """Number the tests, choose under which facts each rule is filed, build the questions."""
        numbers = _Numbers()
        compiler = Compiler(numbers.of, Builder(self._find))
        trees = [tree for _, tree in self._members]
        checks = [compiler.compile(tree) for tree in trees]
        chances = Chances(trees, numbers.of, numbers.asks, numbers.field_of)
        anchors = Anchors(numbers.of, chances)
        chosen = chances.choose([anchors.of(tree) for tree in trees])
        rules_of: dict[int, list[int]] = {}
        for place, facts in enumerate(chosen):
            for number in facts:
                rules_of.setdefault(number, []).append(place)
        by_field: dict[str, list[Ask]] = {}
        for number, ask in numbers.asks.items():
            by_field.setdefault(numbers.field_of[number], []).append(ask)
        tables = {field: Table(asks, rules_of) for field, asks in by_field.items()}
        fronts = {numbers.field_of[number] for number in rules_of}
        self._fronts = [(self._column(field), tables[field]) for field in by_field if field in fronts]
        self._sides = {field: (self._find(field), tables[field]) for field in by_field if field not in fronts}
        self._always = tuple(place for place, facts in enumerate(chosen) if not facts)
        self._checks = self._needs(checks)
        sifter = Sifter(numbers.of, fronts)
        self._sifts = [sifter.of(tree) for tree in trees]
        self._sifted: dict[frozenset[int], Sifted] = {}
        self._ready = True

    def _needs(self, checks: Sequence[Check]) -> list[tuple[int, Check, tuple[str, ...]]]:
        """Each rule's number and question, and the fields to be read before it is asked."""
        return [
            (number, check, tuple(field for field in _fields(tree) if field in self._sides))
            for (number, tree), check in zip(self._members, checks, strict=True)
        ]

    def _column(self, field: str) -> Column:
        if field == ANYWHERE:
            return lambda natives, _events: [written(native) for native in natives]
        path = self._path(field)
        read = column_reader(path) if path else None
        if read is not None:
            return lambda natives, _events: read(natives)
        get = self._find(field)
        return lambda natives, events: [get(native, event) for native, event in zip(natives, events, strict=True)]


def _union(found: Sequence[Known]) -> frozenset[int]:
    if len(found) == 1:
        return found[0].facts
    return _NOTHING.union(*[known.facts for known in found])


def written(native: Native) -> str:
    """The whole record as JSON: holds `as_written(x)` wherever one of its texts holds x."""
    try:
        return orjson.dumps(native, option=orjson.OPT_NON_STR_KEYS).decode()
    except (orjson.JSONEncodeError, UnicodeError):
        return "\n".join(map(as_written, every_text(native)))


def as_written(text: str) -> str:
    """The text as it stands inside JSON."""
    return orjson.dumps(text)[1:-1].decode() if text.isascii() else json.dumps(text, ensure_ascii=False)[1:-1]


def _fields(tree: Node) -> list[str]:
    return list(dict.fromkeys(item.field for item in items(tree) if item.field))
