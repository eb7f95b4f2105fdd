"""A tree as one question about an event's facts; what is no fact is read from the event when it is asked."""

from __future__ import annotations

from collections.abc import Callable, Container
from collections.abc import Set as AbstractSet

from detectors.sigma.anchors import NumberOf
from detectors.sigma.build import Builder
from detectors.sigma.pattern import Test
from detectors.sigma.tree import AllOf, AnyOf, Item, Node, Not
from yunshao.model.event import Event, Native

Facts = AbstractSet[int]
Check = Callable[[Facts, Native, Event], bool]
Sift = Callable[[Facts], bool | None]
_FACT, _SLOW = 1, 100


class Compiler:
    """Compiles the trees of one group of rules; nodes that several rules share are compiled once."""

    def __init__(self, number_of: NumberOf, builder: Builder) -> None:
        self._number_of = number_of
        self._builder = builder
        self._made: dict[int, tuple[Node, Check, int]] = {}

    def compile(self, node: Node) -> Check:
        """The function that says whether the tree holds; the facts given must be all that it names."""
        return self._of(node)[0]

    def _of(self, node: Node) -> tuple[Check, int]:
        known = self._made.get(id(node))
        if known is None:
            check, cost = self._make(node)
            known = self._made[id(node)] = (node, check, cost)
        return known[1], known[2]

    def _make(self, node: Node) -> tuple[Check, int]:
        match node:
            case AllOf(children):
                parts = sorted((self._of(child) for child in children), key=_cost)
                return _all([check for check, _cost in parts]), 1 + parts[0][1]
            case AnyOf(children):
                parts = sorted((self._of(child) for child in children), key=_cost)
                return _any([check for check, _cost in parts]), sum(cost for _check, cost in parts)
            case Not(child):
                inner, cost = self._of(child)
                return (lambda facts, native, event: not inner(facts, native, event)), cost
            case Item():
                return self._item(node)

    def _item(self, item: Item) -> tuple[Check, int]:
        check, cost = self._plain(item)
        if item.negated:
            return (lambda facts, native, event: not check(facts, native, event)), cost
        return check, cost

    def _plain(self, item: Item) -> tuple[Check, int]:
        """The item without its negation: its tests that are facts first, then the others."""
        numbers = {test: None if item.field is None else self._number_of(item.field, test) for test in item.tests}
        known = frozenset(number for number in numbers.values() if number is not None)
        rest = tuple(test for test, number in numbers.items() if number is None)
        parts: list[Check] = []
        if known:
            parts.append(_each_of(known) if item.every else _one_of(known))
        if rest:
            holds = self._builder.build(Item(item.field, rest, item.every))
            parts.append(lambda _facts, native, event: holds(native, event))
        return (_all(parts) if item.every else _any(parts)), _SLOW if rest else _FACT


class Sifter:
    """A tree as a question about the facts of some fields alone: True or False where they decide, else None."""

    def __init__(self, number_of: NumberOf, fields: Container[str]) -> None:
        self._number_of = number_of
        self._fields = fields
        self._made: dict[int, tuple[Node, Sift]] = {}

    def of(self, node: Node) -> Sift:
        """The function for a tree; nodes that several rules share are made once."""
        known = self._made.get(id(node))
        if known is None:
            known = self._made[id(node)] = (node, self._make(node))
        return known[1]

    def _make(self, node: Node) -> Sift:
        match node:
            case AllOf(children):
                return _all_known([self.of(child) for child in children])
            case AnyOf(children):
                return _any_known([self.of(child) for child in children])
            case Not(child):
                return _opposite(self.of(child))
            case Item():
                return _opposite(self._item(node)) if node.negated else self._item(node)

    def _item(self, item: Item) -> Sift:
        parts = [self._test(item.field, test) for test in item.tests]
        return _all_known(parts) if item.every else _any_known(parts)

    def _test(self, field: str | None, test: Test) -> Sift:
        number = self._number_of(field, test) if field is not None and field in self._fields else None
        if number is None:
            return lambda _facts: None
        return lambda facts: number in facts


def _all_known(parts: list[Sift]) -> Sift:
    def sift(facts: Facts) -> bool | None:
        found: bool | None = True
        for part in parts:
            known = part(facts)
            if known is False:
                return False
            found = found and known
        return found

    return sift


def _any_known(parts: list[Sift]) -> Sift:
    def sift(facts: Facts) -> bool | None:
        found: bool | None = False
        for part in parts:
            known = part(facts)
            if known:
                return True
            found = None if known is None else found
        return found

    return sift


def _opposite(inner: Sift) -> Sift:
    def sift(facts: Facts) -> bool | None:
        known = inner(facts)
        return None if known is None else not known

    return sift


def _cost(part: tuple[Check, int]) -> int:
    return part[1]


def _one_of(numbers: frozenset[int]) -> Check:
    if len(numbers) == 1:
        (only,) = numbers
        return lambda facts, _native, _event: only in facts
    return lambda facts, _native, _event: not facts.isdisjoint(numbers)


def _each_of(numbers: frozenset[int]) -> Check:
    return lambda facts, _native, _event: facts >= numbers


def _all(parts: list[Check]) -> Check:
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 2:
        first, second = parts
        return lambda facts, native, event: first(facts, native, event) and second(facts, native, event)

    def holds(facts: Facts, native: Native, event: Event) -> bool:
        for part in parts:  # noqa: SIM110
            if not part(facts, native, event):
                return False
        return True

    return holds


def _any(parts: list[Check]) -> Check:
    if len(parts) == 1:
        return parts[0]

    def holds(facts: Facts, native: Native, event: Event) -> bool:
        for part in parts:  # noqa: SIM110
            if part(facts, native, event):
                return True
        return False

    return holds
