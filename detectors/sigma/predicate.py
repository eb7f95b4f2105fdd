"""Tests as functions: of a text, of a value, of an event."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, TypeVar

from detectors.sigma.expression import finder
from detectors.sigma.pattern import Compare, Expression, Network, Null, Part, Present, Reference, Test, Text, Wild
from detectors.sigma.values import MISSING, address_of, leaves, moment_of, number_of, text_of

OfText = Callable[[str], bool]
OfValue = Callable[[Any], bool]

T = TypeVar("T")
MAX_REMEMBERED = 4_096
MAX_KEPT_LENGTH = 1_024
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "eq": operator.eq,
    "neq": operator.ne,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}


def fold(text: str) -> str:
    """The text without regard to capitals."""
    return text.casefold()


def glob(parts: tuple[Part, ...]) -> OfText:
    """Whether a whole text fits a pattern of literals and wildcards, in time linear in the text.

    Each stretch between two `*` is taken at its leftmost place; no choice is ever taken back.
    """
    stretches: list[list[Part]] = [[]]
    for part in parts:
        if part is Wild.MANY:
            stretches.append([])
        else:
            stretches[-1].append(part)
    regexes = [_stretch(each) for each in stretches]
    if len(regexes) == 1:
        whole = regexes[0].fullmatch
        return lambda text: whole(text) is not None
    first, middle, last = regexes[0], [each for each in regexes[1:-1] if each.pattern], regexes[-1]
    tail = _width(stretches[-1])

    def fits(text: str) -> bool:
        found = first.match(text)
        if found is None:
            return False
        position = found.end()
        for stretch in middle:
            found = stretch.search(text, position)
            if found is None:
                return False
            position = found.end()
        return len(text) - tail >= position and last.fullmatch(text, len(text) - tail) is not None

    return fits


def _stretch(parts: Iterable[Part]) -> re.Pattern[str]:
    return re.compile("".join("." if isinstance(part, Wild) else re.escape(part) for part in parts), re.DOTALL)


def _width(parts: Iterable[Part]) -> int:
    return sum(1 if isinstance(part, Wild) else len(part) for part in parts)


def remembered(ask: Callable[[str], T]) -> Callable[[str], T]:
    """The same function with its latest answers about short texts kept: texts in logs repeat."""
    known = lru_cache(maxsize=MAX_REMEMBERED)(ask)
    return lambda text: known(text) if len(text) <= MAX_KEPT_LENGTH else ask(text)


class _Shapes:
    """Patterns sorted by their shape, so that each shape is tried in one go."""

    def __init__(self, texts: Iterable[Text], *, cased: bool) -> None:
        self.whole: set[str] = set()
        self.starts: list[str] = []
        self.ends: list[str] = []
        self.inside: list[str] = []
        self.globs: list[OfText] = []
        for text in texts:
            parts = text.parts if cased else tuple(_folded(part) for part in text.parts)
            self._sort(parts)

    def _sort(self, parts: tuple[Part, ...]) -> None:
        match parts:
            case ():
                self.whole.add("")
            case (str(one),):
                self.whole.add(one)
            case (str(one), Wild.MANY):
                self.starts.append(one)
            case (Wild.MANY, str(one)):
                self.ends.append(one)
            case (Wild.MANY, str(one), Wild.MANY):
                self.inside.append(one)
            case (Wild.MANY,):
                self.starts.append("")
            case _:
                self.globs.append(glob(parts))

    def test(self) -> OfText | None:
        """One function for all of the patterns, or None when there are none."""
        tests: list[OfText] = []
        if self.whole:
            tests.append(frozenset(self.whole).__contains__)
        if self.starts:
            starts = tuple(self.starts)
            tests.append(lambda text: text.startswith(starts))
        if self.ends:
            ends = tuple(self.ends)
            tests.append(lambda text: text.endswith(ends))
        if self.inside:
            tests.append(_inside(tuple(self.inside)))
        tests.extend(self.globs)
        return _either(tests) if tests else None


def _inside(literals: tuple[str, ...]) -> OfText:
    if len(literals) == 1:
        (only,) = literals
        return lambda text: only in text

    def test(text: str) -> bool:
        for literal in literals:  # noqa: SIM110
            if literal in text:
                return True
        return False

    return test


def _folded(part: Part) -> Part:
    return part if isinstance(part, Wild) else fold(part)


def _either(tests: list[OfText]) -> OfText:
    if len(tests) == 1:
        return tests[0]

    def test(text: str) -> bool:
        for each in tests:  # noqa: SIM110
            if each(text):
                return True
        return False

    return test


def any_text(tests: Iterable[Text | Expression]) -> OfText:
    """Whether a text meets at least one of the patterns."""
    listed = list(tests)
    texts = [test for test in listed if isinstance(test, Text)]
    plain = _Shapes((test for test in texts if not test.cased), cased=False).test()
    cased = _Shapes((test for test in texts if test.cased), cased=True).test()
    expressions = [remembered(finder(test)) for test in listed if isinstance(test, Expression)]
    parts: list[OfText] = []
    if plain is not None:
        parts.append(_folding(plain))
    if cased is not None:
        parts.append(cased)
    parts.extend(expressions)
    return _either(parts)


def _folding(test: OfText) -> OfText:
    return lambda text: test(text.casefold())


def of_value(test: Test) -> OfValue:
    """One test of one value that is there; lists are the caller's."""
    match test:
        case Text() | Expression():
            return _on_text(any_text((test,)))
        case Network(network):
            return lambda value: (
                (found := address_of(value)) is not None and (found.version == network.version and found in network)
            )
        case Compare(name, wanted, ""):
            return _number(_OPERATORS[name], wanted)
        case Compare(name, wanted, part):
            return _moment(_OPERATORS[name], wanted, part)
        case Present() | Null() | Reference():
            raise TypeError("a test of a field, not of a value")


def _on_text(test: OfText) -> OfValue:
    def ask(value: Any) -> bool:
        text = value if type(value) is str else text_of(value)
        return text is not None and test(text)

    return ask


def _number(compare: Callable[[float, float], bool], wanted: float) -> OfValue:
    return lambda value: (number := number_of(value)) is not None and compare(number, wanted)


def _moment(compare: Callable[[float, float], bool], wanted: float, part: str) -> OfValue:
    def ask(value: Any) -> bool:
        moment = moment_of(value)
        if moment is None:
            return False
        found = moment.isocalendar().week if part == "week" else getattr(moment, part)
        return compare(float(found), wanted)

    return ask


def any_value(tests: tuple[Test, ...]) -> OfValue:
    """Whether a value that is there meets at least one of the tests; a list does when any element does."""
    texts = [test for test in tests if isinstance(test, (Text, Expression))]
    others = [of_value(test) for test in tests if not isinstance(test, (Text, Expression))]
    if not texts:
        return lambda value: any(each(leaf) for leaf in leaves(value) for each in others)
    of_text = any_text(texts)
    asks = [_on_text(of_text), *others]

    def ask(value: Any) -> bool:
        if type(value) is str:
            return of_text(value) or any(each(value) for each in others)
        return any(each(leaf) for leaf in leaves(value) for each in asks)

    return ask


def every_value(tests: tuple[Test, ...]) -> OfValue:
    """Whether each test is met; by different elements where the value is a list."""
    asks = [any_value((test,)) for test in tests]
    return lambda value: all(ask(value) for ask in asks)


def is_null(value: Any) -> bool:
    """Absent, or JSON null, or a list of nothing but null."""
    if value is MISSING or value is None:
        return True
    found = list(leaves(value)) if isinstance(value, list) else []
    return bool(found) and all(leaf is None for leaf in found)


def refers(reference: Reference) -> Callable[[Any, Any], bool]:
    """Whether a field's value equals, starts with, ends with or contains another's; false when either is missing."""
    ways: dict[str, Callable[[str, str], bool]] = {
        "equals": operator.eq,
        "startswith": str.startswith,
        "endswith": str.endswith,
        "contains": operator.contains,
    }
    compare = ways[reference.way]
    shape: Callable[[str], str] = str if reference.cased else fold

    def ask(value: Any, other: Any) -> bool:
        if value is MISSING or other is MISSING:
            return False
        others = [shape(text) for leaf in leaves(other) if (text := text_of(leaf)) is not None][:64]
        texts = [shape(text) for leaf in leaves(value) if (text := text_of(leaf)) is not None][:64]
        return any(compare(text, each) for text in texts for each in others)

    return ask
