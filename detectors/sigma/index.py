"""The rules that an event could match, found by the values it holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ahocorasick_rs import AhoCorasick

from detectors.sigma.anchors import ANYWHERE, KeySet
from detectors.sigma.build import Find
from detectors.sigma.predicate import remembered
from detectors.sigma.values import MISSING, Get, every_text, leaves, text_of
from yunshao.model.event import Event, Native

Numbers = tuple[int, ...]
Probe = Callable[[Native, Event], Numbers]
FEW = 8


class Index:
    """Rules filed under keys; rules without any are candidates always."""

    def __init__(self, chosen: Sequence[KeySet | None], find: Find, flat: Callable[[str], bool]) -> None:
        """`flat` says whether a field is read as a plain key of the record: such look-ups are done in place."""
        filed: dict[tuple[str, str], dict[str, list[int]]] = {}
        for number, keys in enumerate(chosen):
            for key in keys or ():
                filed.setdefault((key.kind, key.field), {}).setdefault(key.literal, []).append(number)
        self.always: Numbers = tuple(number for number, keys in enumerate(chosen) if keys is None)
        self._overlaps = any(len({(key.kind, key.field) for key in keys or ()}) > 1 for keys in chosen)
        self._plain: list[tuple[str, Callable[[str, Numbers], Numbers], Probe]] = []
        self._probes: list[Probe] = []
        for (kind, field), table in filed.items():
            frozen = {literal: tuple(dict.fromkeys(numbers)) for literal, numbers in table.items()}
            probe = _probe(kind, _anywhere if field == ANYWHERE else find(field), frozen)
            if kind == "equals" and field != ANYWHERE and flat(field):
                self._plain.append((field, frozen.get, probe))
            else:
                self._probes.append(probe)

    def candidates(self, native: Native, event: Event) -> Numbers:
        """The numbers of the rules to try, each once, in no order."""
        found = self.always
        for field, look, slow in self._plain:
            value = native.get(field)
            if value is not None:
                found += look(value.casefold(), ()) if type(value) is str else slow(native, event)
        for probe in self._probes:
            found += probe(native, event)
        return tuple(set(found)) if self._overlaps and len(found) > 1 else found


def _anywhere(native: Native, _event: Event) -> str:
    """Every text of the event, one a line: a literal found in one of them is found here."""
    return "\n".join(every_text(native))


def _probe(kind: str, get: Get, table: Mapping[str, Numbers]) -> Probe:
    if kind == "equals":
        return _equals(get, table)
    return _on_texts(get, _tail(table) if kind == "tail" else remembered(_inside(table)))


def _equals(get: Get, table: Mapping[str, Numbers]) -> Probe:
    look = table.get
    several = _on_texts(get, lambda text: table.get(text.casefold(), ()))

    def probe(native: Native, event: Event) -> Numbers:
        value = get(native, event)
        if type(value) is str:
            return look(value.casefold(), ())
        return () if value is MISSING or value is None else several(native, event)

    return probe


def _on_texts(get: Get, look: Callable[[str], Numbers]) -> Probe:
    def probe(native: Native, event: Event) -> Numbers:
        value: Any = get(native, event)
        if type(value) is str:
            return look(value)
        if value is MISSING or value is None:
            return ()
        found: set[int] = set()
        for leaf in leaves(value):
            text = text_of(leaf)
            if text is not None:
                found.update(look(text))
        return tuple(found)

    return probe


def _tail(table: Mapping[str, Numbers]) -> Callable[[str], Numbers]:
    """By the last component of a path; a text without a separator has none."""

    def look(text: str) -> Numbers:
        cut = max(text.rfind("\\"), text.rfind("/"))
        return table.get(text[cut + 1 :].casefold(), ()) if cut >= 0 else ()

    return look


def _inside(table: Mapping[str, Numbers]) -> Callable[[str], Numbers]:
    """By every literal that the text contains."""
    literals = tuple(table)
    if len(literals) <= FEW:

        def few(text: str) -> Numbers:
            folded = text.casefold()
            found = [table[literal] for literal in literals if literal in folded]
            return _union(found) if found else ()

        return few
    automaton = AhoCorasick(literals)
    numbers = tuple(table.values())

    def many(text: str) -> Numbers:
        hits = automaton.find_matches_as_indexes(text.casefold(), overlapping=True)
        return _union([numbers[hit] for hit in {hit[0] for hit in hits}]) if hits else ()

    return many


def _union(found: Sequence[Numbers]) -> Numbers:
    if len(found) == 1:
        return found[0]
    return tuple({number for numbers in found for number in numbers})
