"""A tree as one function of an event; nodes that several rules or selections share are built once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from detectors.sigma.pattern import Compare, Expression, Network, Null, Present, Reference, Test, Text
from detectors.sigma.predicate import any_text, any_value, every_value, fold, is_null, refers
from detectors.sigma.tree import AllOf, AnyOf, Item, Node, Not
from detectors.sigma.values import MISSING, Get, every_text
from yunshao.model.event import Event, Native

Holds = Callable[[Native, Event], bool]
Find = Callable[[str], Get]


class Builder:
    """Builds trees for one kind of event; `find` gives the reader of a field."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._built: dict[int, tuple[Node, Holds]] = {}
        self._costs: dict[int, int] = {}
        self._texts = _texts_once()

    def build(self, node: Node) -> Holds:
        """The function that says whether the tree holds."""
        known = self._built.get(id(node))
        if known is not None:
            return known[1]
        made = self._make(node)
        self._built[id(node)] = (node, made)
        return made

    def _make(self, node: Node) -> Holds:
        match node:
            case AllOf(children):
                return _all([self.build(child) for child in sorted(children, key=self._cost)])
            case AnyOf(children):
                return _any([self.build(child) for child in sorted(children, key=self._cost)])
            case Not(child):
                inner = self.build(child)
                return lambda native, event: not inner(native, event)
            case Item():
                return self._item(node)

    def _cost(self, node: Node) -> int:
        """What is tried first is what costs least: it does not change the answer."""
        if id(node) not in self._costs:
            self._costs[id(node)] = self._reckon(node)
        return self._costs[id(node)]

    def _reckon(self, node: Node) -> int:
        match node:
            case Item(None):
                return 100
            case Item():
                return 1 if _plain_literals(node) is not None else max(_COSTS.get(type(test), 1) for test in node.tests)
            case Not(child):
                return self._cost(child)
            case AllOf(children):
                return 1 + min(self._cost(child) for child in children)
            case AnyOf(children):
                return sum(self._cost(child) for child in children)

    def _item(self, item: Item) -> Holds:
        holds = self._keywords(item) if item.field is None else self._field(item, self._find(item.field))
        if item.negated:
            return lambda native, event: not holds(native, event)
        return holds

    def _keywords(self, item: Item) -> Holds:
        texts = self._texts
        tests = [any_text([test]) for test in item.tests] if item.every else [any_text(item.tests)]  # type: ignore[list-item, arg-type]

        def holds(native: Native, _event: Event) -> bool:
            found = texts(native)
            return all(any(test(text) for text in found) for test in tests)

        return holds

    def _field(self, item: Item, get: Get) -> Holds:
        literals = _plain_literals(item)
        if literals is not None:
            return _equals(get, literals)
        groups: list[Holds] = []
        values = tuple(test for test in item.tests if not isinstance(test, (Null, Present, Reference)))
        if values:
            groups.append(_on_value(get, every_value(values) if item.every else any_value(values)))
        for test in item.tests:
            special = self._special(test, get)
            if special is not None:
                groups.append(special)
        return _all(groups) if item.every else _any(groups)

    def _special(self, test: Test, get: Get) -> Holds | None:
        match test:
            case Null():
                return lambda native, event: is_null(get(native, event))
            case Present(wanted):
                return lambda native, event: (get(native, event) is not MISSING) is wanted
            case Reference(field):
                other, ask = self._find(field), refers(test)
                return lambda native, event: ask(get(native, event), other(native, event))
            case _:
                return None


def _plain_literals(item: Item) -> frozenset[str] | None:
    """The folded texts that the field must equal, when the item asks for nothing else."""
    if item.every:
        return None
    found = set()
    for test in item.tests:
        literal = test.literal if isinstance(test, Text) and not test.cased else None
        if literal is None:
            return None
        found.add(fold(literal))
    return frozenset(found)


def _equals(get: Get, wanted: frozenset[str]) -> Holds:
    slow = any_value(tuple(Text((each,) if each else ()) for each in wanted))

    def holds(native: Native, event: Event) -> bool:
        value = get(native, event)
        if type(value) is str:
            return value.casefold() in wanted
        return value is not MISSING and value is not None and slow(value)

    return holds


def _on_value(get: Get, ask: Callable[[Any], bool]) -> Holds:
    def holds(native: Native, event: Event) -> bool:
        value = get(native, event)
        return value is not MISSING and ask(value)

    return holds


def _all(parts: list[Holds]) -> Holds:
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 2:
        first, second = parts
        return lambda native, event: first(native, event) and second(native, event)

    def holds(native: Native, event: Event) -> bool:
        for part in parts:  # noqa: SIM110
            if not part(native, event):
                return False
        return True

    return holds


def _any(parts: list[Holds]) -> Holds:
    if len(parts) == 1:
        return parts[0]

    def holds(native: Native, event: Event) -> bool:
        for part in parts:  # noqa: SIM110
            if part(native, event):
                return True
        return False

    return holds


_COSTS = {Text: 2, Compare: 3, Reference: 4, Network: 12, Expression: 10}


def _texts_once() -> Callable[[Native], list[str]]:
    """Every text of a record; asked again about the same record, the same list."""
    last: list[tuple[Any, list[str]]] = [(None, [])]

    def texts(native: Native) -> list[str]:
        known, found = last[0]
        if known is not native:
            found = every_text(native)
            last[0] = (native, found)
        return found

    return texts
