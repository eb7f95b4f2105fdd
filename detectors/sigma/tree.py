"""A detection as a tree: items joined by and, or, not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from detectors.sigma.pattern import Test


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One field (None: every text of the event) against its tests: any of them, or each where `every` is set."""

    field: str | None
    tests: tuple[Test, ...]
    every: bool = False
    negated: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class AllOf:
    """Each child holds."""

    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class AnyOf:
    """At least one child holds."""

    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Not:
    """The child does not hold."""

    child: Node


Node = Item | AllOf | AnyOf | Not


def all_of(nodes: tuple[Node, ...]) -> Node:
    """The nodes joined by and; one alone stays itself."""
    return nodes[0] if len(nodes) == 1 else AllOf(nodes)


def any_of(nodes: tuple[Node, ...]) -> Node:
    """The nodes joined by or; one alone stays itself."""
    return nodes[0] if len(nodes) == 1 else AnyOf(nodes)


def items(node: Node) -> Iterator[Item]:
    """Every item of the tree, each once, in reading order."""
    seen: set[int] = set()
    waiting: list[Node] = [node]
    while waiting:
        here = waiting.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        if isinstance(here, Item):
            yield here
        elif isinstance(here, Not):
            waiting.append(here.child)
        else:
            waiting.extend(reversed(here.children))


def weight(node: Node) -> int:
    """How many tests one event may cost at worst: a selection that the condition names twice counts twice."""
    known: dict[int, int] = {}

    def weigh(here: Node) -> int:
        found = known.get(id(here))
        if found is None:
            if isinstance(here, Item):
                found = max(1, len(here.tests))
            elif isinstance(here, Not):
                found = weigh(here.child)
            else:
                found = sum(weigh(child) for child in here.children)
            known[id(here)] = found
        return found

    return weigh(node)
