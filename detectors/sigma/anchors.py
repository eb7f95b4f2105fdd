"""What an event must hold for a rule to have a chance: the keys under which an index files the rule.

A key is (kind, field, literal): the field equals the literal, its last path component does, or it contains it.
If a rule fires on an event, the event has at least one key of each of the rule's anchor sets.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from detectors.sigma.expression import required_literal
from detectors.sigma.pattern import Expression, Test, Text, Wild
from detectors.sigma.predicate import fold
from detectors.sigma.tree import AllOf, AnyOf, Item, Node

SHORTEST_INSIDE = 3
ANYWHERE = ""
MAX_SETS = 24
MAX_KEYS = 2_000
CROWD = 32
_TAIL = re.compile(r"[\\/][^\\/]+\Z")


class Key(NamedTuple):
    """`kind` is `equals`, `tail` or `inside`; the field `ANYWHERE` is every text of the event."""

    kind: str
    field: str
    literal: str


KeySet = frozenset[Key]
_RANK = {"equals": 0, "tail": 0, "inside": 1}


def anchor_sets(node: Node) -> list[KeySet]:
    """Sets of keys, of each of which at least one holds whenever the tree does; none where nothing is needed."""
    return _Anchors().of(node)


class _Anchors:
    """Remembers what it found for nodes that stand in several places."""

    def __init__(self) -> None:
        self._known: dict[int, list[KeySet]] = {}

    def of(self, node: Node) -> list[KeySet]:
        known = self._known.get(id(node))
        if known is None:
            known = self._known[id(node)] = self._find(node)
        return known

    def _find(self, node: Node) -> list[KeySet]:
        if isinstance(node, Item):
            return _of_item(node)
        if isinstance(node, AllOf):
            found = [each for child in node.children for each in self.of(child)]
            return sorted(found, key=_weight)[:MAX_SETS]
        if isinstance(node, AnyOf):
            return _of_any([self.of(child) for child in node.children])
        return []


def _weight(keys: KeySet) -> tuple[int, int]:
    return max(_RANK[key.kind] for key in keys), len(keys)


def _of_any(children: Sequence[list[KeySet]]) -> list[KeySet]:
    """One set per field that every child offers, and the union of each child's best."""
    if not all(children):
        return []
    unions = [frozenset().union(*(min(sets, key=_weight) for sets in children))]
    shared = set.intersection(*({_fields(keys) for keys in sets} for sets in children))
    for fields in sorted(shared, key=sorted):
        picked = (min((keys for keys in sets if _fields(keys) == fields), key=_weight) for sets in children)
        unions.append(frozenset().union(*picked))
    return [keys for keys in dict.fromkeys(unions) if len(keys) <= MAX_KEYS]


def _fields(keys: KeySet) -> frozenset[str]:
    return frozenset(key.field for key in keys)


def _of_item(item: Item) -> list[KeySet]:
    if item.negated:
        return []
    keys = [_key(item.field or ANYWHERE, test) for test in item.tests]
    if item.every:
        return [frozenset({key}) for key in keys if key is not None][:MAX_SETS]
    found = [key for key in keys if key is not None]
    return [frozenset(found)] if found and len(found) == len(keys) <= MAX_KEYS else []


def _key(field: str, test: Test) -> Key | None:
    if isinstance(test, Expression):
        needed = fold(required_literal(test.pattern))
        return Key("inside", field, needed) if len(needed) >= SHORTEST_INSIDE else None
    if not isinstance(test, Text):
        return None
    literal = test.literal
    if literal is not None:
        return Key("equals", field, fold(literal))
    if len(test.parts) == 2 and test.parts[0] is Wild.MANY and isinstance(test.parts[1], str):
        tail = _TAIL.match(test.parts[1])
        if tail:
            return Key("tail", field, fold(test.parts[1][1:]))
    longest = max((part for part in test.parts if isinstance(part, str)), key=len, default="")
    return Key("inside", field, fold(longest)) if len(longest) >= SHORTEST_INSIDE else None


def choose(candidates: Sequence[list[KeySet]]) -> list[KeySet | None]:
    """For each rule the set of keys to file it under; None for a rule without any.

    Each look-up costs time on every event, so rules gather on few fields: those with the most distinct literals,
    text search last. A key that many rules share brings candidates in vain and is passed over while there is another.
    """
    shared = Counter(key for sets in candidates for key in {key for keys in sets for key in keys})
    literals: dict[tuple[str, str], set[str]] = {}
    for key in shared:
        if shared[key] <= CROWD:
            literals.setdefault((key.kind, key.field), set()).add(key.literal)
    ranked = sorted(literals, key=lambda probe: (_RANK[probe[0]], -len(literals[probe]), probe))
    rank = {probe: number for number, probe in enumerate(ranked)}
    return [min(sets, key=lambda keys: _cost(keys, shared, rank), default=None) for sets in candidates]


def _cost(keys: KeySet, shared: Counter[Key], rank: dict[tuple[str, str], int]) -> tuple[int, int, int]:
    crowd = max(shared[key] for key in keys)
    if crowd > CROWD:
        return 1, crowd * (1 + 3 * max(_RANK[key.kind] for key in keys)), len(keys)
    return 0, max(rank[key.kind, key.field] for key in keys), len(keys)
