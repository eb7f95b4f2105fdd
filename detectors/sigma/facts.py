"""What the texts of one field are asked by all rules at once, and remembered for each text.

Every test of a text (equals, starts, ends, contains; wildcards and expressions by a literal that they need) has a
number. A text's facts are the numbers of the tests that hold for it: found in one pass, whatever the number of rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation

from detectors.sigma.expression import can_be_together, required_literal, together
from detectors.sigma.pattern import Expression, Test, Text, Wild
from detectors.sigma.predicate import OfText, any_text, fold
from detectors.sigma.values import MISSING, leaves, text_of

EQUALS, STARTS, ENDS, INSIDE, CHECK, SEARCH = range(6)
FEW = 8
SHORTEST = 3
UNCOMMON = frozenset("!#$&'*+;<>?@[]^`{|}~")
"""A shorter literal without one of these stands in nearly every text, and is looked for only in what gets so far."""
MAX_REMEMBERED = 8_192
MAX_KEPT_LENGTH = 1_024
CHUNK = 4_096
_UNSEEN: Any = object()
_NO_VALUE = frozenset({MISSING, None})
_PLAIN = frozenset({str, type(None), type(MISSING)})


class Known(NamedTuple):
    """What holds for a text: the numbers of tests, and of the rules that are tried because of them."""

    facts: frozenset[int]
    rules: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """One test: which texts can meet it (by `literal`, folded), and for CHECK whether a text does.

    SEARCH is an expression that needs no telling literal: all of a field's are searched for in one pass.
    """

    number: int
    kind: int
    literal: str
    check: OfText | None = None
    expression: Expression | None = None


def ask_of(number: int, test: Test) -> Ask | None:
    """The test of a text with its number; None where nothing says cheaply which texts can meet it."""
    ask = _ask_of(number, test)
    if ask is not None and (ask.kind == EQUALS or _is_telling(ask.literal)):
        return ask
    if isinstance(test, Expression) and can_be_together(test):
        return Ask(number, SEARCH, "", None, test)
    return None


def _is_telling(literal: str) -> bool:
    return len(literal) >= SHORTEST or any(not c.isascii() or c in UNCOMMON for c in literal)


def _ask_of(number: int, test: Test) -> Ask | None:
    if isinstance(test, Expression):
        needed = fold(required_literal(test.pattern))
        return Ask(number, CHECK, needed, any_text((test,))) if needed else None
    if not isinstance(test, Text):
        return None
    if test.cased:
        return _checked(number, test)
    match test.parts:
        case ():
            return Ask(number, EQUALS, "")
        case (str(one),):
            return Ask(number, EQUALS, fold(one))
        case (str(one), Wild.MANY):
            return Ask(number, STARTS, fold(one))
        case (Wild.MANY, str(one)):
            return Ask(number, ENDS, fold(one))
        case (Wild.MANY, str(one), Wild.MANY):
            return Ask(number, INSIDE, fold(one))
        case _:
            return _checked(number, test)


def _checked(number: int, test: Text) -> Ask | None:
    longest = max((part for part in test.parts if isinstance(part, str)), key=len, default="")
    return Ask(number, CHECK, fold(longest), any_text((test,))) if longest else None


class Table:
    """The tests of one field. `resolve` answers for a column of values."""

    def __init__(self, asks: Iterable[Ask], rules_of: Mapping[int, Sequence[int]]) -> None:
        """`rules_of` names the rules that are tried where a test (its number) holds."""
        self._rules_of = rules_of
        self._equals: dict[str, list[int]] = {}
        inside: dict[str, list[Ask]] = {}
        searches: list[Ask] = []
        for ask in asks:
            if ask.kind == EQUALS:
                self._equals.setdefault(ask.literal, []).append(ask.number)
            elif ask.expression is not None:
                searches.append(ask)
            else:
                inside.setdefault(ask.literal, []).append(ask)
        self._asks = list(inside.values())
        self._literals = list(inside)
        self._width = max(map(len, self._literals), default=1)
        self._found = self._search()
        self._searched = [ask.number for ask in searches]
        self._matched = together([ask.expression for ask in searches if ask.expression]) if searches else None
        self._memory: dict[str, Known | None] = {}

    def resolve(self, column: Sequence[Any]) -> list[Known | None] | None:
        """For each value of the column (MISSING or None: no value) what is known of it, None where nothing holds.

        None alone: nothing holds for any of them.
        """
        try:
            distinct = set(column)
        except TypeError:
            return [self.of(value) for value in column]
        if not set(map(type, distinct)) <= _PLAIN:
            return [self.of(value) for value in column]
        distinct -= _NO_VALUE
        texts = list(distinct)
        recalled = list(map(self._memory.get, texts, repeat(_UNSEEN)))
        known = {text: each for text, each in zip(texts, recalled, strict=True) if each and each is not _UNSEEN}
        unseen = recalled.count(_UNSEEN)
        if unseen:
            fresh = [text for text, each in zip(texts, recalled, strict=True) if each is _UNSEEN]
            known.update(self._learn(fresh, repeated=2 * len(texts) <= len(column)))
        return list(map(known.get, column)) if known else None

    def of(self, value: Any) -> Known | None:
        """What is known of one value; of a list, what is known of any of its elements."""
        if value.__class__ is str:
            known = self._memory.get(value, _UNSEEN)
            return self._learned(value) if known is _UNSEEN else known
        return None if value is MISSING or value is None else self._of_leaves(value)

    def _learn(self, fresh: list[str], *, repeated: bool) -> dict[str, Known]:
        """What is known of texts that are not remembered, of those for which something holds.

        Fresh texts mostly meet nothing, and remembering them would drive out what comes again.
        """
        told = None if repeated or len(fresh) <= FEW else self._telling(fresh)
        return {text: known for text in (fresh if told is None else told) if (known := self._learned(text))}

    def _telling(self, texts: list[str]) -> set[str] | None:
        """Those for which a test may hold, found by one pass over all of them; None where it is no use to ask."""
        joined = "\n".join(texts)
        if len(joined) > CHUNK * 32:
            return None
        folded = joined.casefold()
        parts = folded.split("\n")
        literals = [self._literals[hit] for hit in self._found(folded)] if self._asks else []
        if len(parts) != len(texts) or len(literals) > FEW:
            return None
        told = {text for text in texts if self._matched(text)} if self._matched else set()
        if not self._equals.keys().isdisjoint(parts):
            told.update(text for text, part in zip(texts, parts, strict=True) if part in self._equals)
        for literal in literals:
            told.update(text for text, part in zip(texts, parts, strict=True) if literal in part)
        return told

    def _learned(self, text: str) -> Known | None:
        known = self._known(self._facts(text))
        if len(text) <= MAX_KEPT_LENGTH:
            if len(self._memory) >= MAX_REMEMBERED:
                self._memory.clear()
            self._memory[text] = known
        return known

    def _of_leaves(self, value: Any) -> Known | None:
        facts: set[int] = set()
        for leaf in leaves(value):
            text = text_of(leaf)
            if text is not None:
                facts.update(self._facts(text))
        return self._known(facts)

    def _known(self, facts: set[int]) -> Known | None:
        if not facts:
            return None
        rules = {rule for number in facts for rule in self._rules_of.get(number, ())}
        return Known(frozenset(facts), tuple(rules))

    def _facts(self, text: str) -> set[int]:
        folded = text.casefold()
        facts = set(self._equals.get(folded, ()))
        if self._matched is not None:
            facts.update(self._searched[place] for place in self._matched(text))
        if self._asks:
            for hit in self._found(folded) if len(folded) <= CHUNK else self._found_in_parts(folded):
                for ask in self._asks[hit]:
                    if _meets(ask, text, folded):
                        facts.add(ask.number)
        return facts

    def _found_in_parts(self, folded: str) -> set[int]:
        """As `_found`, for a text so long that the places of its literals should not be listed at once."""
        found: set[int] = set()
        step = max(CHUNK, self._width)
        for start in range(0, len(folded), step):
            found.update(self._found(folded[start : start + step + self._width]))
        return found

    def _search(self) -> Callable[[str], Iterable[int]]:
        """Which literals (by place) a folded text contains."""
        literals = self._literals
        if len(literals) <= FEW:
            numbered = list(enumerate(literals))
            return lambda folded: [place for place, literal in numbered if literal in folded]
        automaton = AhoCorasick(literals, implementation=Implementation.ContiguousNFA)
        find = automaton.find_matches_as_indexes
        return lambda folded: {hit[0] for hit in find(folded, overlapping=True)}


def _meets(ask: Ask, text: str, folded: str) -> bool:
    match ask.kind:
        case 3:
            return True
        case 2:
            return folded.endswith(ask.literal)
        case 1:
            return folded.startswith(ask.literal)
        case _:
            return ask.check is not None and ask.check(text)
