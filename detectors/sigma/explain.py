"""Why a rule did or did not fire on one event: every part of it, with what the event holds and what was wanted.

Each verdict is the answer of the function that the matcher would build of the same node, so the two cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from detectors.sigma.build import Builder, Find
from detectors.sigma.match import finder_of, view_of
from detectors.sigma.model import Rule
from detectors.sigma.pattern import Compare, Expression, Network, Null, Part, Present, Reference, Test, Text, Wild
from detectors.sigma.route import Feed, feeds, sources_of
from detectors.sigma.tree import AllOf, AnyOf, Item, Node, Not
from detectors.sigma.values import MISSING
from detectors.words import shown, visible
from yunshao.model.event import Event, Native

MAX_ASKED = 12
MAX_PARTS = 400


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that an item looks for: `way` is how it compares, `text` with what, `held` whether the event has it."""

    way: str
    text: str
    held: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a rule. `kind`: all, any, not, item or keywords. `held` says whether this part is met.

    `name` is what the rule's file calls it. Of an item: `value` is what the event holds (None: it lacks the field),
    `asked` what is wanted, of which `every` one must hold, or one; `negated` turns the item's answer round;
    `more` is how many wanted values are not listed. `left_out` is how many pieces a long rule does not show.
    """

    kind: str
    held: bool
    name: str = ""
    pieces: tuple[Piece, ...] = ()
    left_out: int = 0
    field: str = ""
    value: str | None = None
    asked: tuple[Asked, ...] = ()
    more: int = 0
    every: bool = False
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """One way in which the rule reads the source: is it such a record (`guard`), and does the rule hold of it."""

    fields: str
    guard: Piece | None
    tree: Piece
    fires: bool


@dataclass(frozen=True, slots=True)
class Explained:
    """What a rule says of an event; no `readings` where the rule does not read the event's source at all."""

    rule: Rule
    event: Event
    reads: tuple[str, ...]
    readings: tuple[Reading, ...]

    @property
    def fires(self) -> bool:
        """The verdict."""
        return any(reading.fires for reading in self.readings)


def explain(rule: Rule, event: Event) -> Explained:
    """Every part of the rule, tried on the event."""
    native = view_of(event)
    mine = [feed for feed in feeds(rule.logsource) if feed.source == event.source]
    readings = tuple(_reading(rule, feed, native, event) for feed in mine)
    return Explained(rule, event, sources_of(rule.logsource), readings)


def _reading(rule: Rule, feed: Feed, native: Native, event: Event) -> Reading:
    taking = _Taking(finder_of(feed), native, event, {id(node): name for name, node in rule.selections.items()})
    guard = taking.piece(feed.guard) if feed.guard is not None else None
    tree = taking.piece(rule.tree)
    return Reading(feed.fields, guard, tree, (guard is None or guard.held) and tree.held)


class _Taking:
    """Takes one rule apart over one event."""

    def __init__(self, find: Find, native: Native, event: Event, names: dict[int, str]) -> None:
        self._find = find
        self._build = Builder(find).build
        self._native = native
        self._event = event
        self._names = names
        self._left = MAX_PARTS

    def _held(self, node: Node) -> bool:
        return self._build(node)(self._native, self._event)

    def piece(self, node: Node) -> Piece:
        """The node with all below it."""
        name = self._names.get(id(node), "")
        match node:
            case Item():
                return self._item(node, name)
            case Not(child):
                return Piece("not", self._held(node), name, (self.piece(child),))
            case AllOf(children):
                return self._several("all", node, name, children)
            case AnyOf(children):
                return self._several("any", node, name, children)

    def _several(self, kind: str, node: Node, name: str, children: tuple[Node, ...]) -> Piece:
        taken = []
        for child in children:
            self._left -= 1
            if self._left < 0:
                break
            taken.append(self.piece(child))
        return Piece(kind, self._held(node), name, tuple(taken), len(children) - len(taken))

    def _item(self, item: Item, name: str) -> Piece:
        asked = sorted(self._asked(item), key=lambda each: not each.held)
        held = self._held(item)
        if item.field is None:
            return Piece("keywords", held, name, asked=tuple(asked[:MAX_ASKED]), more=len(asked[MAX_ASKED:]))
        value = self._find(item.field)(self._native, self._event)
        return Piece(
            kind="item",
            held=held,
            name=name,
            field=item.field,
            value=None if value is MISSING else "null" if value is None else shown(value),
            asked=tuple(asked[:MAX_ASKED]),
            more=len(asked[MAX_ASKED:]),
            every=item.every,
            negated=item.negated,
        )

    def _asked(self, item: Item) -> Iterator[Asked]:
        for test in item.tests:
            way, text = wanted(test)
            if isinstance(test, Reference):
                text = f"{text} ({shown(self._find(test.field)(self._native, self._event))})"
            yield Asked(way, text, self._held(Item(item.field, (test,))))


_WAYS = {"eq": "is", "neq": "is_not", "lt": "lt", "lte": "lte", "gt": "gt", "gte": "gte"}


def wanted(test: Test) -> tuple[str, str]:
    """How a test compares, and with what, for people."""
    match test:
        case Text():
            return _text_wanted(test)
        case Expression(pattern):
            return "matches", visible(pattern)
        case Network(network):
            return "network", str(network)
        case Compare(operator, number, part):
            return f"{part or 'number'}_{_WAYS[operator]}", f"{number:,.15g}".replace(",", "")
        case Reference(field, way, _cased):
            return f"field_{way}", visible(field)
        case Present(wanted_):
            return ("present" if wanted_ else "absent"), ""
        case Null():
            return "null", ""


def _text_wanted(test: Text) -> tuple[str, str]:
    cased = "_cased" if test.cased else ""
    match test.parts:
        case (Wild.MANY,):
            return "anything", ""
        case (Wild.ONE, Wild.MANY) | (Wild.MANY, Wild.ONE):
            return "something", ""
        case (Wild.MANY, str(middle), Wild.MANY):
            return f"contains{cased}", visible(middle)
        case (str(start), Wild.MANY):
            return f"starts{cased}", visible(start)
        case (Wild.MANY, str(end)):
            return f"ends{cased}", visible(end)
        case ():
            return "empty", ""
        case (str(whole),):
            return f"equals{cased}", visible(whole)
        case parts:
            return f"like{cased}", visible("".join(_written(part) for part in parts))


def _written(part: Part) -> str:
    if isinstance(part, Wild):
        return part.value
    return part.replace("*", "\\*").replace("?", "\\?")
