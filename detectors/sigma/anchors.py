"""What an event must hold for a rule to have a chance: sets of facts, of each of which one holds wherever it fires."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from detectors.sigma.facts import EQUALS, SEARCH, Ask
from detectors.sigma.pattern import Test
from detectors.sigma.tree import AllOf, AnyOf, Item, Node, items

MAX_SETS = 24
MAX_FACTS = 2_000
MUCH_BETTER = 0.25

FactSet = frozenset[int]
NumberOf = Callable[[str | None, Test], int | None]


class Anchors:
    """Finds anchor sets; remembers what it found for nodes that stand in several places."""

    def __init__(self, number_of: NumberOf, chances: Chances) -> None:
        """`number_of` gives the fact of a test of a field (None: of every text of the event), if it is one."""
        self._number_of = number_of
        self._chances = chances
        self._known: dict[int, list[FactSet]] = {}

    def of(self, node: Node) -> list[FactSet]:
        """Sets of facts, of each of which at least one holds whenever the tree does; none where nothing is needed."""
        known = self._known.get(id(node))
        if known is None:
            known = self._known[id(node)] = self._find(node)
        return known

    def _find(self, node: Node) -> list[FactSet]:
        if isinstance(node, Item):
            return self._of_item(node)
        if isinstance(node, AllOf):
            found = [each for child in node.children for each in self.of(child)]
            return sorted(found, key=self._chances.risk)[:MAX_SETS]
        if isinstance(node, AnyOf):
            return self._of_any([self.of(child) for child in node.children])
        return []

    def _of_item(self, item: Item) -> list[FactSet]:
        if item.negated:
            return []
        numbers = [self._number_of(item.field, test) for test in item.tests]
        if item.every:
            return [frozenset({number}) for number in numbers if number is not None][:MAX_SETS]
        found = [number for number in numbers if number is not None]
        return [frozenset(found)] if found and len(found) == len(numbers) <= MAX_FACTS else []

    def _of_any(self, children: Sequence[list[FactSet]]) -> list[FactSet]:
        """The union of each child's least likely set, and one for each field that every child offers."""
        if not children or not all(children):
            return []
        risk, fields = self._chances.risk, self._chances.fields
        unions = [frozenset().union(*(min(sets, key=risk) for sets in children))]
        for shared in set.intersection(*({fields(facts) for facts in sets} for sets in children)):
            picked = (min((facts for facts in sets if fields(facts) == shared), key=risk) for sets in children)
            unions.append(frozenset().union(*picked))
        return [facts for facts in dict.fromkeys(unions) if len(facts) <= MAX_FACTS]


class Chances:
    """A guess of how likely each fact is, from what the rules ask.

    The more texts a field is compared with, the more texts it has; what many rules name is seen often; what is short
    stands in many texts.
    """

    def __init__(
        self, trees: Sequence[Node], number_of: NumberOf, asks: Mapping[int, Ask], field_of: Mapping[int, str]
    ):
        self._field_of = field_of
        shared: Counter[int] = Counter()
        for tree in trees:
            named = {number_of(item.field, test) for item in items(tree) for test in item.tests}
            shared.update(number for number in named if number is not None)
        texts = Counter(field_of[number] for number in asks)
        self._chance = {n: _chance(ask, shared[n], texts[field_of[n]]) for n, ask in asks.items()}

    def risk(self, facts: FactSet) -> float:
        """How likely it is that one of them holds."""
        return sum(self._chance[number] for number in facts)

    def fields(self, facts: FactSet) -> frozenset[str]:
        """The fields that they are about."""
        return frozenset(self._field_of[number] for number in facts)

    def choose(self, candidates: Sequence[list[FactSet]]) -> list[FactSet]:
        """For each rule the set under which it is filed; an empty one for a rule without any.

        That with the least chance to hold. Reading a field costs time on every event, so a rule follows the others
        to a field unless its own choice is much better.
        """
        nothing: FactSet = frozenset()
        first = [min(sets, key=self.risk, default=nothing) for sets in candidates]
        popular = Counter(field for facts in first for field in self.fields(facts))

        def cost(facts: FactSet) -> float:
            lonely = min((popular[field] for field in self.fields(facts)), default=1)
            return self.risk(facts) * (1 + 1 / (MUCH_BETTER * max(1, lonely)))

        return [min(sets, key=cost, default=nothing) for sets in candidates]


def _chance(ask: Ask, rules: int, texts: int) -> float:
    crowd = max(1.0, float(rules))
    if ask.kind == EQUALS:
        return crowd / (2 + texts)
    if ask.kind == SEARCH:
        # Nobody knows: asked last, where a rule has nothing else.
        return 1.0
    root = math.sqrt(crowd)
    return max(root / (2 + texts), math.pow(0.5, len(ask.literal) / 2)) * root
