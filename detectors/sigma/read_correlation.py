"""One YAML document as a correlation rule."""

from __future__ import annotations

import math
import re
from typing import Any

from detectors.sigma.condition import ConditionError, parse_condition
from detectors.sigma.document import Mapping
from detectors.sigma.limits import MAX_GROUP_BY, MAX_REFERENCES, MAX_THRESHOLD, MAX_TIMESPAN_MS
from detectors.sigma.model import Correlation
from detectors.sigma.read import Reading, read_head
from detectors.sigma.tree import Item, Node, items

COUNTS = ("event_count", "value_count")
FIGURES = ("value_sum", "value_avg", "value_percentile", "value_median")
TEMPORAL = ("temporal", "temporal_ordered")
OPERATORS = ("gt", "gte", "lt", "lte", "eq", "neq")
_KEYS = ("type", "rules", "group-by", "timespan", "condition", "aliases", "generate")
_TIMESPAN = re.compile(r"([0-9]{1,9})([smhdwMy])\Z")
_UNIT_MS = {
    "s": 1_000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
    "M": 2_629_746_000,
    "y": 31_556_952_000,
}


def read_correlation(reading: Reading) -> Correlation:
    """A correlation rule; the rules it refers to are still the words of the file. Raises BadContent."""
    head = read_head(reading)
    block = reading.map_at("correlation")
    for key in block:
        if key not in _KEYS:
            raise reading.refuse(f"unknown key {key!r}", "correlation", key)
    kind = reading.text_at("correlation", "type").lower()
    if kind not in (*COUNTS, *FIGURES, *TEMPORAL):
        raise reading.refuse(f"unknown correlation type {kind[:40]!r}", "correlation", "type")
    rules = reading.texts_at("correlation", "rules")
    wanted = _Condition(reading, block, kind, rules)
    if not wanted.rules or len(wanted.rules) > MAX_REFERENCES:
        raise reading.refuse(f"a correlation refers to 1 to {MAX_REFERENCES} rules", "correlation", "rules")
    return Correlation(
        **head,
        kind=kind,
        rules=wanted.rules,
        timespan=_timespan(reading),
        group_by=_group_by(reading),
        aliases=_aliases(reading, block, wanted.rules),
        bounds=wanted.bounds,
        fields=wanted.fields,
        percentile=wanted.percentile,
        condition=wanted.tree,
        generate=_generate(reading, block),
    )


def _timespan(reading: Reading) -> int:
    given = reading.text_at("correlation", "timespan")
    found = _TIMESPAN.match(given)
    milliseconds = int(found.group(1)) * _UNIT_MS[found.group(2)] if found else 0
    if not 0 < milliseconds <= MAX_TIMESPAN_MS:
        raise reading.refuse(
            f"timespan {given[:40]!r} cannot be used", "correlation", "timespan", mend="such as 5m or 1h"
        )
    return milliseconds


def _group_by(reading: Reading) -> tuple[str, ...]:
    fields = reading.texts_at("correlation", "group-by")
    if len(fields) > MAX_GROUP_BY:
        raise reading.refuse(f"more than {MAX_GROUP_BY} fields to group by", "correlation", "group-by")
    return fields


def _generate(reading: Reading, block: Mapping) -> bool:
    given = block.get("generate", False)
    if not isinstance(given, bool):
        raise reading.refuse("generate is true or false", "correlation", "generate")
    return given


def _aliases(reading: Reading, block: Mapping, rules: tuple[str, ...]) -> dict[str, dict[str, str]]:
    given = block.get("aliases")
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise reading.refuse("aliases is a map of maps", "correlation", "aliases")
    for alias, fields in given.items():
        if not isinstance(fields, Mapping) or not all(isinstance(field, str) for field in fields.values()):
            raise reading.refuse("an alias names a field for each rule", "correlation", "aliases", alias)
        strange = [rule for rule in fields if rule not in rules]
        if strange:
            raise reading.refuse(
                f"the alias names {strange[0][:60]!r}, which is not among the rules", "correlation", "aliases", alias
            )
    return {alias: dict(fields) for alias, fields in given.items()}


class _Condition:
    """The condition of a correlation: bounds on a figure, or a condition over the rules."""

    def __init__(self, reading: Reading, block: Mapping, kind: str, rules: tuple[str, ...]) -> None:
        self.rules = rules
        self.bounds: tuple[tuple[str, float], ...] = ()
        self.fields: tuple[str, ...] = ()
        self.percentile = 50.0
        self.tree: Node | None = None
        given = block.get("condition")
        if isinstance(given, Mapping):
            self._read_bounds(reading, given, kind)
        elif isinstance(given, str) and kind in TEMPORAL:
            self._read_tree(reading, given)
        elif given is not None or kind not in TEMPORAL:
            raise reading.refuse("the condition is a map such as `gte: 10`", "correlation", "condition")

    def _read_bounds(self, reading: Reading, given: Mapping, kind: str) -> None:
        for key in given:
            if key not in (*OPERATORS, "field", "percentile"):
                raise reading.refuse(f"unknown key {key!r}", "correlation", "condition", key)
        self.bounds = tuple((key, _bound(reading, key, given[key], kind)) for key in given if key in OPERATORS)
        if not self.bounds:
            raise reading.refuse("the condition compares with nothing", "correlation", "condition")
        self.fields = reading.texts_at("correlation", "condition", "field")
        if kind.startswith("value_") and not self.fields:
            raise reading.refuse(f"{kind} needs `field`", "correlation", "condition")
        if kind in FIGURES and len(self.fields) > 1:
            raise reading.refuse(f"{kind} takes one field", "correlation", "condition", "field")
        if kind == "value_percentile":
            self.percentile = _percentile(reading, given.get("percentile"))

    def _read_tree(self, reading: Reading, given: str) -> None:
        named = self.rules or tuple(dict.fromkeys(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", given)))
        named = tuple(name for name in named if self.rules or name.lower() not in ("and", "or", "not"))
        leaves: dict[str, Node] = {name: Item(str(index), ()) for index, name in enumerate(named)}
        try:
            self.tree = parse_condition(given, leaves)
        except ConditionError as error:
            raise reading.refuse(str(error), "correlation", "condition") from None
        used = {item.field for item in items(self.tree)}
        if len(used) != len(leaves):
            raise reading.refuse("a rule that the condition does not use", "correlation", "rules")
        self.rules = named


def _bound(reading: Reading, key: str, value: Any, kind: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise reading.refuse(f"{key} takes a number", "correlation", "condition", key)
    if kind not in FIGURES and not 0 <= value <= MAX_THRESHOLD:
        raise reading.refuse(f"{key} is not between 0 and {MAX_THRESHOLD}", "correlation", "condition", key)
    return float(value)


def _percentile(reading: Reading, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 100:
        raise reading.refuse("value_percentile needs `percentile`, 0 to 100", "correlation", "condition")
    return float(value)
